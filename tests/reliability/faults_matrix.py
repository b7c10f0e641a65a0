"""The cases of the fault matrix: every endpoint that the steps ask, times every fault, times its position."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from email.utils import format_datetime
from typing import Any

from harvest_upsales.errors import HarvestUpsalesError
from tests.flows.run_harness import Bench
from tests.reliability.books import Findings, audit, keys
from tests.reliability.faults_steps import STEPS, Errors, Snapshot, Step

READ_TIMEOUT_S = 0.15
LATER_S = 2.5 * READ_TIMEOUT_S

FAULTS: dict[str, dict[str, Any]] = {
    "429, seconds": {"kind": "status", "status": 429, "headers": {"Retry-After": "3"}},
    "429, date": {"kind": "status", "status": 429, "headers": {"Retry-After": "<in 3 s>"}},
    "429, an hour": {"kind": "status", "status": 429, "headers": {"Retry-After": "3600"}},
    "429, bare": {"kind": "status", "status": 429},
    "500": {"kind": "status", "status": 500},
    "500 done": {"kind": "status", "status": 500, "processed": True},
    "502": {"kind": "status", "status": 502},
    "502 done": {"kind": "status", "status": 502, "processed": True},
    "503": {"kind": "status", "status": 503},
    "503 done": {"kind": "status", "status": 503, "processed": True},
    "time-out": {"kind": "status", "status": 504, "delay_s": LATER_S},
    "time-out, done": {"kind": "stall", "answer_s": LATER_S},
    "closed before": {"kind": "cut_before"},
    "closed after": {"kind": "cut_after"},
    "reset before": {"kind": "cut_before", "reset": True},
    "reset after": {"kind": "cut_after", "reset": True},
    "half the bytes": {"kind": "truncate"},
    "half the JSON": {"kind": "truncate", "short": True},
    "HTML": {"kind": "html200"},
    "HTML, done": {"kind": "html200", "processed": True},
    "wrong content type": {"kind": "wrong_content_type"},
    "no envelope": {"kind": "bare"},
    "empty object": {"kind": "empty_envelope"},
    "empty object, done": {"kind": "empty_envelope", "processed": True},
    "slow": {"kind": "dribble", "answer_s": 0.02},
}
# How many cases of the matrix one stands for in the part that always runs; shares no factor with the positions.
ONE_OF = 10
POSITIONS = ("first", "second", "every")
# What an error has to offer: something that its reader can do.
NEXT_STEP = re.compile(r"[Rr]etry|[Cc]heck |[Ll]ook|[Cc]orrect |report a bug|next run|by hand")
_ID = re.compile(r"\d+")


@dataclass(frozen=True, order=True)
class Endpoint:
    """A call without the ids in it."""

    service: str
    method: str
    path: str

    @classmethod
    def of(cls, entry: dict[str, Any]) -> Endpoint:
        """From an entry of the sandbox's journal."""
        return cls(entry["service"], entry["method"], _ID.sub("{id}", entry["path"]))

    @property
    def is_write(self) -> bool:
        """Whether it changes anything."""
        return self.method != "GET"

    @property
    def rule(self) -> dict[str, str]:
        """What a fault has to match."""
        path = re.escape(self.path).replace(re.escape("{id}"), r"\d+")
        return {"service": self.service, "method": self.method, "path": f"^{path}$"}

    def __str__(self) -> str:
        return f"{self.service.capitalize()} {self.method} {self.path}"


@dataclass(frozen=True)
class Case:
    """One fault at one place."""

    step: str
    endpoint: Endpoint
    fault: str
    position: str

    @property
    def rule(self) -> dict[str, Any]:
        """For the sandbox."""
        fault = FAULTS[self.fault]
        if self.fault == "429, date":
            soon = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=3)
            fault = {**fault, "headers": {"Retry-After": format_datetime(soon, usegmt=True)}}
        nth = {"first": 1, "second": 2}.get(self.position)
        return {**fault, **self.endpoint.rule, **({} if nth is None else {"nth": nth})}


@dataclass(frozen=True)
class Known:
    """A step as it goes without faults.

    :param calls: how often it asks what
    :param values: what each opportunity is worth before and after
    """

    step: Step
    begin: Snapshot
    calls: Counter[Endpoint]
    values: dict[str, set[Decimal]]


class Matrix:
    """All steps, tried out once without faults: what they ask is what can fail."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        empty = Snapshot(bench.world)
        self.known: dict[str, Known] = {}
        for step in STEPS:
            empty.restore(bench.world)
            step.prepare(bench)
            self.known[step.name] = self._try_out(step)

    def _try_out(self, step: Step) -> Known:
        world = self.bench.world
        begin, before, first = Snapshot(world), self._values(), len(world.journal.entries)
        assert step.act(self.bench) == [], step.name
        after = self._values()
        values = {key: {side[key] for side in (before, after) if key in side} for key in before | after}
        return Known(step, begin, Counter(map(Endpoint.of, world.journal.since(first))), values)

    def _values(self) -> dict[str, Decimal]:
        orders = self.bench.world.upsales.orders
        return {key: Decimal(orders[order_id]["value"]) for order_id, key in keys(self.bench.world).items()}

    @property
    def endpoints(self) -> list[Endpoint]:
        """Everything that is asked in any step."""
        return sorted({endpoint for known in self.known.values() for endpoint in known.calls})

    def cases(self, fault: str, *, full: bool) -> Iterator[Case]:
        """The cases of one fault: writes in every step that sends them, each read in one step, by turns.

        Without ``full`` every so many, shifted from fault to fault: each endpoint and fault occurs.
        """
        turn = list(FAULTS).index(fault)
        every = list(self._cases(fault, turn))
        return iter(every if full else every[turn % ONE_OF :: ONE_OF])

    def _cases(self, fault: str, turn: int) -> Iterator[Case]:
        for endpoint in self.endpoints:
            steps = [name for name, known in self.known.items() if endpoint in known.calls]
            for step in steps if endpoint.is_write else [steps[turn % len(steps)]]:
                for position in POSITIONS:
                    if position != "second" or self.known[step].calls[endpoint] > 1:
                        yield Case(step, endpoint, fault, position)

    def try_case(self, case: Case) -> tuple[Errors, Findings]:
        """Do the step with the fault, then once more without; what failed at first, and what is wrong at the end."""
        world, known = self.bench.world, self.known[case.step]
        known.begin.restore(world)
        rule = world.faults.add(**case.rule)
        errors = known.step.act(self.bench)
        assert rule.fired, "the fault did not come up"
        findings = audit(world, settled=False)
        self._judge_values(known, findings)
        if not known.step.writes:
            assert known.begin.is_state_of(world), "something was written"
        world.faults.clear()
        assert known.step.act(self.bench) == [], "a clean run failed"
        after = audit(world, settled=known.step.writes)
        findings.duplicates += after.duplicates
        findings.losses += after.losses
        self._judge_values(known, findings)
        assert world.journal.violations == []
        return errors, findings

    def _judge_values(self, known: Known, findings: Findings) -> None:
        """Right after the fault, too, an opportunity is worth what it was or what it should be, and nothing else."""
        for key, value in self._values().items():
            if value not in known.values.get(key, set()):
                findings.losses.append(f"{key} is worth {value}, not one of {known.values.get(key)}")


def check_errors(case: Case, errors: Errors) -> None:
    """The errors of a faulty run name service and call, and say what to do next."""
    for error in errors:
        assert isinstance(error, HarvestUpsalesError)
        assert NEXT_STEP.search(error.message), error.message
    named = [_ID.sub("{id}", error.message) for error in errors]
    assert not errors or any(_names(case.endpoint, message) for message in named), named


def _names(endpoint: Endpoint, message: str) -> bool:
    """Upsales' paths are the same in any case."""
    return str(endpoint).casefold() in message.casefold()

"""Two runs at once, whichever two and however interleaved: with the pool nothing is doubled or lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle, product
from typing import Any

import pytest

from harvest_upsales.domain.keys import Month
from harvest_upsales.domain.window import Window
from sandbox.world import World
from tests.flows.conftest import TODAY
from tests.flows.run_harness import BILLED, EVERYTHING, Bench, Run, serve
from tests.flows.test_backfills import month_window
from tests.reliability.books import audit
from tests.reliability.figures import Figures
from tests.reliability.two_runs import Turns, WindowOf, at_once

PART = "two runs at once"
TO_THE_END = 10_000


def the_schedule(bench: Bench) -> Window:
    return bench.last_hour


def everything(bench: Bench) -> Window:
    return EVERYTHING


def october(bench: Bench) -> Window:
    return month_window(Month(2026, 10))


def november(bench: Bench) -> Window:
    return month_window(Month(2026, 11))


def a_new_account(bench: Bench) -> None:
    """Two projects with time of two months; one of them for a client that Upsales does not know."""
    known = bench.add_project()
    unknown = bench.add_project("Drift", client=bench.world.harvest.add_client("Solberg AB"))
    for project in (known, unknown):
        bench.add_time(project, "2.25")
        bench.add_time(project, "1.5", days_ago=30, rate=1400)


def a_changed_account(bench: Bench) -> None:
    """One opportunity to update, one to settle, one to create."""
    a_new_account(bench)
    bench.run(EVERYTHING, **SETTINGS)
    changed, won = bench.world.harvest.projects
    bench.add_time(changed, "0.75")
    bench.add_time(changed, 3, days_ago=31)
    for order in bench.orders_of(won):
        bench.win(int(order["id"]))
    bench.add_time(bench.add_project("Nytt"), 4)


def a_won_account(bench: Bench) -> None:
    """Two orders to settle, for a billing app that makes an invoice of every call."""
    a_new_account(bench)
    bench.run(EVERYTHING, **SETTINGS)
    for project in bench.world.harvest.projects:
        bench.win(int(bench.order_of(project)["id"]))


SETTINGS: dict[str, Any] = {**BILLED, "create_missing_companies": True}
MONTHLY = {**SETTINGS, "opportunity_per": "month"}


@dataclass(frozen=True)
class Pair:
    """Which two runs, and what they find to do."""

    prepare: Callable[[Bench], None]
    windows: tuple[WindowOf, WindowOf]
    settings: dict[str, Any] = field(default_factory=lambda: SETTINGS)


PAIRS = {
    "two first runs": Pair(a_new_account, (everything, everything)),
    "schedule and backfill": Pair(a_changed_account, (the_schedule, october)),
    "two backfills": Pair(a_new_account, (october, november)),
    "two backfills by month": Pair(a_new_account, (october, november), MONTHLY),
    "two runs over everything": Pair(a_changed_account, (everything, everything)),
    "two settlements": Pair(a_won_account, (everything, everything)),
}


@contextmanager
def prepared(pair: Pair) -> Iterator[Bench]:
    world = World.new(TODAY)
    world.billing.delay_s = 0
    world.billing.naive = True
    worlds = serve(world)
    bench = next(worlds)
    try:
        pair.prepare(bench)
        yield bench
    finally:
        for _ in worlds:
            pass


@dataclass(frozen=True)
class Interleaving:
    """Which run begins, before which of its requests it stands, and how many the other one makes meanwhile."""

    windows: tuple[WindowOf, WindowOf]
    hold_at: int
    meanwhile: int

    def __str__(self) -> str:
        first, second = (window.__name__ for window in self.windows)
        return f"{first} held at request {self.hold_at}, {second} makes {self.meanwhile} meanwhile"


def interleavings(pair: Pair, *, full: bool) -> Iterator[Interleaving]:
    """The first run stands at each of its requests; who is first and how far the other comes take turns.

    In part: before its first write, one in the middle and its last one.
    """
    requests = requests_alone(pair)
    writes = [nth for nth, entry in enumerate(requests, start=1) if entry["is_write"]]
    ways = cycle(product((pair.windows, pair.windows[::-1]), (TO_THE_END, 1, 5)))
    few = sorted({writes[0], writes[len(writes) // 2], writes[-1]})
    holds = range(1, len(requests) + 1) if full else few
    for hold_at, (windows, meanwhile) in zip(holds, ways, strict=False):
        yield Interleaving(windows, hold_at, meanwhile)


def requests_alone(pair: Pair) -> list[dict[str, Any]]:
    with prepared(pair) as bench:
        return bench.run(pair.windows[0](bench), **pair.settings).requests


@pytest.mark.parametrize("name", PAIRS)
def test_two_runs_at_once_end_like_one(name: str, full: bool, figures: Figures) -> None:
    pair, wrong, met = PAIRS[name], [], 0
    for key in ("interleavings", "duplicates", "losses"):
        figures.add(PART, key, 0)
    for case in interleavings(pair, full=full):
        with prepared(pair) as bench:
            turns = Turns(case.hold_at, case.meanwhile)
            both = at_once(bench, case.windows, turns, **pair.settings)
            calm = bench.run(EVERYTHING, **pair.settings)
            found = audit(bench.world)
        met += turns.met
        figures.add(PART, "interleavings", int(turns.met))
        figures.add(PART, "duplicates", len(found.duplicates))
        figures.add(PART, "losses", len(found.losses))
        errors = [*both.raised, *_errors(both.runs), *_errors({2: calm})]
        troubles = [*found.duplicates, *found.losses, *calm.writes, *map(str, errors)]
        if troubles:
            wrong.append(f"{case}: {troubles}")
    assert met
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong)


@pytest.mark.parametrize("pool", [True, False], ids=["with the pool", "without"])
@pytest.mark.parametrize("path", ["/orders", "/accounts"])
def test_only_the_pool_keeps_two_runs_from_creating_the_same(path: str, pool: bool) -> None:
    """Neither service refuses a second record with the same key: between looking and creating stands the slot alone."""
    pair = PAIRS["two first runs"]
    creates = [entry["method"] == "POST" and entry["path"] == path for entry in requests_alone(pair)]
    with prepared(pair) as bench:
        at_once(bench, pair.windows, Turns(creates.index(True) + 1, TO_THE_END, pool=pool), **pair.settings)
        duplicates = audit(bench.world).duplicates
    assert bool(duplicates) is not pool, duplicates


def _errors(runs: dict[int, Run]) -> list[str]:
    return [str(error) for run in runs.values() for error in (*run.errors.values(), *run.failures)]

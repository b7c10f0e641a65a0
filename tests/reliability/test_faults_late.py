"""A write that is carried out long after we gave up on it: it's waited for, found, and never sent again in vain."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from harvest_upsales.errors import AnswerLostError, PartialFailureError, Recovery, most_retryable
from harvest_upsales.flows.lost_writes import UNDER_WAY_WAITS_S
from harvest_upsales.operators.retry_policy import RecoveryRetryPolicy
from sandbox.world import World
from tests.flows.run_harness import Bench, serve
from tests.reliability.books import audit
from tests.reliability.faults_steps import STEPS, Errors, Step
from tests.reliability.figures import Figures

PART = "late writes"
STEP = {step.name: step for step in STEPS}
WRITES = {
    "a field": ("first run", "POST", "^/customfields/order$"),
    "a company of two projects": ("first run", "POST", "^/accounts$"),
    "an opportunity": ("first run", "POST", "^/orders$"),
    "an update": ("update", "PUT", r"^/orders/\d+$"),
    "a month's opportunity": ("months", "POST", "^/orders$"),
    "an invoice": ("settlement", "POST", "^/invoices$"),
    "a message": ("settlement", "POST", r"^/invoices/\d+/messages$"),
    "an archived project": ("settlement", "PATCH", r"^/projects/\d+$"),
    "a marked order": ("settlement", "PUT", r"^/orders/\d+$"),
    "a deleted invoice": ("undo", "DELETE", r"^/invoices/\d+$"),
    "a reopened project": ("undo", "PATCH", r"^/projects/\d+$"),
    "a cleared order": ("undo", "PUT", r"^/orders/\d+$"),
    "another call": ("billing again", "PUT", r"^/orders/\d+$"),
}
RETRY_DELAY_S = 60


@pytest.fixture
def slow() -> Iterator[Bench]:
    """A world whose services are given a moment to answer."""
    world = World.new(date(2026, 11, 22))
    world.billing.delay_s = 0
    yield from serve(world, (5, 0.15))
    assert world.journal.violations == []


class Latecomer:
    """Carries the late write out so many seconds after we gave up on it, by the clock of the run."""

    def __init__(self, bench: Bench, after_s: float) -> None:
        self.after_s = after_s
        self.arrived = 0
        self._bench = bench
        self._gave_up_at: float | None = None
        bench.clock.told = self

    def __call__(self) -> None:
        """The clock went on."""
        rules = self._bench.world.faults.rules
        if self._gave_up_at is None and any(rule.fired for rule in rules):
            self._gave_up_at = self._bench.clock.now_s - 1
        if self._gave_up_at is not None and self._bench.clock.now_s - self._gave_up_at >= self.after_s:
            self.arrived += self._bench.world.faults.carry_out_late()


def fail_late(bench: Bench, step: Step, write: str, after_s: float) -> tuple[Latecomer, Errors]:
    """The step with its first such write arriving late; what failed."""
    _, method, path = WRITES[write]
    step.prepare(bench)
    bench.world.faults.add(kind="late", method=method, path=path, times=1)
    latecomer = Latecomer(bench, after_s)
    return latecomer, step.act(bench)


@pytest.mark.parametrize("write", WRITES)
def test_a_write_that_arrives_half_a_minute_later_is_found_by_the_same_try(
    slow: Bench, figures: Figures, write: str
) -> None:
    step = STEP[WRITES[write][0]]
    latecomer, errors = fail_late(slow, step, write, 30)

    assert errors == []
    assert latecomer.arrived == 1
    assert step.act(slow) == []
    figures.add(PART, "cases")
    figures.judge(PART, audit(slow.world))


@pytest.mark.parametrize("write", WRITES)
def test_a_write_that_arrives_before_the_retry_is_found_by_the_retry(
    slow: Bench, figures: Figures, write: str
) -> None:
    step = STEP[WRITES[write][0]]
    latecomer, errors = fail_late(slow, step, write, sum(UNDER_WAY_WAITS_S) + 30)

    assert latecomer.arrived == 0
    assert errors
    assert most_retryable(error.recovery for error in errors) is Recovery.LOOK_UP_FIRST
    delay = RecoveryRetryPolicy().evaluate(PartialFailureError(0, errors), 1, 3).retry_delay
    assert delay is not None
    assert delay.total_seconds() >= RETRY_DELAY_S
    slow.clock.sleep(RETRY_DELAY_S)
    assert latecomer.arrived == 1
    assert step.act(slow) == []
    figures.add(PART, "cases")
    figures.judge(PART, audit(slow.world))


@pytest.mark.parametrize(("status", "is_sent_again"), [(500, True), (502, False), (503, False), (504, False)])
@pytest.mark.parametrize("write", ["an opportunity", "an invoice"])
def test_only_where_the_service_itself_failed_is_a_write_sent_again_in_the_same_try(
    slow: Bench, write: str, status: int, *, is_sent_again: bool
) -> None:
    step, method, path = WRITES[write]
    STEP[step].prepare(slow)
    began_s = slow.clock.now_s
    rule = slow.world.faults.add(kind="status", status=status, method=method, path=path, nth=1)

    errors = STEP[step].act(slow)

    assert rule.fired == 1
    if is_sent_again:
        assert errors == []
    else:
        assert [error.recovery for error in errors] == [Recovery.LOOK_UP_FIRST]
        assert slow.clock.now_s - began_s >= sum(UNDER_WAY_WAITS_S)


def test_a_lost_company_is_not_created_for_the_clients_next_project(slow: Bench) -> None:
    latecomer, errors = fail_late(slow, STEP["first run"], "a company of two projects", 1_000)

    sent = [e for e in slow.world.journal.entries if (e["method"], e["path"]) == ("POST", "/accounts")]
    assert len(sent) == 1
    assert len(errors) == 2
    assert all("Upsales POST /accounts" in error.message for error in errors)
    assert latecomer.arrived == 0


def test_two_clients_of_one_name_get_one_company(slow: Bench) -> None:
    for name in ("Nykund AB", "Nykund"):
        project = slow.add_project(client=slow.world.harvest.add_client(name))
        slow.add_time(project)

    assert slow.run(create_missing_companies=True).failures == []

    assert [company["name"] for company in slow.world.upsales.companies.values()] == ["Nykund AB"]


def test_lost_writes_in_a_row_end_the_batch(slow: Bench) -> None:
    for number in range(6):
        slow.add_time(slow.add_project(f"Project {number}"))
    slow.world.faults.add(kind="cut_before", method="POST", path="^/orders$")

    run = slow.run()

    lost = [error for error in run.failures if isinstance(error.__cause__, AnswerLostError)]
    assert (len(lost), len(run.failures)) == (3, 6)
    assert "not tried" in run.failures[-1].message


def test_a_refusal_of_the_service_itself_is_tried_again_at_once(slow: Bench) -> None:
    fault: dict[str, Any] = {"kind": "status", "status": 500, "method": "POST", "path": "^/orders$"}
    slow.world.faults.add(**fault, times=1)
    slow.add_time(slow.add_project())

    run = slow.run()

    assert run.failures == []
    assert run.writes.count("POST /orders") == 2

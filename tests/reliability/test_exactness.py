"""Generated accounts through whole runs: exact sums, and the same end whatever the order of the runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from sandbox.world import World
from tests.flows.run_harness import Bench, rows, serve
from tests.reliability.accounts import TODAY, Consultancy, Plan, plans
from tests.reliability.books import audit
from tests.reliability.figures import FIGURES

PART = "exactness"


@contextmanager
def bench_of_its_own() -> Iterator[Bench]:
    yield from serve(World.new(TODAY))


def check_exact(consultancy: Consultancy) -> None:
    """Every entry that counts is in one opportunity, at its own rate, and nothing else is."""
    assert consultancy.holds() == consultancy.should()
    FIGURES.judge(PART, audit(consultancy.world))


def check_at_rest(consultancy: Consultancy) -> None:
    """A run that follows a run writes nothing, and finds both sides equal."""
    for kind in ("hourly", "everything"):
        run = consultancy.run(kind)
        assert run.writes == []
        assert run.drifts == {}


def check_plan(plan: Plan) -> None:
    with ExitStack() as stack:
        often, once = (Consultancy(stack.enter_context(bench_of_its_own()), plan) for _ in range(2))
        often.live()
        once.live(history=False)
        for consultancy in (often, once):
            last = consultancy.run("everything")
            assert last.failures == []
            assert last.drifts == {}
            check_exact(consultancy)
        check_at_rest(often)
        assert often.end_state() == once.end_state()

        settle_every_other(often)
        settle_every_other(once)
        assert often.end_state() == once.end_state()
        for consultancy in (often, once):
            assert consultancy.world.journal.violations == []
            FIGURES.add(PART, "entries", len(consultancy.account.time_entries))
            FIGURES.add(PART, "runs", consultancy.runs)
        FIGURES.add(PART, "accounts")


def settle_every_other(consultancy: Consultancy) -> None:
    """People win orders; each is invoiced once, with what it says."""
    consultancy.step("stop timer", 0, 0, 0)
    consultancy.run("everything")
    filled = sorted((key, order["id"]) for key, order in consultancy.orders() if rows(order))
    for _, order_id in filled[::2]:
        consultancy.bench.win(order_id)
    run = consultancy.run("hourly")
    assert run.errors == {}
    check_exact(consultancy)
    check_at_rest(consultancy)


@pytest.mark.timeout(900)
def test_generated_accounts_are_exact_whatever_the_order_of_runs(full: bool) -> None:
    @settings(
        max_examples=100 if full else 6,
        deadline=None,
        derandomize=not full,
        database=None,
        # Shrinking takes many times as long as finding.
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(plans())
    def check(plan: Plan) -> None:
        check_plan(plan)

    check()

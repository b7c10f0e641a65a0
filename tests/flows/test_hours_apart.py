"""Changes that leave Harvest's amount as it was are found by the hours; what stays apart for a reason stays quiet."""

from __future__ import annotations

import pytest

from sandbox.minimal import STAGE_LOST
from tests.flows.run_harness import EVERYTHING, Bench, rows

MODES = pytest.mark.parametrize("per", ["project", "month"])
QUIET = ["GET /orders", "GET /reports/uninvoiced", "GET /time_entries"]


def requests_of_a_quiet_run(bench: Bench) -> list[str]:
    quiet = bench.run(bench.quiet, remembered=True)
    assert (quiet.outcomes, quiet.drifts) == ([], {})
    return sorted(f"{e['method']} {e['path']}" for e in quiet.requests)


@MODES
@pytest.mark.parametrize("priced_hours", [0, 1, 2])
def test_time_without_a_rate_is_an_error_each_night_until_it_has_one(
    bench: Bench, per: str, priced_hours: int
) -> None:
    project, other = bench.add_project(), bench.add_project("Other")
    bench.add_time(other)
    if priced_hours:
        bench.add_time(project, priced_hours)
    bench.run(opportunity_per=per)
    entry = bench.add_time(project, 3, rate=None)

    for _ in range(2):
        run = bench.run(bench.night, opportunity_per=per)
        assert "has no rate" in run.outcome(project).reason
        assert len(run.failures) == 1

    bench.world.harvest.edit_time(entry, rate=1000)
    assert bench.run(bench.night, opportunity_per=per).failures == []
    assert rows(bench.order_of(project)) == [(3 + priced_hours, 1000)]


@MODES
def test_time_at_a_rate_of_0_comes_and_goes(bench: Bench, per: str) -> None:
    project, other = bench.add_project(hourly_rate=0), bench.add_project("Other")
    bench.add_time(other)
    bench.run(opportunity_per=per)
    first, second = bench.add_time(project, 3), bench.add_time(project, 2)
    bench.run(bench.night, opportunity_per=per)
    assert rows(bench.order_of(project)) == [(5, 0)]

    bench.world.harvest.delete_time(first)
    bench.run(bench.night, opportunity_per=per)
    assert rows(bench.order_of(project)) == [(2, 0)]
    bench.world.harvest.delete_time(second)
    bench.run(bench.night, opportunity_per=per)
    assert rows(bench.order_of(project)) == []

    assert bench.run(bench.night, opportunity_per=per).writes == []


def test_a_new_price_for_other_hours_of_the_same_worth_is_found(bench: Bench) -> None:
    project = bench.add_project(hourly_rate=150)
    entry = bench.add_time(project, 2)
    bench.run()
    bench.world.harvest.edit_time(entry, hours=3, rate=100)

    bench.run(bench.night)

    assert rows(bench.order_of(project)) == [(3, 100)]
    assert requests_of_a_quiet_run(bench) == QUIET


def test_a_fixed_fee_s_hours_cost_nothing(bench: Bench) -> None:
    project = bench.add_project(is_fixed_fee=True, fee=4_000, hourly_rate=None)
    bench.add_time(project, 2)
    bench.run()

    assert requests_of_a_quiet_run(bench) == QUIET
    assert bench.run(bench.night).outcomes == []


def test_a_running_timer_makes_no_run_busy_or_red(bench: Bench) -> None:
    project, other = bench.add_project(), bench.add_project("Other")
    bench.add_time(project, 2)
    bench.run()
    for each in (project, other):
        bench.add_time(each, 1, is_running=True)

    assert requests_of_a_quiet_run(bench) == QUIET


def test_hours_of_several_ranges_at_a_rate_of_0_stay_quiet(bench: Bench) -> None:
    project = bench.add_project(starts_on="2025-01-01")
    bench.add_time(project, 2)
    bench.add_time(project, 3, days_ago=500, rate=0)
    bench.run(EVERYTHING)

    assert bench.run(bench.quiet).outcomes == []
    assert bench.run(bench.night).outcomes == []


def test_what_is_won_or_lost_is_not_looked_at_for_its_hours(bench: Bench) -> None:
    won, lost = bench.add_project("Won"), bench.add_project("Lost")
    for each in (won, lost):
        bench.add_time(each, 2)
    bench.run()
    bench.world.upsales.move(bench.order_of(lost)["id"], STAGE_LOST)
    bench.win(bench.order_of(won)["id"])
    bench.run(archive_invoiced_projects=False)
    for each in (won, lost):
        bench.add_time(each, 1, rate=0)

    assert requests_of_a_quiet_run(bench) == QUIET


def test_an_account_s_first_run_looks_at_all_hours_whenever_they_were_saved(bench: Bench) -> None:
    nobody, unpriced, other = (
        bench.add_project(bill_by="none", hourly_rate=None), bench.add_project("Unpriced"), bench.add_project("Other")
    )  # fmt: skip
    bench.add_time(other)
    bench.add_time(nobody, 2)
    bench.add_time(unpriced, 2, rate=None)

    first = bench.run(bench.quiet)

    assert "has no rate" in first.outcome(unpriced).reason
    assert [(each.project_id, each.reason) for each in first.found.idle] == [
        (nobody, "the project is billed by none")
    ]
    assert first.outcome(other).action == "create"


@pytest.mark.parametrize("whole", ["everything", "night"])
def test_a_run_over_the_whole_history_names_every_active_project_that_is_not_billed(
    bench: Bench, whole: str
) -> None:
    nobody = bench.add_project(bill_by="none", hourly_rate=None)
    inner = bench.add_project("Inner", is_billable=False)
    bench.add_project("Past", is_billable=False, is_active=False)
    bench.add_time(bench.add_project("Other"))

    run = bench.run(EVERYTHING if whole == "everything" else bench.night)

    assert [(each.project_id, each.reason) for each in run.found.idle] == [
        (nobody, "the project is billed by none"),
        (inner, "the project is not billable"),
    ]
    assert requests_of_a_quiet_run(bench) == QUIET

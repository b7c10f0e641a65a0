"""Harvest changes; the next run says the same, also where the change left no update behind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest

from harvest_upsales.domain.window import Window, window_of_backfill
from harvest_upsales.errors import SettingsError
from harvest_upsales.flows.overview import read_overview
from harvest_upsales.flows.reconcile import reconcile_run
from sandbox.minimal import PRODUCT_LICENCE, STAGE_LOST
from tests.flows.run_harness import EVERYTHING, Bench, rows, worth

Change = Callable[[Bench, int, int, int], None]

OLD = 500


def edit(bench: Bench, entry: int, project: int, other: int) -> None:
    bench.world.harvest.edit_time(entry, hours=7)


def delete(bench: Bench, entry: int, project: int, other: int) -> None:
    bench.world.harvest.delete_time(entry)


def move(bench: Bench, entry: int, project: int, other: int) -> None:
    bench.world.harvest.edit_time(entry, project_id=other)


def reprice(bench: Bench, entry: int, project: int, other: int) -> None:
    bench.world.harvest.edit_time(entry, rate="1234.50")


def make_unbillable(bench: Bench, entry: int, project: int, other: int) -> None:
    bench.world.harvest.edit_time(entry, billable=False)


@pytest.mark.parametrize("days_ago", [1, OLD], ids=["recent", "older than a year"])
@pytest.mark.parametrize("change", [edit, delete, move, reprice, make_unbillable])
def test_time_changed_without_a_trace_converges(bench: Bench, change: Change, days_ago: int) -> None:
    project, other = bench.add_project(), bench.add_project("Other")
    entry = bench.add_time(project, 2, days_ago=days_ago)
    bench.add_time(project, 1, days_ago=3)
    bench.add_time(other, 3)
    bench.run(EVERYTHING)
    change(bench, entry, project, other)
    bench.run(bench.quiet)
    for each in (project, other):
        time = [e for e in bench.world.harvest.entries_of(each) if e["billable"]]
        assert worth(bench.order_of(each)) == sum(e["rounded_hours"] * e["billable_rate"] for e in time)
    assert bench.run(bench.quiet).writes == []


def test_the_last_entry_deleted_empties_the_opportunity(bench: Bench) -> None:
    project = bench.add_project()
    entry = bench.add_time(project, 2)
    bench.run()
    bench.world.harvest.delete_time(entry)
    run = bench.run(bench.quiet)
    assert rows(bench.order_of(project)) == []
    assert run.drifts == {}
    assert bench.run(bench.quiet).writes == []


def test_time_invoiced_by_hand_leaves_and_comes_back(bench: Bench) -> None:
    project = bench.add_project()
    bench.add_time(project, 2)
    bench.run()
    invoice = bench.invoice_by_hand(project)
    bench.run(bench.quiet)
    assert worth(bench.order_of(project)) == 0
    bench.harvest.delete_invoice(invoice)
    bench.run(bench.quiet)
    assert worth(bench.order_of(project)) == 2000


def test_unbilled_time_without_an_opportunity_gets_one(bench: Bench) -> None:
    project, other = bench.add_project(), bench.add_project("Other")
    bench.add_time(other)
    bench.add_time(project, 2)
    invoice = bench.invoice_by_hand(project)
    bench.run()
    assert bench.orders_of(project) == []
    bench.harvest.delete_invoice(invoice)
    bench.run(bench.quiet)
    assert worth(bench.order_of(project)) == 2000


def test_changed_notes_are_listed_anew(bench: Bench) -> None:
    project = bench.add_project()
    entry = bench.add_time(project, notes="First")
    bench.run()
    bench.world.harvest.edit_time(entry, notes="Second")
    run = bench.run()
    assert run.actions() == {project: "update"}
    assert "Second" in bench.order_of(project)["notes"]
    assert "First" not in bench.order_of(project)["notes"]


def test_time_tracked_ahead_counts(bench: Bench) -> None:
    project = bench.add_project()
    bench.add_time(project, 2, days_ago=-20)
    run = bench.run()
    assert worth(bench.order_of(project)) == 2000
    assert run.drifts == {}
    assert bench.run(bench.quiet).writes == []


def test_a_backfill_takes_up_only_what_was_spent_in_it_but_computes_it_whole(bench: Bench) -> None:
    project, other = bench.add_project(), bench.add_project("Other")
    bench.add_time(other)
    bench.run()
    bench.world.harvest.add_time(project, "2026-10-15", 2)
    bench.world.harvest.add_time(project, "2026-11-15", 3)
    start = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
    run = bench.run(window_of_backfill(start, start + dt.timedelta(days=31)))
    assert run.actions() == {project: "create"}
    assert worth(bench.order_of(project)) == 5000


def test_backfills_in_any_order_end_in_the_state_of_one_run(bench: Bench) -> None:
    project = bench.add_project()
    days = [dt.date(2025, 1, 31), dt.date(2025, 2, 1), dt.date(2026, 3, 29), dt.date(2026, 11, 20)]
    for day in days:
        bench.world.harvest.add_time(project, day, "1.5")
    for day in reversed(days):
        bench.run(Window(spent_from=day, spent_to=day))
    assert rows(bench.order_of(project)) == [(Decimal(6), Decimal(1000))]
    assert bench.run(EVERYTHING).writes == []


def test_only_the_given_projects_are_taken_up(bench: Bench) -> None:
    projects = [bench.add_project(name) for name in ("One", "Two", "Three")]
    for project in projects:
        bench.add_time(project)
    run = bench.run(EVERYTHING, only=[projects[1]])
    assert run.actions() == {projects[1]: "create"}
    bench.win(bench.order_of(projects[1])["id"])
    assert bench.run(EVERYTHING, only=[projects[0]]).settled == {}
    assert list(bench.run(EVERYTHING, only=[projects[1]]).settled) == [bench.order_of(projects[1])["id"]]
    assert bench.orders_of(projects[2]) == []


def test_time_that_is_not_approved_waits(bench: Bench) -> None:
    project = bench.add_project()
    bench.add_time(project, 2, is_closed=True)
    entry = bench.add_time(project, 3)
    bench.run(approved_time_only=True)
    assert worth(bench.order_of(project)) == 2000
    bench.world.harvest.edit_time(entry, is_closed=True, updated_at="2026-01-01T00:00:00Z")
    bench.run(bench.quiet, approved_time_only=True)
    assert worth(bench.order_of(project)) == 5000


def test_a_running_timer_and_unbillable_time_do_not_count(bench: Bench) -> None:
    project = bench.add_project()
    bench.add_time(project, 2)
    bench.add_time(project, 5, billable=False)
    timer = bench.add_time(project, "0.4", is_running=True)
    bench.run()
    assert worth(bench.order_of(project)) == 2000
    bench.world.harvest.stop_timer(timer)
    bench.run(bench.quiet)
    assert worth(bench.order_of(project)) == 2400


def test_corrections_that_cancel_out_leave_no_row(bench: Bench) -> None:
    project = bench.add_project()
    bench.add_time(project, 2, rate="1500.50")
    bench.add_time(project, -2, rate="1500.50")
    bench.add_time(project, "-0.25", rate=900)
    bench.add_time(project, 3)
    bench.run()
    assert rows(bench.order_of(project)) == [(Decimal(3), Decimal(1000)), (Decimal("-0.25"), Decimal(900))]
    assert bench.run(bench.quiet).writes == []


def test_time_two_years_back_behind_an_empty_year_is_found(bench: Bench) -> None:
    recent, old = bench.add_project(), bench.add_project("Old", starts_on="2024-01-01")
    bench.add_time(recent)
    bench.add_time(old, 2, days_ago=900)
    bench.run(EVERYTHING)
    assert worth(bench.order_of(old)) == 2000


def test_old_time_freed_from_an_invoice_is_found_by_the_nightly_run(bench: Bench) -> None:
    project, other = bench.add_project(), bench.add_project("Other")
    bench.add_time(other)
    bench.add_time(project, 2, days_ago=OLD)
    invoice = bench.invoice_by_hand(project)
    bench.run(EVERYTHING)
    bench.harvest.delete_invoice(invoice)
    bench.run(bench.night)
    assert worth(bench.order_of(project)) == 2000


def test_a_fixed_fee_whose_time_is_older_than_a_year_gets_its_opportunity(bench: Bench) -> None:
    project = bench.add_project(is_fixed_fee=True, fee=80_000, hourly_rate=None, starts_on="2025-01-01")
    bench.add_time(project, 2, days_ago=OLD)
    bench.run(EVERYTHING)
    assert worth(bench.order_of(project)) == 80_000


def test_a_fixed_fee_follows_the_project(bench: Bench) -> None:
    project = bench.add_project(is_fixed_fee=True, fee=80_000, hourly_rate=None)
    assert bench.run(EVERYTHING).actions() == {}
    bench.add_time(project, 2)
    bench.run()
    assert rows(bench.order_of(project)) == [(1, 80_000)]
    bench.world.harvest.projects[project]["fee"] = Decimal(95_000)
    bench.run(bench.quiet)
    assert rows(bench.order_of(project)) == [(1, 95_000)]


def test_a_project_made_unbillable_bills_nothing_any_more(bench: Bench) -> None:
    project = bench.add_project()
    bench.add_time(project, 2)
    bench.run()
    bench.world.harvest.projects[project]["is_billable"] = False
    run = bench.run(bench.quiet)
    assert "not billable" in run.outcome(project).reason
    assert run.drifts == {project: "opportunity without time"}


def test_a_run_beside_this_one_is_no_drift(bench: Bench) -> None:
    """Runs of a backfill overlap: what one read before another wrote is read again before it is called a drift."""
    bench.add_time(bench.add_project(), 2)
    read_before = read_overview(bench.services(), whole_history=True).sides
    bench.run(EVERYTHING)
    services = bench.services()
    result = reconcile_run(services, read_before, failed={}, since=services.now(), threshold=Decimal(0))
    assert result.drifts == ()


def test_another_default_product_under_live_opportunities_is_refused(bench: Bench) -> None:
    project = bench.add_project()
    bench.add_time(project, 2)
    bench.run()
    with pytest.raises(SettingsError, match="default_product_id is 3, but no live opportunity"):
        bench.run(default_product_id=PRODUCT_LICENCE)
    assert worth(bench.order_of(project)) == 2000


def test_a_switched_product_is_seen_on_one_order_too(bench: Bench) -> None:
    project, mixed = bench.add_project(), bench.add_project("Mixed")
    for each in (project, mixed):
        bench.add_time(each, 2)
    bench.run()
    bench.world.upsales.add_row(int(bench.order_of(mixed)["id"]), PRODUCT_LICENCE, 1, 500)
    bench.add_time(project, 1)
    (failure,) = bench.run(default_product_id=PRODUCT_LICENCE).failures
    assert "lists time in its notes, but has no row on the product 3" in failure.message
    assert worth(bench.order_of(project)) == 2000


def test_rounding_of_several_ranges_is_no_drift(bench: Bench) -> None:
    project = bench.add_project(starts_on="2025-01-01")
    for days_ago in (10, 500):
        bench.add_time(project, "0.25", days_ago=days_ago, rate="1250.50")
    first = bench.run(EVERYTHING)
    assert first.drifts == {}
    assert bench.run(bench.night).writes == []
    assert bench.run(bench.night).drifts == {}


def test_a_fixed_fee_that_is_partly_invoiced_has_a_cause(bench: Bench) -> None:
    project = bench.add_project(is_fixed_fee=True, fee=50_000, hourly_rate=None)
    bench.add_time(project, 2)
    bench.run()
    bench.world.harvest.projects[project]["fee"] = Decimal(20_000)
    bench.invoice_by_hand(project)
    bench.world.harvest.projects[project]["fee"] = Decimal(50_000)
    for window in (None, bench.quiet, bench.night, EVERYTHING):
        run = bench.run(window)
        assert run.reconciled is not None
        (line,) = [line for line in run.reconciled.lines if line.project_id == project]
        assert (line.state, line.drift) == ("fee partly invoiced", Decimal(-20_000))
        assert "the opportunity would sell that again" in line.cause
        assert run.drifts == {}
    bench.world.harvest.projects[project]["fee"] = Decimal(60_000)
    bench.run(bench.quiet)
    assert worth(bench.order_of(project)) == 60_000


def test_an_old_correction_beside_recent_time_is_no_drift(bench: Bench) -> None:
    """The report's last year shows other sums than all of it; older time explains the difference."""
    project = bench.add_project()
    bench.add_time(project, "-0.5", days_ago=OLD)
    bench.add_time(project, 0, days_ago=1)
    bench.run(EVERYTHING)
    run = bench.run(bench.quiet)
    assert run.drifts == {}
    assert run.writes == []


def test_a_fixed_fee_of_which_nothing_is_left_is_no_explanation(bench: Bench) -> None:
    """Somebody invoiced the fee in Harvest by hand; the opportunity still sells it."""
    project = bench.add_project(is_fixed_fee=True, fee=50_000, hourly_rate=None)
    bench.add_time(project, 2)
    bench.run()
    bench.invoice_by_hand(project)
    for window in (None, bench.quiet):
        run = bench.run(window)
        assert run.drifts == {project: "fee invoiced already"}
        assert run.reconciled is not None
        (line,) = run.reconciled.drifts
        assert (line.harvest, line.upsales) == (0, 50_000)
        assert "all of its fixed fee is invoiced in Harvest" in line.cause
    bench.world.upsales.move(bench.order_of(project)["id"], STAGE_LOST)
    assert bench.run(bench.quiet).drifts == {}


def test_a_fixed_fee_that_starts_later_is_found_where_the_report_has_it(bench: Bench) -> None:
    """Time may be tracked before a project's first day; until then only the days ahead have its fee."""
    starts_on = (bench.world.today + dt.timedelta(days=9)).isoformat()
    project = bench.add_project(is_fixed_fee=True, fee=50_000, hourly_rate=None, starts_on=starts_on)
    bench.add_time(project, 2)
    run = bench.run()
    assert worth(bench.order_of(project)) == 50_000
    assert run.reconciled is not None
    assert [(line.state, line.harvest) for line in run.reconciled.lines] == [("equal", 50_000)]

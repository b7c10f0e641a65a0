"""One opportunity for each project and calendar month of the day on which time was spent."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from harvest_upsales.domain.window import window_of_schedule
from harvest_upsales.errors import SettingsError
from sandbox.minimal import STAGE_LOST
from tests.flows.run_harness import EVERYTHING, Bench, worth

MONTHLY = {"opportunity_per": "month"}


def months(bench: Bench, project: int) -> dict[str, Decimal]:
    """Month → value."""
    return {bench.key_of(order).split(":")[1]: worth(order) for order in bench.orders_of(project)}


def order_of_month(bench: Bench, project: int, month: str) -> int:
    (order,) = [o["id"] for o in bench.orders_of(project) if bench.key_of(o).endswith(f":{month}")]
    return int(order)


def spread(bench: Bench, **kw: object) -> int:
    """A project with 1 h in August, 2 h on each side of a month's end, 4 h in November."""
    project = bench.add_project(**kw)  # type: ignore[arg-type]
    for day, hours in (("2026-08-10", 1), ("2026-09-30", 2), ("2026-10-01", 2), ("2026-11-20", 4)):
        bench.world.harvest.add_time(project, day, hours)
    bench.run(**MONTHLY)
    return project


def test_each_month_has_its_own(bench: Bench) -> None:
    project = spread(bench)
    assert months(bench, project) == {"2026-08": 1000, "2026-09": 2000, "2026-10": 2000, "2026-11": 4000}
    assert all(o["description"].endswith(bench.key_of(o).split(":")[1]) for o in bench.orders_of(project))
    assert bench.run(**MONTHLY).writes == []
    assert bench.run(EVERYTHING, **MONTHLY).writes == []


def test_back_dated_time_goes_to_its_month(bench: Bench) -> None:
    project = spread(bench)
    bench.world.harvest.add_time(project, "2026-07-31", 3)
    bench.world.harvest.add_time(project, "2026-08-31", 3)
    run = bench.run(**MONTHLY)
    assert months(bench, project)["2026-07"] == 3000
    assert months(bench, project)["2026-08"] == 4000
    assert len(run.writes) == 2


def test_time_moved_to_another_month_moves(bench: Bench) -> None:
    project = spread(bench)
    entry = bench.world.harvest.entries_of(project)[0]["id"]
    bench.world.harvest.edit_time(entry, spent_date="2026-11-01")
    bench.run(**MONTHLY)
    assert months(bench, project) == {"2026-08": 0, "2026-09": 2000, "2026-10": 2000, "2026-11": 5000}
    assert bench.run(**MONTHLY).writes == []


def test_time_moved_to_another_month_during_an_outage_moves_before_it_is_won(bench: Bench) -> None:
    project = spread(bench)
    went_well = bench.world.clock.now()
    entry = bench.world.harvest.entries_of(project)[0]["id"]
    bench.world.clock.advance(dt.timedelta(minutes=30))
    bench.world.harvest.edit_time(entry, spent_date="2026-11-01")
    bench.world.clock.advance(dt.timedelta(hours=8))
    end = bench.world.clock.now()

    bench.run(window_of_schedule(end - dt.timedelta(hours=1), end, went_well), **MONTHLY)

    assert months(bench, project) == {"2026-08": 0, "2026-09": 2000, "2026-10": 2000, "2026-11": 5000}


@pytest.mark.parametrize(
    ("to", "after"),
    [
        ("2026-11-01", {"2026-08": 0, "2026-11": 5000}),
        ("2026-07-01", {"2026-07": 1000, "2026-08": 0, "2026-11": 4000}),
    ],
    ids=["known month", "new month"],
)
def test_the_night_finds_time_moved_to_another_month_without_an_update(
    bench: Bench, to: str, after: dict[str, int]
) -> None:
    project = bench.add_project()
    bench.world.harvest.add_time(project, "2026-11-20", 4)
    entry = bench.world.harvest.add_time(project, "2026-08-10", 1)
    bench.run(**MONTHLY)
    bench.world.harvest.edit_time(entry, spent_date=to)

    bench.run(bench.night, **MONTHLY)

    assert months(bench, project) == after
    assert bench.run(bench.night, **MONTHLY).writes == []


def test_the_night_finds_time_moved_out_of_a_lost_month(bench: Bench) -> None:
    project = bench.add_project()
    entry = bench.world.harvest.add_time(project, "2026-08-10", 1)
    bench.run(**MONTHLY)
    bench.world.upsales.move(bench.order_of(project)["id"], STAGE_LOST)
    bench.world.harvest.edit_time(entry, spent_date="2026-11-01")

    bench.run(bench.night, **MONTHLY)

    assert months(bench, project)["2026-11"] == 1000


def test_settling_one_month_invoices_exactly_that_month(bench: Bench) -> None:
    project = spread(bench)
    order = order_of_month(bench, project, "2026-09")
    bench.win(order)
    run = bench.run(**MONTHLY)
    (invoice,) = bench.invoices()
    assert (invoice["amount"], invoice["period_start"], invoice["period_end"]) == (
        2000,
        "2026-09-01",
        "2026-09-30",
    )
    assert [e["spent_date"] for e in bench.world.harvest.entries_of(project) if e["is_billed"]] == [
        "2026-09-30"
    ]
    assert bench.world.harvest.projects[project]["is_active"] is True
    assert bench.invoice_field(order) == str(invoice["id"])
    assert months(bench, project) == {"2026-08": 1000, "2026-09": 2000, "2026-10": 2000, "2026-11": 4000}
    assert run.drifts == {}
    assert bench.run(**MONTHLY).writes == []


def test_several_months_are_settled_each_with_its_invoice(bench: Bench) -> None:
    project = spread(bench)
    for order in bench.orders_of(project):
        bench.win(order["id"])
    run = bench.run(**MONTHLY)
    assert run.errors == {}
    assert sorted(invoice["amount"] for invoice in bench.invoices()) == [1000, 2000, 2000, 4000]
    assert all(entry["is_billed"] for entry in bench.world.harvest.entries_of(project))
    assert bench.world.harvest.projects[project]["is_active"] is True


def test_time_back_dated_into_a_settled_month_is_reported(bench: Bench) -> None:
    project = spread(bench)
    bench.win(order_of_month(bench, project, "2026-09"))
    bench.run(**MONTHLY)
    bench.world.harvest.add_time(project, "2026-09-15", 6)
    run = bench.run(**MONTHLY)
    assert run.writes == []
    assert any("6000.00 SEK came since" in outcome.reason for outcome in run.outcomes)
    bench.world.clock.advance(dt.timedelta(hours=5))
    assert bench.run(**MONTHLY).drifts != {}


def test_a_new_month_of_a_settled_project_is_found_without_an_update(bench: Bench) -> None:
    project = bench.add_project()
    bench.world.harvest.add_time(project, "2026-10-05", 1)
    bench.run(**MONTHLY)
    bench.win(order_of_month(bench, project, "2026-10"))
    bench.run(**MONTHLY)
    bench.world.harvest.add_time(project, "2026-11-05", 2)
    bench.run(bench.quiet, **MONTHLY)
    assert months(bench, project) == {"2026-10": 1000, "2026-11": 2000}


def test_a_lost_month_does_not_hide_a_new_one(bench: Bench) -> None:
    project = bench.add_project()
    bench.world.harvest.add_time(project, "2026-10-05", 1)
    bench.run(**MONTHLY)
    bench.world.upsales.move(order_of_month(bench, project, "2026-10"), STAGE_LOST)
    bench.world.harvest.add_time(project, "2026-11-05", 2)
    bench.run(bench.quiet, **MONTHLY)
    assert months(bench, project) == {"2026-10": 1000, "2026-11": 2000}


def test_a_held_month_does_not_hide_a_new_one(bench: Bench) -> None:
    project = bench.add_project()
    bench.world.harvest.add_time(project, "2026-10-05", 1)
    bench.run(**MONTHLY)
    bench.win(order_of_month(bench, project, "2026-10"))
    bench.world.harvest.add_time(project, "2026-10-06", 1)
    bench.world.harvest.add_time(project, "2026-11-05", 2)
    run = bench.run(bench.quiet, late_time="hold", **MONTHLY)
    assert run.errors
    assert months(bench, project) == {"2026-10": 1000, "2026-11": 2000}


def test_the_project_is_archived_after_its_end_with_nothing_left(bench: Bench) -> None:
    project = spread(bench, ends_on="2026-11-20")
    for month in ("2026-08", "2026-09", "2026-10", "2026-11"):
        assert bench.world.harvest.projects[project]["is_active"] is True
        bench.win(order_of_month(bench, project, month))
        bench.run(**MONTHLY)
    assert bench.world.harvest.projects[project]["is_active"] is False


def test_the_last_month_settled_before_the_end_leaves_the_project_open(bench: Bench) -> None:
    project = bench.add_project(ends_on="2026-11-30")
    bench.add_time(project)
    bench.run(**MONTHLY)
    bench.win(order_of_month(bench, project, "2026-11"))
    bench.run(**MONTHLY)
    assert bench.world.harvest.projects[project]["is_active"] is True


@pytest.mark.parametrize(("before", "after"), [("project", "month"), ("month", "project")])
def test_switching_is_refused_while_opportunities_live(bench: Bench, before: str, after: str) -> None:
    project = bench.add_project()
    bench.add_time(project)
    bench.run(opportunity_per=before)
    writes = len(bench.world.journal.writes())
    with pytest.raises(SettingsError, match="opportunity_per"):
        bench.run(opportunity_per=after)
    assert len(bench.world.journal.writes()) == writes


def test_switching_is_allowed_once_all_are_settled(bench: Bench) -> None:
    project = bench.add_project()
    bench.add_time(project)
    bench.run()
    bench.win(bench.order_of(project)["id"])
    bench.run()
    bench.world.harvest.projects[project]["is_active"] = True
    bench.add_time(project, 5)
    bench.run(**MONTHLY)
    assert [worth(order) for order in bench.orders_of(project)] == [1000, 5000]


def fixed_fee(bench: Bench) -> int:
    project = bench.add_project(is_fixed_fee=True, fee=50_000, hourly_rate=None, ends_on="2026-11-01")
    for day in ("2026-09-10", "2026-10-10"):
        bench.world.harvest.add_time(project, day, 3)
    bench.run(**MONTHLY)
    return project


def test_a_fixed_fee_is_sold_once_whatever_the_months(bench: Bench) -> None:
    project = fixed_fee(bench)
    bench.world.harvest.add_time(project, "2026-11-10", 3)
    bench.world.harvest.add_time(project, "2026-08-10", 3)
    bench.run(**MONTHLY)
    assert months(bench, project) == {"2026-09": 50_000}
    bench.win(order_of_month(bench, project, "2026-09"))
    bench.run(**MONTHLY)
    bench.world.harvest.add_time(project, "2026-11-11", 3)
    bench.run(**MONTHLY)
    assert months(bench, project) == {"2026-09": 50_000}
    assert [invoice["amount"] for invoice in bench.invoices()] == [50_000]


def test_a_fixed_fee_project_is_archived_after_its_end(bench: Bench) -> None:
    project = fixed_fee(bench)
    bench.win(order_of_month(bench, project, "2026-09"))
    bench.run(**MONTHLY)
    assert bench.world.harvest.projects[project]["is_active"] is False

"""By month: a project whose last month was settled before its end is archived by a night after it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.minimal import STAGE_LOST, STAGE_VERBAL_AGREEMENT
from tests.flows.run_harness import EVERYTHING, Bench

MONTHLY = {"opportunity_per": "month"}
Change = Callable[[Bench, int, int], object]


def settled(bench: Bench, **kw: Any) -> tuple[int, int]:
    """Ids of a project that ends in ten days, and of its only order, which is settled."""
    ends_on = (bench.world.today + dt.timedelta(days=10)).isoformat()
    project = bench.add_project(**{"ends_on": ends_on, **kw})
    bench.add_time(project, 2)
    bench.run(**MONTHLY)
    order = int(bench.order_of(project)["id"])
    bench.win(order)
    bench.run(**MONTHLY)
    assert bench.invoice_field(order)
    assert is_open(bench, project)
    return project, order


def is_open(bench: Bench, project: int) -> bool:
    return bool(bench.world.harvest.projects[project]["is_active"])


def pass_days(bench: Bench, days: int = 11) -> None:
    bench.world.clock.advance(dt.timedelta(days=days))


def test_the_first_night_after_its_end_archives_it(bench: Bench) -> None:
    project, order = settled(bench)
    assert bench.run(bench.night, **MONTHLY).writes == []
    pass_days(bench, 10)
    assert bench.run(bench.night, **MONTHLY).writes == []
    pass_days(bench, 1)

    quiet = bench.run(bench.quiet, remembered=True, **MONTHLY)
    assert len(quiet.requests) == 3
    assert quiet.writes == []

    night = bench.run(bench.night, **MONTHLY)
    assert night.writes == [f"PATCH /projects/{project}"]
    assert night.closed[order].done == ("archived the project, which has ended",)
    assert not is_open(bench, project)
    assert night.errors == night.drifts == {}
    assert bench.run(bench.night, **MONTHLY).writes == []


@pytest.mark.parametrize(
    "fee", [{}, {"is_fixed_fee": True, "fee": 9000, "hourly_rate": None}], ids=["time", "fee"]
)
def test_so_does_a_run_over_everything(bench: Bench, fee: dict[str, Any]) -> None:
    project, order = settled(bench, **fee)
    pass_days(bench)
    planned = bench.run(EVERYTHING, dry_run=True, **MONTHLY)
    assert planned.writes == []
    assert planned.closed[order].done == ("would archive the project, which has ended",)
    assert bench.run(EVERYTHING, **MONTHLY).writes == [f"PATCH /projects/{project}"]
    assert not is_open(bench, project)


def test_time_that_is_not_billable_keeps_nothing_open(bench: Bench) -> None:
    project, _ = settled(bench)
    bench.add_time(project, 3, billable=False)
    pass_days(bench)
    assert bench.run(bench.night, **MONTHLY).errors == {}
    assert not is_open(bench, project)


def test_an_entry_without_hours_keeps_nothing_open_nor_makes_work_for_every_night(bench: Bench) -> None:
    project, order = settled(bench)
    bench.add_time(project, 0)
    pass_days(bench)
    night = bench.run(bench.night, **MONTHLY)
    assert night.closed[order].done == ("archived the project, which has ended",)
    assert not is_open(bench, project)
    assert bench.run(bench.night, **MONTHLY).closed == {}


def track(bench: Bench, project: int, order: int) -> None:
    bench.add_time(project, 1)


def start_a_timer(bench: Bench, project: int, order: int) -> None:
    bench.add_time(project, 1, is_running=True)


def lose_a_month(bench: Bench, project: int, order: int) -> None:
    bench.add_time(project, 1, days_ago=40)
    bench.run(**MONTHLY)
    bench.world.upsales.move(bench.orders_of(project)[-1]["id"], STAGE_LOST)


def move_back(bench: Bench, project: int, order: int) -> None:
    bench.world.upsales.move(order, STAGE_VERBAL_AGREEMENT)


def take_the_end_off(bench: Bench, project: int, order: int) -> None:
    bench.world.harvest.projects[project]["ends_on"] = None


def postpone(bench: Bench, project: int, order: int) -> None:
    bench.world.harvest.projects[project]["ends_on"] = "2027-12-31"


@pytest.mark.parametrize(
    "change",
    [track, start_a_timer, lose_a_month, move_back, take_the_end_off, postpone],
    ids=lambda f: f.__name__,
)
def test_it_stays_open(bench: Bench, change: Change) -> None:
    project, order = settled(bench)
    change(bench, project, order)
    pass_days(bench)
    run = bench.run(bench.night, **MONTHLY)
    assert run.errors == {}
    assert is_open(bench, project)


def test_one_that_was_never_invoiced_stays_open(bench: Bench) -> None:
    project = bench.add_project(ends_on=bench.world.today.isoformat())
    entry = bench.add_time(project, 2)
    bench.run(**MONTHLY)
    bench.world.harvest.delete_time(entry)
    pass_days(bench)
    bench.run(bench.night, **MONTHLY)
    assert is_open(bench, project)


def test_none_is_archived_where_the_setting_says_so(bench: Bench) -> None:
    project, _ = settled(bench)
    pass_days(bench)
    bench.run(bench.night, archive_invoiced_projects=False, **MONTHLY)
    assert is_open(bench, project)


def test_time_that_comes_between_the_run_s_look_and_its_turn_keeps_it_open(bench: Bench) -> None:
    project, order = settled(bench)
    pass_days(bench)
    bench.world.moments.after("harvest", f"^/projects/{project}$", lambda: bench.add_time(project, 1))
    run = bench.run(bench.night, **MONTHLY)
    assert run.closed[order].done == ()
    assert is_open(bench, project)


def test_one_that_harvest_does_not_archive_is_told(bench: Bench) -> None:
    _, order = settled(bench)
    pass_days(bench)
    bench.world.faults.add(
        kind="status", status=422, method="PATCH", path="^/projects/", body='{"message": "No"}'
    )
    run = bench.run(bench.night, **MONTHLY)
    assert "Harvest does not archive it" in run.errors[order].message

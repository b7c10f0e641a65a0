"""Time of long before its project was made in Harvest is found by every run over the whole history."""

from __future__ import annotations

import datetime as dt

import pytest

from harvest_upsales.domain.window import Window
from tests.flows.run_harness import EVERYTHING, Bench, worth

DAYS = (dt.date(2023, 3, 1), dt.date(2024, 5, 2), dt.date(2011, 6, 30))


def taken_over(bench: Bench) -> int:
    """A project with time of years before it was made."""
    project = bench.add_project(hourly_rate=100)
    for day in DAYS:
        bench.world.harvest.add_time(project, day, 2)
    return project


def asked(bench: Bench, window: Window) -> tuple[int, int]:
    """How often a run's look at both sides asks for the report, and for time before it."""
    run = bench.run(window)
    assert run.drifts == {}
    paths = [entry["path"] for entry in run.requests]
    return paths.count("/reports/uninvoiced"), paths.count("/time_entries")


@pytest.mark.parametrize("newer_hours", [0, 2])
def test_it_is_found_and_no_drift(bench: Bench, newer_hours: int) -> None:
    project = taken_over(bench)
    if newer_hours:
        bench.add_time(project, newer_hours)

    first = bench.run(EVERYTHING)

    assert worth(bench.order_of(project)) == 600 + 100 * newer_hours
    assert first.drifts == {}
    for window in (bench.night, bench.quiet, EVERYTHING):
        run = bench.run(window)
        assert (run.drifts, run.writes) == ({}, [])


def test_without_such_time_it_costs_one_request(bench: Bench) -> None:
    bench.add_time(bench.add_project())
    bench.run(EVERYTHING)

    # The last year, the days ahead, and the year before the project. Time: what changed, and what lies before.
    assert asked(bench, bench.night) == (3, 2)
    assert asked(bench, bench.quiet) == (1, 1)


def test_each_run_of_years_costs_a_report_and_a_question(bench: Bench) -> None:
    taken_over(bench)
    bench.run(EVERYTHING)

    # Three runs of 365 days that end with an entry each.
    assert asked(bench, bench.night) == (3 + 3, 2 + 3)

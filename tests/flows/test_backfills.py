"""Past periods may be run in any order, again, and beside the schedule: the end is the same."""

import datetime as dt
import random
from collections.abc import Iterator
from typing import Any

import pytest

from harvest_upsales.domain.keys import Month
from harvest_upsales.domain.window import Window, window_of_backfill
from sandbox.server import SandboxServer
from sandbox.world import World
from tests.flows.run_harness import EVERYTHING, Bench

TODAY = dt.date(2026, 11, 22)
MONTHS = [Month(year, number) for year in (2025, 2026) for number in range(1, 13)]


def two_years(seed: int = 7) -> World:
    """Six projects with time in most months of two years, back-dated entries included; the same every time."""
    rng = random.Random(seed)
    world = World.new(TODAY)
    world.billing.delay_s = 0
    for number in range(6):
        client_id = world.harvest.add_client(
            f"Client {number} AB", currency=("SEK", "EUR", "NOK")[number % 3]
        )
        world.upsales.add_company(f"Client {number}")
        project_id = world.harvest.add_project(
            client_id, f"Work {number}", hourly_rate="1000", starts_on="2025-01-01"
        )
        for month in MONTHS:
            for _ in range(rng.randrange(4)):
                day = rng.randint(1, month.last_day.day)
                hours = f"{rng.randrange(1, 33) * 25 / 100:.2f}"
                rate = rng.choice(["1000", "1250.50", "987.65"])
                world.harvest.add_time(
                    project_id, month.first_day.replace(day=day).isoformat(), hours, rate=rate
                )
    return world


@pytest.fixture
def benches() -> Iterator[list[Bench]]:
    """Two equal accounts."""
    with (
        SandboxServer(two_years(), rate_limits=False) as one,
        SandboxServer(two_years(), rate_limits=False) as two,
    ):
        pair = [Bench(one), Bench(two)]
        yield pair
        for bench in pair:
            bench.close()


def month_window(month: Month) -> Window:
    start = dt.datetime.combine(month.first_day, dt.time(), dt.UTC)
    end = dt.datetime.combine(month.last_day + dt.timedelta(days=1), dt.time(), dt.UTC)
    return window_of_backfill(start, end)


def board(bench: Bench) -> dict[str, Any]:
    """The opportunities as people see them, by key, without what depends on the order of creation."""
    return {
        bench.key_of(order): {
            "rows": sorted((row["price"], row["quantity"]) for row in order["orderRow"]),
            "notes": order["notes"],
            "currency": order["currency"],
            "description": order["description"],
            "client": order["client"]["name"],
        }
        for project_id in bench.world.harvest.projects
        for order in bench.orders_of(project_id)
    }


@pytest.mark.parametrize("per", ["project", "month"])
@pytest.mark.parametrize("order", ["oldest first", "newest first", "shuffled, some twice"])
def test_24_monthly_runs_in_any_order_end_like_one_run(benches: list[Bench], per: str, order: str) -> None:
    by_months, at_once = benches
    months = list(MONTHS)
    if order == "newest first":
        months.reverse()
    if order == "shuffled, some twice":
        months += months[::5]
        random.Random(3).shuffle(months)

    for month in months:
        by_months.run(month_window(month), opportunity_per=per)
    at_once.run(EVERYTHING, opportunity_per=per)

    assert board(by_months) == board(at_once)
    assert len(board(at_once)) > 0
    assert by_months.run(EVERYTHING, opportunity_per=per).writes == []
    assert by_months.violations == []


def test_time_back_dated_into_a_past_month_is_found_by_its_backfill_and_by_the_schedule(
    benches: list[Bench],
) -> None:
    backfilled, scheduled = benches
    for bench in benches:
        bench.run(EVERYTHING, opportunity_per="month")
        project_id = min(bench.world.harvest.projects)
        bench.world.harvest.add_time(project_id, "2025-03-31", "2.5", rate="1000")

    backfilled.run(month_window(Month(2025, 3)), opportunity_per="month")
    scheduled.run(scheduled.last_hour, opportunity_per="month")

    assert board(backfilled) == board(scheduled)


@pytest.mark.parametrize(
    ("start", "end", "first", "last"),
    [
        # Hours of a day, a day, a month with the change to summer time inside it, and a leap year's February.
        ("2026-10-01T05:00+00:00", "2026-10-01T06:00+00:00", "2026-10-01", "2026-10-01"),
        ("2026-10-01T00:00+00:00", "2026-10-02T00:00+00:00", "2026-10-01", "2026-10-01"),
        ("2026-03-01T00:00+00:00", "2026-04-01T00:00+00:00", "2026-03-01", "2026-03-31"),
        ("2024-02-01T00:00+00:00", "2024-03-01T00:00+00:00", "2024-02-01", "2024-02-29"),
        ("2026-03-29T00:00+02:00", "2026-03-30T00:00+02:00", "2026-03-28", "2026-03-29"),
    ],
)
def test_the_days_of_an_interval(start: str, end: str, first: str, last: str) -> None:
    window = window_of_backfill(dt.datetime.fromisoformat(start), dt.datetime.fromisoformat(end))
    assert (str(window.spent_from), str(window.spent_to)) == (first, last)

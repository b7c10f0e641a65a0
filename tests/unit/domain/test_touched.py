"""Which projects a run takes up."""

import datetime as dt
from decimal import Decimal
from itertools import islice, pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pendulum
import pytest

from harvest_upsales.domain.keys import HarvestKey, Month
from harvest_upsales.domain.touched import (
    Held,
    Uninvoiced,
    Window,
    beginning,
    drifted,
    held_by_project,
    lost_to_look_at,
    report_windows,
    uninvoiced_by_project,
    window_of_backfill,
    window_of_schedule,
    with_lost,
)
from harvest_upsales.records.harvest_records import UninvoicedProject
from tests.unit.domain.builders import FIELDS, OTHER_PRODUCT, PRODUCT, brief, project, row, row_json

STOCKHOLM = ZoneInfo("Europe/Stockholm")


@pytest.mark.parametrize(
    "start",
    [
        dt.datetime(2026, 10, 25, 1, 0, tzinfo=dt.UTC),
        dt.datetime(2026, 10, 25, 2, 0, fold=1, tzinfo=STOCKHOLM),
        pendulum.datetime(2026, 10, 25, 1, 0, tz="UTC"),
        pendulum.datetime(2026, 10, 24, 21, 0, tz="America/New_York"),
    ],
)
def test_a_scheduled_run_looks_back_from_its_interval_s_start_with_an_overlap(start: dt.datetime) -> None:
    window = window_of_schedule(start, start + dt.timedelta(hours=1))

    assert window == Window(updated_since=dt.datetime(2026, 10, 24, 22, 0, tzinfo=dt.UTC))
    assert type(window.updated_since) is dt.datetime
    assert not window.everything


@pytest.mark.parametrize(
    ("hours_red", "since", "whole_history"),
    [
        (0, "2026-10-01 09:00", False),
        (5, "2026-10-01 04:00", False),
        (7 * 24, "2026-09-24 09:00", False),
        (7 * 24 + 1, "2026-09-24 09:00", True),
    ],
)
def test_after_an_outage_a_run_looks_back_to_the_last_that_went_well(
    hours_red: int, since: str, *, whole_history: bool
) -> None:
    start = dt.datetime(2026, 10, 1, 12, tzinfo=dt.UTC)

    window = window_of_schedule(
        start, start + dt.timedelta(hours=1), start.astimezone(STOCKHOLM) - dt.timedelta(hours=hours_red)
    )

    assert window.updated_since == dt.datetime.fromisoformat(f"{since}+00:00")
    assert window.whole_history is whole_history


def test_a_later_interval_that_went_well_moves_no_window() -> None:
    start = dt.datetime(2026, 10, 1, 12, tzinfo=dt.UTC)
    hour = dt.timedelta(hours=1)

    assert window_of_schedule(start, start + hour, start + hour) == window_of_schedule(start, start + hour)


def test_one_hourly_run_a_day_compares_the_whole_history() -> None:
    hour = dt.timedelta(hours=1)
    starts = [dt.datetime(2026, 10, 24, tzinfo=dt.UTC) + number * hour for number in range(48)]

    nightly = [start for start in starts if window_of_schedule(start, start + hour).whole_history]

    assert [start.hour for start in nightly] == [3, 3]
    assert all(window_of_schedule(start, start + 24 * hour).whole_history for start in starts)


@pytest.mark.parametrize(
    ("start", "end", "first", "last"),
    [
        (
            dt.datetime(2026, 10, 1, tzinfo=dt.UTC),
            dt.datetime(2026, 11, 1, tzinfo=dt.UTC),
            "2026-10-01",
            "2026-10-31",
        ),
        (
            pendulum.datetime(2026, 10, 1, tz="Europe/Stockholm"),
            pendulum.datetime(2026, 11, 1, tz="Europe/Stockholm"),
            "2026-09-30",
            "2026-10-31",
        ),
        (
            pendulum.datetime(2026, 10, 1, tz="America/New_York"),
            pendulum.datetime(2026, 11, 1, tz="America/New_York"),
            "2026-10-01",
            "2026-11-01",
        ),
        (
            dt.datetime(2026, 3, 29, 0, tzinfo=dt.UTC),
            dt.datetime(2026, 3, 29, 1, tzinfo=dt.UTC),
            "2026-03-29",
            "2026-03-29",
        ),
        (
            dt.datetime(2026, 3, 28, 23, tzinfo=dt.UTC),
            dt.datetime(2026, 3, 29, 0, tzinfo=dt.UTC),
            "2026-03-28",
            "2026-03-28",
        ),
        (
            dt.datetime(2026, 3, 29, tzinfo=dt.UTC),
            dt.datetime(2026, 3, 29, tzinfo=dt.UTC),
            "2026-03-29",
            "2026-03-29",
        ),
    ],
)
def test_a_backfill_looks_at_the_days_of_its_interval(
    start: dt.datetime, end: dt.datetime, first: str, last: str
) -> None:
    window = window_of_backfill(start, end)

    assert (str(window.spent_from), str(window.spent_to)) == (first, last)
    assert window.updated_since is None


def test_monthly_backfills_of_any_zone_leave_no_day_out() -> None:
    for zone in ("UTC", "Europe/Stockholm", "America/New_York", "Pacific/Auckland"):
        months = [pendulum.datetime(2024, 11, 1, tz=zone).add(months=number) for number in range(25)]
        windows = [window_of_backfill(start, end) for start, end in pairwise(months)]
        for one, following in pairwise(windows):
            assert one.spent_to is not None
            assert following.spent_from is not None
            assert following.spent_from <= one.spent_to + dt.timedelta(days=1)


def test_no_bounds_mean_everything() -> None:
    assert Window().everything
    assert str(Window()) == "everything"
    assert not Window(spent_to=dt.date(2026, 1, 1)).everything
    assert str(Window(spent_to=dt.date(2026, 1, 1))) == "time spent from the beginning to 2026-01-01"
    assert str(
        window_of_schedule(
            dt.datetime(2026, 1, 1, 3, tzinfo=dt.UTC), dt.datetime(2026, 1, 1, 4, tzinfo=dt.UTC)
        )
    ) == ("time updated since 2026-01-01 00:00 UTC")


@pytest.mark.parametrize("today", [dt.date(2026, 11, 22), dt.date(2028, 2, 29), dt.date(2025, 3, 1)])
def test_report_windows_take_at_most_365_days_and_leave_no_gap(today: dt.date) -> None:
    windows = list(islice(report_windows(today), 12))

    assert all((last - first).days + 1 <= 365 for first, last in windows)
    assert windows[0][1] == today
    days = sorted(windows)
    assert days[-1][0] == today + dt.timedelta(days=1)
    for (_, last), (first, _) in pairwise(days):
        assert first == last + dt.timedelta(days=1)


def reported(
    project_id: int = 100, hours: str = "1", amount: str | None = "1000", **changes: Any
) -> UninvoicedProject:
    known: dict[str, Any] = {
        "project_id": project_id,
        "project_name": "Webb",
        "client_name": "Nordisk Form AB",
        "currency": "SEK",
        "uninvoiced_hours": Decimal(hours),
        "uninvoiced_amount": None if amount is None else Decimal(amount),
    }
    return UninvoicedProject(**(known | changes))


def test_windows_add_up_without_expenses() -> None:
    found = uninvoiced_by_project(
        [
            [reported(amount="1200", uninvoiced_expenses=Decimal(200)), reported(7)],
            [],
            [reported(hours="2", amount="500.50")],
        ]
    )

    assert (found[100].hours, found[100].amount, found[100].priced) == (3, Decimal("1500.50"), True)
    assert found[7].amount == 1000


def test_a_fixed_fee_counts_once_whichever_windows_have_it() -> None:
    windows = [[reported(amount="0")], [reported(hours="2", amount="50000")], [reported(amount="50000")]]
    fees = {100: Decimal(50_000)}

    fee = uninvoiced_by_project(windows, fees)[100]

    assert (fee.hours, fee.amount, fee.parts, fee.fee_is_gone) == (4, 50_000, 1, False)
    assert uninvoiced_by_project([[reported(amount="0")]], fees)[100].fee_is_gone


def test_an_amount_that_is_hidden_in_one_window_is_not_known() -> None:
    found = uninvoiced_by_project([[reported()], [reported(amount=None)], [reported()]])

    assert found[100].priced is False


def test_orders_are_sorted_by_where_they_stand() -> None:
    orders = {
        HarvestKey("1", 100, Month(2026, number)): [
            brief(row_json(str(number), "10"), row_json("1", "5", OTHER_PRODUCT), **changes)
        ]
        for number, changes in enumerate(
            [
                {"id": 1},
                {"id": 2, "probability": 100},
                {"id": 3, "probability": 100, "invoice": "9"},
                {"id": 4, "probability": 0},
                {"id": 5, "probability": 90, "invoice": "9"},
            ],
            start=1,
        )
    }

    held = held_by_project(orders, FIELDS, PRODUCT)[100]

    assert (held.live, held.won, held.settled, held.lost) == ((1,), (2,), (3, 5), (4,))
    assert held.rows == (row("1", "10"), row("2", "10"))
    assert held.lost_rows == (row("4", "10"),)
    assert held.lost_months == (Month(2026, 4),)
    assert held.amount("SEK") == 30
    assert held.currency == "SEK"


def theirs(hours: str = "1", amount: str = "1000", **changes: Any) -> Uninvoiced:
    return Uninvoiced(100, "Webb", "Nordisk Form AB", "SEK", Decimal(hours), Decimal(amount), **changes)


def live(*rows: Any, **changes: Any) -> Held:
    return Held(rows=rows, currency="SEK", live=(1,), **changes)


@pytest.mark.parametrize(
    ("harvest", "upsales", "by_month", "expected"),
    [
        # Equal, and worth the same after the one rounding.
        (theirs(), live(row("1", "1000")), False, False),
        (theirs(amount="0.02"), live(row("1", "0.0151")), False, False),
        # Time that was deleted, added or re-priced.
        (theirs(), live(row("1", "999.99")), False, True),
        (None, live(row("1", "1000")), False, True),
        (None, live(row("0", "0")), False, False),
        (None, live(row("1", "1000"), row("-1", "1000")), False, True),
        # New time, a fee without time, nothing.
        (theirs(), None, False, True),
        (theirs(hours="0", amount="50000"), None, False, False),
        (theirs(hours="0", amount="0"), None, False, False),
        (theirs(amount="0"), None, False, False),
        # A fee whose time was deleted: neither the fee nor an emptied opportunity is looked at for ever.
        (theirs(hours="0", amount="50000"), live(row("1", "50000")), False, False),
        (theirs(hours="0", amount="50000"), live(row("0", "0")), False, False),
        (theirs(hours="0", amount="60000"), live(row("1", "50000")), False, True),
        # A fee of which some is invoiced: the opportunity sells all of it, until the fee itself is another.
        (theirs(amount="30000", fee=Decimal(50_000)), live(row("1", "50000")), False, False),
        (theirs(amount="30000", fee=Decimal(40_000)), live(row("1", "50000")), False, True),
        (theirs(amount="0", fee=Decimal(50_000)), live(row("1", "50000")), False, True),
        (theirs(amount="30000"), live(row("1", "50000")), False, True),
        # Hours that cancel out at different rates.
        (theirs(hours="0", amount="-100"), live(row("2", "100"), row("-2", "150")), False, False),
        # Rates that are hidden say nothing.
        (theirs(amount="0", priced=False), live(row("1", "1000")), False, True),
        # Decided by people, or settlement's.
        (theirs(), Held(settled=(1,)), False, False),
        (theirs(), Held(lost=(1,)), False, False),
        (theirs(amount="2000"), Held(rows=(row("1", "1000"),), won=(1,)), False, False),
        (None, Held(rows=(row("1", "1000"),), won=(1,)), False, False),
        # By month, what is settled says nothing of the other months.
        (theirs(), Held(settled=(1,)), True, True),
        (theirs(hours="0", amount="0"), Held(settled=(1,)), True, False),
        (theirs(), Held(lost=(1,), lost_rows=(row("1", "1000"),)), True, False),
        (theirs(amount="1500"), Held(lost=(1,), lost_rows=(row("1", "1000"),)), True, True),
        (theirs(), Held(rows=(row("1", "1000"),), won=(1,)), True, False),
        (theirs(amount="1500"), Held(rows=(row("1", "1000"),), won=(1,)), True, True),
        (theirs(amount="1500"), live(row("1", "500"), lost=(2,), lost_rows=(row("1", "1000"),)), True, False),
        # Of a lost month counts what Harvest says of it, give or take the rounding of each range.
        (theirs(amount="1500", lost=Decimal(1500), lost_parts=1), Held(lost=(1,)), True, False),
        (theirs(amount="1500", lost=Decimal(1400), lost_parts=1), Held(lost=(1,)), True, True),
        (
            theirs(amount="1500.01", lost=Decimal(1000), lost_parts=1),
            live(row("1", "500"), lost=(2,)),
            True,
            False,
        ),
        (
            theirs(amount="1500.02", lost=Decimal(1000), lost_parts=1),
            live(row("1", "500"), lost=(2,)),
            True,
            True,
        ),
    ],
)
def test_projects_that_drifted(
    harvest: Uninvoiced | None, upsales: Held | None, by_month: bool, expected: bool
) -> None:
    found = drifted(
        {} if harvest is None else {100: harvest},
        {} if upsales is None else {100: upsales},
        by_month=by_month,
    )

    assert found == ({100} if expected else set())


def test_lost_months_are_looked_at_where_the_sums_differ() -> None:
    month = Month(2026, 4)
    lost = live(row("1", "500"), lost=(2,), lost_rows=(row("1", "1000"),), lost_months=(month,))
    upsales = dict.fromkeys((1, 2, 3, 5), lost) | {4: live(row("1", "500"))}
    harvest = {1: theirs(amount="1500"), 2: theirs(amount="1600"), 3: theirs(priced=False), 4: theirs()}

    assert lost_to_look_at(harvest, upsales) == {2: (month,)}


def test_months_that_have_no_time_left_add_nothing_to_what_is_lost() -> None:
    april, may, june = (Month(2026, number) for number in (4, 5, 6))
    reports = {april: {100: theirs(amount="700")}, may: {7: theirs(amount="50")}}

    found = with_lost(theirs(), (april, may, june), reports)

    assert (found.lost, found.lost_parts, found.beside_lost.amount) == (700, 1, 300)
    assert with_lost(theirs(), (may,), reports).lost == 0


@pytest.mark.parametrize("year", [1, 216, 1999])
def test_a_slip_in_a_projects_start_makes_no_centuries_of_reports(year: int) -> None:
    first = beginning([project(starts_on=dt.date(year, 1, 1))], dt.date(2026, 11, 22))

    assert first.year == 2005

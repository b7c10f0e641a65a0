"""Harvest's uninvoiced report, asked for in ranges and added up by project."""

import datetime as dt
from decimal import Decimal
from itertools import islice, pairwise
from typing import Any

import pytest

from harvest_upsales.domain.keys import Month
from harvest_upsales.domain.uninvoiced_report import (
    Uninvoiced,
    beginning,
    report_windows,
    uninvoiced_by_project,
    with_lost,
)
from harvest_upsales.records.harvest_records import UninvoicedProject
from tests.unit.domain.builders import project


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


def theirs(hours: str = "1", amount: str = "1000", **changes: Any) -> Uninvoiced:
    return Uninvoiced(100, "Webb", "Nordisk Form AB", "SEK", Decimal(hours), Decimal(amount), **changes)


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

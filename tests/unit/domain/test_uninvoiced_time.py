"""Which time counts, and the rows that it makes."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from harvest_upsales.domain.keys import Month
from harvest_upsales.domain.pricing import rows_by_rate, rows_of_time
from harvest_upsales.domain.time_sums import CountedTime, added_up, counted_time
from harvest_upsales.domain.uninvoiced_time import why_not_billed
from harvest_upsales.errors import ProjectError
from tests.unit.domain.builders import entry, fixed_fee, project, row


def ids(*entries: Any, approved_only: bool = False) -> list[int]:
    """Which entries count; each is told by its notes."""
    named = [replace(each, notes=str(each.id)) for each in entries]
    return told(counted_time(named, approved_only=approved_only))


def told(time: CountedTime) -> list[int]:
    return [int(line.decode().rsplit(" | ")[-1]) for line in time.listed.lines]


@pytest.mark.parametrize("changes", [{"billable": False}, {"is_billed": True}, {"is_running": True}])
def test_time_that_is_not_billable_billed_or_running_does_not_count(changes: dict[str, Any]) -> None:
    assert ids(entry(1), entry(2, **changes)) == [1]


def test_approval_matters_only_where_it_is_asked_for() -> None:
    approved, open_ = entry(1, is_closed=True), entry(2)

    assert ids(approved, open_) == [2, 1]
    assert ids(approved, open_, approved_only=True) == [1]
    assert ids(entry(3, is_closed=True, is_billed=True), approved_only=True) == []


def test_an_entry_that_came_on_two_pages_counts_once() -> None:
    assert ids(entry(1), entry(2), entry(1)) == [2, 1]


def test_of_an_entry_that_came_twice_the_later_state_counts() -> None:
    assert ids(entry(1), entry(1, is_billed=True)) == []
    time = counted_time([entry(1), entry(1, rounded_hours="3")], approved_only=False)
    assert time.hours == 3


def test_time_is_newest_first_and_knows_its_months() -> None:
    time = counted_time(
        [
            entry(1, spent_date="2026-09-30", notes="1"),
            entry(2, spent_date="2026-10-01", notes="2"),
            entry(3, spent_date="2026-10-01", notes="3"),
            entry(4, spent_date="2025-10-31", notes="4"),
        ],
        approved_only=False,
    )

    assert told(time) == [3, 2, 1, 4]
    assert str(time.newest_day) == "2026-10-01"
    assert time.months == (Month(2025, 10), Month(2026, 9), Month(2026, 10))
    assert told(time.within(Month(2026, 10))) == [3, 2]
    assert counted_time([], approved_only=False).newest_day is None


def test_one_row_per_distinct_rate_the_dearest_first() -> None:
    entries = [
        entry(1, rounded_hours="1.25", billable_rate="900"),
        entry(2, rounded_hours="0.50", billable_rate="1250.50"),
        entry(3, rounded_hours="0.25", billable_rate="1250.5"),
        entry(4, rounded_hours="2", billable_rate="900.00"),
    ]

    assert rows_by_rate(project(), added_up(entries)) == (row("0.75", "1250.5"), row("3.25", "900"))


def test_hours_that_cancel_out_leave_no_row() -> None:
    entries = [entry(1, rounded_hours="2.5"), entry(2, rounded_hours="-2.5"), entry(3, rounded_hours="0")]

    assert rows_by_rate(project(), added_up(entries)) == ()


def test_a_correction_takes_hours_off_its_own_rate_alone() -> None:
    entries = [
        entry(1, rounded_hours="2"),
        entry(2, rounded_hours="-0.5"),
        entry(3, rounded_hours="-1", billable_rate="500"),
    ]

    assert rows_by_rate(project(), added_up(entries)) == (row("1.5", "1000"), row("-1", "500"))


def test_a_rate_of_zero_is_a_rate() -> None:
    assert rows_by_rate(project(), added_up([entry(1, rounded_hours="2", billable_rate="0.00")])) == (
        row("2", "0"),
    )


def test_a_missing_rate_names_project_and_entry() -> None:
    with pytest.raises(
        ProjectError, match=r"Project 100 \(Nordisk Form AB: Webb\).*entry 77 of 2026-10-05 has no rate"
    ):
        rows_of_time(project(), counted_time([entry(1), entry(77, billable_rate=None)], approved_only=False))


def test_a_missing_rate_of_time_that_does_not_count_is_no_error() -> None:
    time = counted_time([entry(1), entry(2, billable=False, billable_rate=None)], approved_only=False)

    assert rows_of_time(project(), time) == (row("1", "1000"),)


def test_a_fixed_fee_is_one_row_whatever_the_time() -> None:
    time = counted_time([entry(1, billable_rate=None), entry(2, rounded_hours="7")], approved_only=False)

    assert rows_of_time(fixed_fee("50000.00"), time) == (row("1", "50000"),)


def test_a_fixed_fee_counts_from_the_first_entry() -> None:
    assert rows_of_time(fixed_fee(), counted_time([], approved_only=False)) == ()


def test_a_fixed_fee_project_without_a_fee_is_an_error_that_names_it() -> None:
    with pytest.raises(ProjectError, match=r"Project 100 .*without a fee"):
        rows_of_time(fixed_fee(None), counted_time([entry(1)], approved_only=False))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"is_billable": False}, "not billable"),
        ({"bill_by": "none"}, "billed by none"),
        ({"bill_by": "Tasks"}, None),
        ({"bill_by": "People"}, None),
        ({"bill_by": "none", "is_fixed_fee": True, "fee": Decimal(1)}, None),
        ({"is_billable": False, "is_fixed_fee": True, "fee": Decimal(1)}, "not billable"),
    ],
)
def test_why_a_project_gets_no_opportunity(changes: dict[str, Any], reason: str | None) -> None:
    said = why_not_billed(project(**changes))

    assert said is None if reason is None else reason in str(said)


def test_hours_are_added_with_all_of_their_digits() -> None:
    time = added_up(
        [entry(1, rounded_hours="1234567890.12345678901234567891"), entry(2, rounded_hours="9E-20")]
    )

    assert time.hours == Decimal("1234567890.12345678901234567900")

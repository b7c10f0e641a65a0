"""Harvest's uninvoiced report: the ranges it is asked for, and what they add up to by project."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from harvest_upsales.domain.keys import Month
from harvest_upsales.domain.money import ZERO, harvest_unit, minor_unit, rounded
from harvest_upsales.records.harvest_records import Project, UninvoicedProject, full_name

# Harvest refuses reports over more than 365 days; both ends count.
LONGEST_REPORT_DAYS = 365
_HOURS_UNIT = Decimal("0.01")
# Time may be tracked before its project was made in Harvest, but hardly this long before.
_HARVESTS_FIRST_DAY = dt.date(2006, 1, 1)
_BEFORE_PROJECT = dt.timedelta(days=LONGEST_REPORT_DAYS)


def report_windows(today: dt.date) -> Iterator[tuple[dt.date, dt.date]]:
    """Ranges that the uninvoiced report takes: the last year, then time tracked ahead, then older years without end."""
    span = dt.timedelta(days=LONGEST_REPORT_DAYS - 1)
    day = dt.timedelta(days=1)
    yield range_ending(today)
    yield today + day, today + day + span
    last = today - span - day
    while True:
        yield range_ending(last)
        last -= span + day


@dataclass(frozen=True, slots=True)
class Uninvoiced:
    """Harvest's own figures for one project: time and fixed fee, expenses taken off.

    :param priced: whether Harvest said an amount at all; it does not where rates are hidden
    :param parts: how many ranges of the report it was added up from; each is rounded on its own
    :param hour_parts: how many of those ranges have hours
    :param fee_looked_for: a fixed-fee project, of which every range was read: the amount is all that is left of its fee
    :param fee: all of a fixed fee, invoiced or not, where the projects were listed
    :param lost: how much of the amount stands in months whose opportunities are lost, where Harvest was asked
    :param lost_parts: how many ranges that was added up from
    """

    project_id: int
    name: str
    client: str
    currency: str
    hours: Decimal
    amount: Decimal
    priced: bool = True
    parts: int = 1
    fee_looked_for: bool = False
    fee: Decimal | None = None
    lost: Decimal | None = None
    lost_parts: int = 0
    hour_parts: int = 1

    @property
    def full_name(self) -> str:
        """The client's and the project's name, for people."""
        return full_name(self.client, self.name)

    @property
    def fee_is_gone(self) -> bool:
        """Whether all of a fixed fee is invoiced."""
        return self.fee_looked_for and self.priced and not self.amount

    def leaves_part_of(self, value: Decimal) -> bool:
        """Whether ``value`` is all of a fixed fee of which some is invoiced and some is not."""
        return (
            self.fee is not None
            and self.priced
            and 0 < self.amount < value == rounded(self.fee, self.currency)
        )

    @property
    def beside_lost(self) -> Uninvoiced:
        """The same without what stands in lost months."""
        lost = self.lost or ZERO
        return replace(self, amount=self.amount - lost, parts=self.parts + self.lost_parts)

    def agrees_with(self, value: Decimal) -> bool:
        """Whether Upsales' value is Harvest's amount, give or take the rounding of each of several ranges.

        Harvest's sums have two digits where the currency has three (KWD): each is off by up to half of its last digit.
        """
        difference = abs(rounded(self.amount, self.currency) - value)
        unit = harvest_unit(self.currency)
        if self.parts > 1:
            return difference <= unit * (self.parts + 1) / 2
        return difference <= (unit / 2 if unit > minor_unit(self.currency) else 0)

    def has_hours(self, hours: Decimal) -> bool:
        """Whether these are its hours, give or take the rounding of each range to two digits."""
        return abs(self.hours - hours) <= _HOURS_UNIT * max(self.hour_parts, 1) / 2


def beginning(projects: Iterable[Project], today: dt.date) -> dt.date:
    """The day before which an account hardly holds time: well before its first project.

    A project that starts before Harvest existed is a typing error, and no reason to read centuries of reports.
    """
    days = [today]
    for project in projects:
        days += [day for day in (project.starts_on, project.created_at and project.created_at.date()) if day]
    return max(min(days), _HARVESTS_FIRST_DAY) - _BEFORE_PROJECT


def range_ending(day: dt.date) -> tuple[dt.date, dt.date]:
    """The longest range of the report that ends with a day."""
    return day - dt.timedelta(days=LONGEST_REPORT_DAYS - 1), day


def uninvoiced_by_project(
    windows: Iterable[Iterable[UninvoicedProject]], fixed_fees: Mapping[int, Decimal | None] | None = None
) -> dict[int, Uninvoiced]:
    """Add up the report's windows, without expenses, which become no opportunity.

    :param fixed_fees: the fees of fixed-fee projects: what is left of one stands in each window that reaches the
        project's beginning
    """
    fees = fixed_fees or {}
    found: dict[int, Uninvoiced] = {}
    for rows in windows:
        for row in rows:
            before, amount = found.get(row.project_id), _without_expenses(row)
            is_fee = row.project_id in fees
            found[row.project_id] = Uninvoiced(
                project_id=row.project_id,
                name=row.project_name,
                client=row.client_name,
                currency=row.currency,
                hours=row.uninvoiced_hours + (before.hours if before else 0),
                amount=_together(before.amount, amount, is_fee=is_fee) if before else amount,
                priced=row.uninvoiced_amount is not None and (before is None or before.priced),
                parts=1 if is_fee else (before.parts if before else 0) + bool(amount),
                hour_parts=(before.hour_parts if before else 0) + bool(row.uninvoiced_hours),
                fee_looked_for=is_fee,
                fee=fees.get(row.project_id),
            )
    return found


def _together(one: Decimal, other: Decimal, *, is_fee: bool) -> Decimal:
    return max(one, other) if is_fee else one + other


def _without_expenses(row: UninvoicedProject) -> Decimal:
    return (row.uninvoiced_amount or ZERO) - (row.uninvoiced_expenses or ZERO)


def with_lost(
    theirs: Uninvoiced, months: Collection[Month], reports: Mapping[Month, Mapping[int, Uninvoiced]]
) -> Uninvoiced:
    """The same, knowing what of it stands in lost months.

    :param months: the project's
    :param reports: Harvest's figures of the months that reach into the days read
    """
    found = [
        reports[month][theirs.project_id] for month in months if theirs.project_id in reports.get(month, ())
    ]
    lost = sum((each.amount for each in found), ZERO)
    return replace(theirs, lost=lost, lost_parts=len(found))

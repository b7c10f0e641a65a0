"""Which time counts, and what it adds up to."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from harvest_upsales.domain.keys import Month
from harvest_upsales.domain.money import Row, plain
from harvest_upsales.errors import ProjectError
from harvest_upsales.records.harvest_records import BillBy, Project, TimeEntry


def counts(entry: TimeEntry, *, approved_only: bool) -> bool:
    """Whether an entry is part of its project's opportunity; ``approved_only`` wants Harvest's approval too."""
    return why_not_counted(entry, approved_only=approved_only) is None


def why_not_counted(entry: TimeEntry, *, approved_only: bool) -> str | None:
    """The rule: what is billable, not billed and not running counts. Why an entry does not, or ``None``."""
    if not entry.billable:
        return "not billable"
    if entry.is_billed:
        return "billed already"
    if entry.is_running:
        return "a running timer"
    return "not approved" if approved_only and not entry.is_closed else None


def why_not_billed(project: Project) -> str | None:
    """Why a project gets no opportunity at all, or ``None`` where it may have one."""
    if not project.is_billable:
        return "the project is not billable"
    if project.bill_by == BillBy.NONE and not project.is_fixed_fee:
        return "the project is billed by none"
    return None


@dataclass(frozen=True, slots=True)
class CountedTime:
    """The time that counts for one opportunity, newest entry first."""

    entries: tuple[TimeEntry, ...]

    @property
    def hours(self) -> Decimal:
        """The sum of the rounded hours."""
        return sum((entry.rounded_hours for entry in self.entries), Decimal(0))

    @property
    def newest_day(self) -> dt.date | None:
        """The day of the newest entry."""
        return self.entries[0].spent_date if self.entries else None

    @property
    def months(self) -> tuple[Month, ...]:
        """The calendar months of ``spent_date`` that have time, oldest first."""
        return tuple(sorted({Month.of(entry.spent_date) for entry in self.entries}))

    def within(self, month: Month) -> CountedTime:
        """The part spent in one calendar month."""
        return CountedTime(tuple(entry for entry in self.entries if Month.of(entry.spent_date) == month))


def counted_time(entries: Iterable[TimeEntry], *, approved_only: bool) -> CountedTime:
    """Keep what counts; an entry that came twice (pages moved while they were read) counts once, as it came last."""
    latest = {entry.id: entry for entry in entries}
    kept = [entry for entry in latest.values() if counts(entry, approved_only=approved_only)]
    return CountedTime(tuple(sorted(kept, key=_newest_first)))


def _newest_first(entry: TimeEntry) -> tuple[int, int]:
    return -entry.spent_date.toordinal(), -entry.id


def rows_of_time(project: Project, time: CountedTime) -> tuple[Row, ...]:
    """What a project's time is worth, as order rows.

    :param time: hours as Harvest rounds them, each with the rate that Harvest puts on it
    :return: one row per distinct rate, the dearest first; a fixed-fee project's single row; none without time
    :raises ProjectError: an entry has no rate, or a fixed-fee project no fee
    """
    if not time.entries:
        return ()
    if project.is_fixed_fee:
        return (fixed_fee_row(project),)
    return rows_by_rate(project, time.entries)


def fixed_fee_row(project: Project) -> Row:
    """A fixed-fee project is one row, quantity 1, price = the fee."""
    if project.fee is None:
        msg = f"{describe(project)}: it is a fixed-fee project without a fee. Set the fee in Harvest."
        raise ProjectError(msg)
    return Row(Decimal(1), plain(project.fee))


def rows_by_rate(project: Project, entries: Sequence[TimeEntry]) -> tuple[Row, ...]:
    """One row per distinct rate; rates whose hours cancel out leave none."""
    hours: defaultdict[Decimal, Decimal] = defaultdict(Decimal)
    for entry in entries:
        if entry.billable_rate is None:
            raise ProjectError(_no_rate(project, entry))
        hours[plain(entry.billable_rate)] += entry.rounded_hours
    return tuple(Row(plain(hours[rate]), rate) for rate in sorted(hours, reverse=True) if hours[rate])


def describe(project: Project) -> str:
    """How messages name a project."""
    return f"Project {project.id} ({project.client.name}: {project.name})"


def _no_rate(project: Project, entry: TimeEntry) -> str:
    return (
        f"{describe(project)}: the billable time entry {entry.id} of {entry.spent_date} has no rate. Set a rate for "
        "it in Harvest, or, if it has one, give the owner of the access token the right to see billable rates."
    )

"""What time adds up to: taken in entry by entry while it is read, so that none needs to be kept."""

from __future__ import annotations

import datetime as dt
from array import array
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from harvest_upsales.domain.keys import Month
from harvest_upsales.domain.money import ZERO, add_exactly, exact_sum
from harvest_upsales.domain.newest_lines import NewestLines
from harvest_upsales.domain.notes import ListedTime
from harvest_upsales.domain.uninvoiced_time import why_not_counted
from harvest_upsales.records.harvest_records import TimeEntry


@dataclass(slots=True)
class _MonthSums:
    """What one calendar month's entries add up to.

    :param hours: by rate, as Harvest rounds them
    :param unpriced: the newest entry without a rate, if any: its day and id
    """

    number: int = 0
    hours: dict[Decimal | None, Decimal] = field(default_factory=dict)
    newest_day: dt.date | None = None
    unpriced: tuple[dt.date, int] | None = None


@dataclass(frozen=True, slots=True)
class CountedTime:
    """The time that counts for one opportunity, added up. The notes may leave out its oldest entries, no sum does."""

    _months: Mapping[Month, _MonthSums]
    _lines: tuple[NewestLines, ...]

    @property
    def number(self) -> int:
        """How many entries there are."""
        return sum(part.number for part in self._months.values())

    @property
    def hours(self) -> Decimal:
        """The sum of the rounded hours."""
        return exact_sum(self.hours_by_rate.values())

    @property
    def hours_by_rate(self) -> dict[Decimal | None, Decimal]:
        """The sum of the rounded hours for each rate; ``None`` stands for entries without one."""
        found: defaultdict[Decimal | None, Decimal] = defaultdict(Decimal)
        for part in self._months.values():
            for rate, hours in part.hours.items():
                found[rate] = add_exactly(found[rate], hours)
        return dict(found)

    @property
    def hours_by_month(self) -> dict[Month, Mapping[Decimal | None, Decimal]]:
        """The same sums for each calendar month, oldest first."""
        return {month: self._months[month].hours for month in self.months}

    @property
    def newest_day(self) -> dt.date | None:
        """The day of the newest entry."""
        return max((part.newest_day for part in self._months.values() if part.newest_day), default=None)

    @property
    def unpriced(self) -> tuple[dt.date, int] | None:
        """Day and id of the newest entry that has no rate."""
        return max((part.unpriced for part in self._months.values() if part.unpriced), default=None)

    @property
    def months(self) -> tuple[Month, ...]:
        """The calendar months of ``spent_date`` that have time, oldest first."""
        return tuple(sorted(self._months))

    @property
    def listed(self) -> ListedTime:
        """The entries as the notes list them, newest first."""
        together = NewestLines()
        for lines in self._lines:
            together += lines
        return ListedTime(together.newest_first(), self.number)

    def within(self, month: Month) -> CountedTime:
        """The part spent in one calendar month."""
        found = {month: self._months[month]} if month in self._months else {}
        lines = tuple(each.of_days(month.first_day, month.last_day) for each in self._lines)
        return CountedTime(found, lines if found else ())


NO_TIME = CountedTime({}, ())


class TimeSums:
    """Adds up entries while they are read, so that none needs to be kept.

    :param approved_only: count only time approved in Harvest
    :param by_month: keep for each month as many lines as its own notes may take, not for the whole time
    :param listed: keep lines for the notes at all
    """

    __slots__ = ("_approved_only", "_by_month", "_lines", "_listed", "_months")

    def __init__(self, *, approved_only: bool, by_month: bool = False, listed: bool = True) -> None:
        self._approved_only, self._by_month, self._listed = approved_only, by_month, listed
        # By plain numbers, as every entry asks for its month.
        self._months: dict[int, _MonthSums] = {}
        self._lines: dict[int, NewestLines] = {}

    def add(self, entry: TimeEntry) -> None:
        """Take in an entry, if it counts."""
        if why_not_counted(entry, approved_only=self._approved_only) is None:
            self.take(entry)

    def take(self, entry: TimeEntry) -> None:
        """Take in an entry, whether it counts or not."""
        day, rate = entry.spent_date, entry.billable_rate
        month = _number_of(day)
        part = self._months.get(month)
        if part is None:
            part = self._months[month] = _MonthSums()
        part.number += 1
        hours = part.hours
        hours[rate] = add_exactly(hours.get(rate, ZERO), entry.rounded_hours)
        if part.newest_day is None or day > part.newest_day:
            part.newest_day = day
        if rate is None and (part.unpriced is None or (day, entry.id) > part.unpriced):
            part.unpriced = day, entry.id
        if self._listed:
            of = month if self._by_month else 0
            lines = self._lines.get(of)
            if lines is None:
                lines = self._lines[of] = NewestLines()
            lines.add(entry)

    def __iadd__(self, other: TimeSums) -> TimeSums:
        for month, theirs in other._months.items():
            ours = self._months.setdefault(month, _MonthSums())
            ours.number += theirs.number
            for rate, hours in theirs.hours.items():
                ours.hours[rate] = add_exactly(ours.hours.get(rate, ZERO), hours)
            ours.newest_day = max(filter(None, (ours.newest_day, theirs.newest_day)), default=None)
            ours.unpriced = max(filter(None, (ours.unpriced, theirs.unpriced)), default=None)
        for of, lines in other._lines.items():
            self._lines.setdefault(of, NewestLines()).__iadd__(lines)
        return self

    def total(self) -> CountedTime:
        """What was taken in."""
        months = {_month_of(number): part for number, part in self._months.items()}
        return CountedTime(months, tuple(self._lines.values()))

    def fresh(self) -> TimeSums:
        """Empty sums by the same rules; it makes no lines for the notes that these ones' newer lines would push out."""
        other = TimeSums(approved_only=self._approved_only, by_month=self._by_month, listed=self._listed)
        other._lines = {of: lines.fresh() for of, lines in self._lines.items()}
        return other


def _number_of(day: dt.date) -> int:
    """A day's calendar month, counted from the year 0."""
    return 12 * day.year + day.month - 1


def _month_of(number: int) -> Month:
    """The month that :func:`_number_of` counts so."""
    return Month(number // 12, number % 12 + 1)


class ProjectSums:
    """The sums of several projects, with the ids of all that was taken in: eight bytes an entry.

    :param project_ids: the time of others is passed over
    :param empty: sums to begin with, by whose rules entries are taken in
    :ivar wanted: the projects' ids
    """

    def __init__(self, project_ids: Collection[int], empty: TimeSums) -> None:
        self.wanted = frozenset(project_ids)
        self._empty = empty
        self._found: dict[int, TimeSums] = {}
        self._ids: dict[int, array[int]] = {}

    def add(self, entries: Iterable[TimeEntry]) -> None:
        """Take in entries, each given once."""
        wanted, found, ids = self.wanted, self._found, self._ids
        for entry in entries:
            project_id = entry.project.id
            if project_id in wanted:
                sums = found.get(project_id)
                if sums is None:
                    sums = found[project_id] = self._empty.fresh()
                    ids[project_id] = array("q")
                sums.add(entry)
                ids[project_id].append(entry.id)

    def fresh(self) -> ProjectSums:
        """Empty sums of the same projects, see ``TimeSums.fresh``."""
        other = ProjectSums(self.wanted, self._empty)
        other._found = {project_id: sums.fresh() for project_id, sums in self._found.items()}
        other._ids = {project_id: array("q") for project_id in self._found}
        return other

    def __iadd__(self, other: ProjectSums) -> ProjectSums:
        for project_id, theirs in other._found.items():
            ours = self._found.setdefault(project_id, theirs)
            if ours is not theirs:
                ours += theirs
        for project_id, ids in other._ids.items():
            self._ids.setdefault(project_id, array("q")).extend(ids)
        return self

    def replace(self, project_ids: Iterable[int], other: ProjectSums) -> None:
        """Take these projects' sums from ``other``, which holds those of no other project."""
        for project_id in project_ids:
            self._found.pop(project_id, None)
            self._ids.pop(project_id, None)
        self += other

    def places(self, entry_ids: Collection[int]) -> dict[int, list[int]]:
        """The projects that have taken in these entries, by the entry; one twice that has taken it in twice."""
        looked_for = frozenset(entry_ids)
        found: dict[int, list[int]] = {}
        for project_id, ids in self._ids.items():
            for entry_id in ids if not looked_for.isdisjoint(ids) else ():
                if entry_id in looked_for:
                    found.setdefault(entry_id, []).append(project_id)
        return found

    def totals(self) -> dict[int, CountedTime]:
        """What each project's time adds up to; projects of which none counts may be missing."""
        return {project_id: sums.total() for project_id, sums in self._found.items()}


def counted_time(entries: Iterable[TimeEntry], *, approved_only: bool, by_month: bool = False) -> CountedTime:
    """Keep what counts; an entry that came twice (pages moved while they were read) counts once, as it came last."""
    sums = TimeSums(approved_only=approved_only, by_month=by_month)
    for entry in {entry.id: entry for entry in entries}.values():
        sums.add(entry)
    return sums.total()


def added_up(entries: Iterable[TimeEntry]) -> CountedTime:
    """All of the entries, each given once, whether they count as uninvoiced time or not."""
    sums = TimeSums(approved_only=False, listed=False)
    for entry in entries:
        sums.take(entry)
    return sums.total()

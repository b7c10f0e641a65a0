"""Which projects a run takes up."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from harvest_upsales.domain.keys import HarvestKey, Month
from harvest_upsales.domain.money import Row, harvest_unit, minor_unit, rounded, total
from harvest_upsales.domain.orders import OrderFields, Place, our_rows, place_of
from harvest_upsales.records.harvest_records import Project, UninvoicedProject
from harvest_upsales.records.upsales_records import OrderBrief

# Harvest refuses reports over more than 365 days; both ends count.
REPORT_DAYS = 365
# Clocks differ, and an entry may be saved while the previous run reads.
OVERLAP = dt.timedelta(hours=3)
# As far back as a run reads updates where the runs before it did not go well; beyond, it compares the whole history.
LONGEST_GAP = dt.timedelta(days=7)
# The run whose data interval holds this hour (UTC) compares the whole history.
NIGHT_HOUR = 3
# Time may be tracked before its project was made in Harvest, but hardly this long before.
_HARVESTS_FIRST_DAY = dt.date(2006, 1, 1)
_BEFORE_PROJECT = dt.timedelta(days=REPORT_DAYS)


@dataclass(frozen=True, slots=True)
class Window:
    """Where a run looks for changes; what it finds is then computed whole.

    :param updated_since: entries saved since then (scheduled runs)
    :param spent_from: entries of these days, both ends included (backfills, ``start_date``/``end_date``)
    :param whole_history: compare Harvest's sums back to the account's beginning, not of the last year alone
    """

    updated_since: dt.datetime | None = None
    spent_from: dt.date | None = None
    spent_to: dt.date | None = None
    whole_history: bool = False

    @property
    def everything(self) -> bool:
        """Neither bound: all projects are taken up."""
        return self.updated_since is None and self.spent_from is None and self.spent_to is None

    def __str__(self) -> str:
        if self.everything:
            return "everything"
        if self.updated_since is not None:
            return f"time updated since {self.updated_since:%Y-%m-%d %H:%M} UTC"
        return f"time spent from {self.spent_from or 'the beginning'} to {self.spent_to or 'today'}"


def window_of_schedule(
    start: dt.datetime, end: dt.datetime, went_well_until: dt.datetime | None = None
) -> Window:
    """Entries updated since the data interval's start, with an overlap; after an outage, since it began.

    One run a day compares the whole history: an old invoice that is deleted frees time and leaves no update behind.

    :param went_well_until: end of the last data interval whose run went well, where one did. What was saved since has
        been seen by no run to its end, and time that only moved to another month changes no sum that is compared
    """
    first = _utc(start)
    since = first if went_well_until is None else min(first, _utc(went_well_until))
    longest = first - LONGEST_GAP
    night = first.replace(hour=NIGHT_HOUR, minute=0, second=0, microsecond=0)
    night = night if night >= first else night + dt.timedelta(days=1)
    return Window(
        updated_since=max(since, longest) - OVERLAP,
        whole_history=night < _utc(end) or since < longest,
    )


def window_of_backfill(start: dt.datetime, end: dt.datetime) -> Window:
    """Entries spent inside the data interval; its end is not part of it."""
    first, last = _utc(start).date(), (_utc(end) - dt.timedelta(microseconds=1)).date()
    return Window(spent_from=first, spent_to=max(first, last))


def _utc(moment: dt.datetime) -> dt.datetime:
    """A plain datetime in UTC, whatever kind of datetime a scheduler hands over."""
    return dt.datetime.fromtimestamp(moment.timestamp(), dt.UTC)


def report_windows(today: dt.date) -> Iterator[tuple[dt.date, dt.date]]:
    """Ranges that the uninvoiced report takes: the last year, then time tracked ahead, then older years without end."""
    span = dt.timedelta(days=REPORT_DAYS - 1)
    day = dt.timedelta(days=1)
    yield today - span, today
    yield today + day, today + day + span
    last = today - span - day
    while True:
        yield last - span, last
        last -= span + day


@dataclass(frozen=True, slots=True)
class Uninvoiced:
    """Harvest's own figures for one project: time and fixed fee, expenses taken off.

    :param priced: whether Harvest said an amount at all; it does not where rates are hidden
    :param parts: how many ranges of the report it was added up from; each is rounded on its own
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
        lost = self.lost or Decimal(0)
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


def beginning(projects: Iterable[Project], today: dt.date) -> dt.date:
    """The day before which an account can hold no time: well before its first project.

    A project said to start before Harvest was there is a slip of the pen, and no reason to read centuries of reports.
    """
    days = [today]
    for project in projects:
        days += [day for day in (project.starts_on, project.created_at and project.created_at.date()) if day]
    return max(min(days), _HARVESTS_FIRST_DAY) - _BEFORE_PROJECT


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
                fee_looked_for=is_fee,
                fee=fees.get(row.project_id),
            )
    return found


def _together(one: Decimal, other: Decimal, *, is_fee: bool) -> Decimal:
    return max(one, other) if is_fee else one + other


def _without_expenses(row: UninvoicedProject) -> Decimal:
    return (row.uninvoiced_amount or Decimal(0)) - (row.uninvoiced_expenses or Decimal(0))


@dataclass(frozen=True, slots=True)
class Held:
    """What Upsales holds for one project: the rows of its live orders, and its orders by where they stand.

    :param live: open opportunities
    :param won: won, not invoiced yet
    :param settled: invoiced, also where one was moved back below 100 per cent since
    :param currency: of the orders
    :param lost_rows: the rows of its lost orders
    :param lost_months: months whose orders are all lost
    """

    rows: tuple[Row, ...] = ()
    lost_rows: tuple[Row, ...] = ()
    currency: str = ""
    live: tuple[int, ...] = ()
    won: tuple[int, ...] = ()
    settled: tuple[int, ...] = ()
    lost: tuple[int, ...] = ()
    lost_months: tuple[Month, ...] = ()

    def amount(self, currency: str) -> Decimal:
        """The value of the live orders' rows (open, or won and not invoiced), rounded once."""
        return total(self.rows, currency)


def held_by_project(
    orders: Mapping[HarvestKey, Iterable[OrderBrief]], fields: OrderFields, product_id: int
) -> dict[int, Held]:
    """Sort our orders by project and by where they stand."""
    rows: defaultdict[tuple[int, Place], list[Row]] = defaultdict(list)
    ids: defaultdict[tuple[int, Place], list[int]] = defaultdict(list)
    months: defaultdict[int, list[Month]] = defaultdict(list)
    currencies: dict[int, str] = {}
    for key, found in orders.items():
        for order in found:
            currencies[key.project_id] = order.currency or ""
            place = place_of(order, fields)
            ids[key.project_id, place].append(order.id)
            rows[key.project_id, place].extend(our_rows(order, product_id))
        if key.month is not None and {place_of(order, fields) for order in found} == {Place.LOST}:
            months[key.project_id].append(key.month)
    return {
        project: Held(
            rows=(*rows[project, Place.OPEN], *rows[project, Place.WON]),
            lost_rows=tuple(rows[project, Place.LOST]),
            currency=currency,
            live=tuple(ids[project, Place.OPEN]),
            won=tuple(ids[project, Place.WON]),
            settled=(*ids[project, Place.SETTLED], *ids[project, Place.REOPENED]),
            lost=tuple(ids[project, Place.LOST]),
            lost_months=tuple(months[project]),
        )
        for project, currency in currencies.items()
    }


def drifted(harvest: Mapping[int, Uninvoiced], upsales: Mapping[int, Held], *, by_month: bool) -> set[int]:
    """Projects whose value in Upsales is not Harvest's: something changed that left no update behind, or is new.

    :param by_month: every month has its own opportunity, so one that is settled says nothing of the others' time;
        else a project that only has a won, a settled or a lost order is settlement's or people's business
    """
    return {
        project_id
        for project_id in harvest.keys() | upsales.keys()
        if _differs(harvest.get(project_id), upsales.get(project_id, Held()), by_month=by_month)
    }


def _differs(theirs: Uninvoiced | None, ours: Held, *, by_month: bool) -> bool:
    if theirs is None:
        return bool(ours.live) and any(row.amount for row in ours.rows)
    if not ours.live:
        decided = bool(ours.settled or ours.lost or ours.won) and not by_month
        if decided or not theirs.hours:
            return False
    if not theirs.priced:
        return True
    if theirs.leaves_part_of(ours.amount(theirs.currency)):
        # The opportunity sells the whole fee, and would again: that some is invoiced is for people to look at.
        return False
    rows = (*ours.rows, *ours.lost_rows) if by_month else ours.rows
    if not theirs.hours and not total(rows, theirs.currency):
        # The report has the fee of a fixed-fee project also where no time is tracked on it.
        return False
    return not (
        agrees_beside_lost(theirs, ours) if by_month else theirs.agrees_with(total(rows, theirs.currency))
    )


def agrees_beside_lost(theirs: Uninvoiced, ours: Held) -> bool:
    """Whether Harvest's amount is that of the live orders and of the lost ones, whatever time those months have now.

    A lost month keeps its uninvoiced time, and may get more: nobody wants an opportunity for it again.
    """
    if theirs.lost is None:
        return theirs.agrees_with(total((*ours.rows, *ours.lost_rows), theirs.currency))
    return theirs.beside_lost.agrees_with(ours.amount(theirs.currency))


def lost_to_look_at(
    harvest: Mapping[int, Uninvoiced], upsales: Mapping[int, Held]
) -> dict[int, tuple[Month, ...]]:
    """Lost months of projects whose sums differ, by project id: their time may have changed since they were lost."""
    return {
        project_id: upsales[project_id].lost_months
        for project_id in drifted(harvest, upsales, by_month=True)
        if project_id in harvest
        and harvest[project_id].priced
        and project_id in upsales
        and upsales[project_id].lost_months
    }


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
    lost = sum((each.amount for each in found), Decimal(0))
    return replace(theirs, lost=lost, lost_parts=len(found))

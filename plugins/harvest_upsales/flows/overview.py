"""Harvest's uninvoiced time beside what Upsales has of it, read in a handful of requests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice, takewhile

from msgspec.structs import replace

from harvest_upsales.domain.changes import ChangedTime
from harvest_upsales.domain.drift import lost_to_look_at
from harvest_upsales.domain.keys import HarvestKey, Month
from harvest_upsales.domain.money import rounded
from harvest_upsales.domain.order_lines import OrderLine, order_lines
from harvest_upsales.domain.orders import OrderFields, Place, by_key, key_of, place_of
from harvest_upsales.domain.uninvoiced_report import (
    Uninvoiced,
    beginning,
    range_ending,
    report_windows,
    uninvoiced_by_project,
    with_lost,
)
from harvest_upsales.domain.upsales_side import ProjectOrders, orders_by_project
from harvest_upsales.flows.services import Services
from harvest_upsales.records.harvest_records import Project
from harvest_upsales.records.upsales_records import NotedOrder, OrderBrief

_LIVE = frozenset({Place.OPEN, Place.WON})


@dataclass(frozen=True, slots=True)
class Sides:
    """Both sides summed up by project id, small enough to keep.

    :param harvest: Harvest's uninvoiced figures
    :param upsales: what Upsales holds
    :param orders: our orders in short, for people to look at
    :param whole: whether Harvest's figures reach back to the account's beginning
    """

    harvest: dict[int, Uninvoiced]
    upsales: dict[int, ProjectOrders]
    orders: dict[int, tuple[OrderLine, ...]] = field(default_factory=dict)
    whole: bool = False

    @property
    def order_ids(self) -> Iterator[int]:
        """Our orders, but for old ones that are over."""
        return (order.order_id for orders in self.orders.values() for order in orders)


@dataclass(frozen=True)
class Overview:
    """Both sides at one moment.

    :param harvest: uninvoiced figures by project id
    :param orders: our orders of this Harvest account by key
    :param upsales: the same orders, summed up by project id
    :param lines: the same orders in short
    :param whole: whether Harvest's figures reach back to the account's beginning
    :param projects: all of Harvest's projects, where they were listed: always where its figures are whole
    """

    harvest: dict[int, Uninvoiced]
    orders: dict[HarvestKey, list[OrderBrief]]
    upsales: dict[int, ProjectOrders]
    lines: dict[int, tuple[OrderLine, ...]] = field(default_factory=dict)
    whole: bool = False
    projects: Sequence[Project] = ()

    @property
    def sides(self) -> Sides:
        """The sums, and the orders in short."""
        return Sides(self.harvest, self.upsales, self.lines, self.whole)

    @cached_property
    def with_time(self) -> frozenset[int]:
        """Ids of the projects that have uninvoiced hours."""
        return frozenset(project_id for project_id, theirs in self.harvest.items() if theirs.hours)


def read_overview(services: Services, *, whole_history: bool, changed: ChangedTime | None = None) -> Overview:
    """Read Harvest's uninvoiced report and our orders.

    :param changed: entries to cross off where an order lists them
    :param whole_history: read the report back to the account's beginning; else only as far back as it takes to
        explain what Upsales holds, which is one request for most accounts
    """
    orders = _brief_orders(services, changed)
    upsales = orders_by_project(orders, services.fields, services.settings.default_product_id)

    def is_enough(found: dict[int, Uninvoiced]) -> bool:
        return bool(orders) and not whole_history and _explained(upsales, found)

    report = _read_report(services, is_enough)
    if services.settings.by_month:
        _look_at_lost_months(services, report, upsales)
    lines = order_lines(orders, services.fields, services.settings.default_product_id)
    return Overview(report.found, orders, upsales, lines, report.whole, report.projects)


@dataclass(frozen=True, slots=True)
class _Report:
    """Harvest's uninvoiced report, added up.

    :param first: the first of the days read
    :param last: the last of them
    :param whole: it reaches back to the account's beginning
    """

    found: dict[int, Uninvoiced]
    first: dt.date
    last: dt.date
    whole: bool = False
    projects: Sequence[Project] = ()


def _read_report(services: Services, is_enough: Callable[[dict[int, Uninvoiced]], bool]) -> _Report:
    """The report of the last year, then the days ahead and older years, until what was found is enough."""
    ranges = report_windows(services.today)
    first, last = next(ranges)
    windows = [services.harvest.uninvoiced_report(first, last)]
    found = uninvoiced_by_project(windows)
    if is_enough(found):
        return _Report(found, first, last)
    projects = services.harvest.projects()
    fixed_fees = {project.id: project.fee for project in projects if project.is_fixed_fee}
    found = uninvoiced_by_project(windows, fixed_fees)
    if is_enough(found):
        return _Report(found, first, last, projects=projects)
    first_day = beginning(projects, services.today)
    for window in takewhile(lambda days: days[1] >= first_day, ranges):
        windows.append(services.harvest.uninvoiced_report(*window))
        first, last = min(first, window[0]), max(last, window[1])
        found = uninvoiced_by_project(windows, fixed_fees)
        if is_enough(found):
            return _Report(found, first, last, projects=projects)
    while (older := _newest_unbilled_day(services, first - dt.timedelta(days=1))) is not None:
        # Somebody made a project long after the work, to take over time from elsewhere, for one.
        if older >= first:
            break  # The service does not keep to the day it was given.
        first, until = range_ending(older)
        windows.append(services.harvest.uninvoiced_report(first, until))
        found = uninvoiced_by_project(windows, fixed_fees)
    return _Report(found, first, last, whole=True, projects=projects)


def _newest_unbilled_day(services: Services, to: dt.date) -> dt.date | None:
    """The day of the newest entry up to a day that is on no invoice; ``None`` where there is none: one request."""
    pages = services.harvest.time_entry_pages(is_billed=False, to=to, page_size=1)
    return next((entry.spent_date for page in islice(pages, 1) for entry in page.records), None)


def _look_at_lost_months(services: Services, report: _Report, upsales: dict[int, ProjectOrders]) -> None:
    """Ask Harvest for lost months whose time may have changed since: a request a month, whatever the projects."""
    wanted = lost_to_look_at(report.found, upsales)
    reports: dict[Month, dict[int, Uninvoiced]] = {}
    for month in sorted({month for months in wanted.values() for month in months}):
        first, last = max(month.first_day, report.first), min(month.last_day, report.last)
        if first <= last:
            reports[month] = uninvoiced_by_project([services.harvest.uninvoiced_report(first, last)])
    for project_id, months in wanted.items():
        report.found[project_id] = with_lost(report.found[project_id], months, reports)


def _brief_orders(services: Services, changed: ChangedTime | None) -> dict[HarvestKey, list[OrderBrief]]:
    """Our orders without their notes, which are looked at on the way and would fill the memory."""

    # Without notes, no opportunity can tell what it holds.
    if changed is None or services.fields.key is None or not services.settings.write_time_to_notes:
        return our_orders(services)
    listing = changed

    def without_notes(order: NotedOrder) -> OrderBrief:
        key = key_of(order, services.fields)
        if key is not None and place_of(order, services.fields) in _LIVE:
            listing.cross_off(key.project_id, order.notes)
        return replace(order, notes=None)

    found = services.upsales.orders_with_field(services.fields.key, NotedOrder)
    return by_key(map(without_notes, found), services.fields, services.account_id)


def our_orders(services: Services) -> dict[HarvestKey, list[OrderBrief]]:
    """All orders that carry a key of this Harvest account, in short."""
    if services.fields.key is None:
        return {}
    found = services.upsales.orders_with_field(services.fields.key, OrderBrief)
    return by_key(found, services.fields, services.account_id)


def live_keys(overview: Overview, fields: OrderFields) -> list[HarvestKey]:
    """Keys of orders that are open, or won and not invoiced; and of lost ones whose project has uninvoiced time."""
    return [
        key
        for key, found in overview.orders.items()
        for place in {place_of(order, fields) for order in found}
        if place in _LIVE or (place is Place.LOST and key.project_id in overview.with_time)
    ]


def live_with_time(overview: Overview, fields: OrderFields) -> list[OrderBrief]:
    """Orders that are open, or won and not invoiced, of projects that have uninvoiced time."""
    return [
        order
        for key, found in overview.orders.items()
        for order in found
        if key.project_id in overview.with_time and place_of(order, fields) in _LIVE
    ]


def _explained(upsales: dict[int, ProjectOrders], found: dict[int, Uninvoiced]) -> bool:
    """Whether older time could not explain any more: no project is worth more in Upsales than was found so far."""
    return all(
        _covers(found.get(project_id), ours) for project_id, ours in upsales.items() if ours.open or ours.won
    )


def _covers(theirs: Uninvoiced | None, ours: ProjectOrders) -> bool:
    if theirs is None:
        return not any(row.amount for row in ours.live_rows)
    value = ours.live_value(theirs.currency)
    if theirs.leaves_part_of(value):
        # What is left of a fee stands whole in each range that has any of it.
        return True
    return value <= rounded(theirs.amount, theirs.currency) or theirs.agrees_with(value)


def names_of(overview: Overview) -> dict[int, str]:
    """Names for logs, ``client: project``, of the projects that the report has."""
    return {project_id: known.full_name for project_id, known in overview.harvest.items()}

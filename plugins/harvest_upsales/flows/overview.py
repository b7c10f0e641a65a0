"""Harvest's uninvoiced time beside what Upsales holds for it, read in a handful of requests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field

from msgspec.structs import replace

from harvest_upsales.domain.changes import ChangedTime
from harvest_upsales.domain.keys import HarvestKey
from harvest_upsales.domain.money import rounded
from harvest_upsales.domain.order_lines import OrderLine, order_lines
from harvest_upsales.domain.orders import AnyOrder, OrderFields, Place, by_key, key_of, place_of
from harvest_upsales.domain.touched import (
    Held,
    Uninvoiced,
    beginning,
    held_by_project,
    hours_alone,
    report_windows,
    uninvoiced_by_project,
)
from harvest_upsales.flows.services import Services
from harvest_upsales.records.harvest_records import UninvoicedProject
from harvest_upsales.records.upsales_records import OrderBrief

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
    upsales: dict[int, Held]
    orders: dict[int, tuple[OrderLine, ...]] = field(default_factory=dict)
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Overview:
    """Both sides at one moment.

    :param harvest: uninvoiced figures by project id
    :param orders: our orders of this Harvest account by key
    :param upsales: the same orders, summed up by project id
    :param lines: the same orders in short
    :param whole: whether Harvest's figures reach back to the account's beginning
    """

    harvest: dict[int, Uninvoiced]
    orders: dict[HarvestKey, list[OrderBrief]]
    upsales: dict[int, Held]
    lines: dict[int, tuple[OrderLine, ...]] = field(default_factory=dict)
    whole: bool = False

    @property
    def sides(self) -> Sides:
        """The sums, and the orders in short."""
        return Sides(self.harvest, self.upsales, self.lines, self.whole)


def read_overview(services: Services, *, whole_history: bool, changed: ChangedTime | None = None) -> Overview:
    """Read Harvest's uninvoiced report and our orders.

    :param changed: entries to cross off where an order lists them
    :param whole_history: read the report back to the account's beginning; else only as far back as it takes to
        explain what Upsales holds, which is one request for most accounts
    """
    orders = _brief_orders(services, changed)
    held = held_by_project(orders, services.fields, services.settings.default_product_id)
    ranges = report_windows(services.today)
    windows = [services.harvest.uninvoiced_report(*next(ranges))]
    whole = False
    if whole_history or not orders or not _explained(held, uninvoiced_by_project(windows)):
        for window in _older_windows(services, ranges):
            windows.append(window)
            if orders and not whole_history and _explained(held, uninvoiced_by_project(windows)):
                break
        else:
            whole = True
    lines = order_lines(orders, services.fields, services.settings.default_product_id)
    return Overview(uninvoiced_by_project(windows), orders, held, lines, whole)


def _older_windows(
    services: Services, ranges: Iterator[tuple[dt.date, dt.date]]
) -> Iterator[list[UninvoicedProject]]:
    """The report's other windows, back to the account's beginning."""
    projects = services.harvest.projects()
    fixed_fee = {project.id for project in projects if project.is_fixed_fee}
    first_day = beginning(projects, services.today)
    for first, last in ranges:
        if last < first_day:
            return
        rows = services.harvest.uninvoiced_report(first, last)
        yield [hours_alone(row) if row.project_id in fixed_fee else row for row in rows]


def _brief_orders(services: Services, changed: ChangedTime | None) -> dict[HarvestKey, list[OrderBrief]]:
    """Our orders without their notes, which are looked at on the way and would fill the memory."""

    def without_notes(order: OrderBrief) -> OrderBrief:
        key = key_of(order, services.fields)
        if listing is not None and key is not None and place_of(order, services.fields) in _LIVE:
            listing.cross_off(key.project_id, order.notes)
        return replace(order, notes=None)

    if services.fields.key is None:
        return {}
    # Without notes, no opportunity can tell what it holds.
    listing = changed if services.settings.write_time_to_notes else None
    found = services.upsales.orders_with_field(services.fields.key, OrderBrief)
    return by_key((without_notes(order) for order in found), services.fields, services.account_id)


def our_orders(services: Services, of: type[AnyOrder]) -> dict[HarvestKey, list[AnyOrder]]:
    """All orders that carry a key of this Harvest account, as much of each as ``of`` holds."""
    if services.fields.key is None:
        return {}
    found = services.upsales.orders_with_field(services.fields.key, of)
    return by_key(found, services.fields, services.account_id)


def live_keys(overview: Overview, fields: OrderFields) -> list[HarvestKey]:
    """Keys of orders that are open, or won and not invoiced; and of lost ones whose project has uninvoiced time."""
    timed = {project_id for project_id, theirs in overview.harvest.items() if theirs.hours}
    return [
        key
        for key, found in overview.orders.items()
        for place in {place_of(order, fields) for order in found}
        if place in _LIVE or (place is Place.LOST and key.project_id in timed)
    ]


def live_with_time(overview: Overview, fields: OrderFields) -> list[OrderBrief]:
    """Orders that are open, or won and not invoiced, of projects that have uninvoiced time."""
    timed = {project_id for project_id, theirs in overview.harvest.items() if theirs.hours}
    return [
        order
        for key, found in overview.orders.items()
        for order in found
        if key.project_id in timed and place_of(order, fields) in _LIVE
    ]


def _explained(held: dict[int, Held], found: dict[int, Uninvoiced]) -> bool:
    """Whether older time could not explain any more: no project holds more in Upsales than was found so far."""
    return all(_held_within(project, ours, found) for project, ours in held.items() if ours.live or ours.won)


def _held_within(project_id: int, ours: Held, found: dict[int, Uninvoiced]) -> bool:
    theirs = found.get(project_id)
    if theirs is None:
        return not any(row.amount for row in ours.rows)
    value = ours.amount(theirs.currency)
    return value <= rounded(theirs.amount, theirs.currency) or theirs.agrees_with(value)


def names_of(overview: Overview) -> dict[int, str]:
    """Names for logs, ``client: project``, of the projects that the report has."""
    return {project_id: f"{known.client}: {known.name}" for project_id, known in overview.harvest.items()}

"""Find what a run has to take up: changed time, drifted sums, won and reopened orders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from msgspec import Struct

from harvest_upsales.api.whole_lists import whole
from harvest_upsales.domain import setup_checks
from harvest_upsales.domain.changes import ChangedTime, IdleProject
from harvest_upsales.domain.drift import drifted
from harvest_upsales.domain.invoice_owner import left_invoices
from harvest_upsales.domain.keys import HarvestKey
from harvest_upsales.domain.orders import Place, place_of
from harvest_upsales.domain.settlement import has_ended
from harvest_upsales.domain.window import Window
from harvest_upsales.flows.check_setup import confirm_before_writing
from harvest_upsales.flows.overview import Overview, live_keys, live_with_time, names_of, read_overview
from harvest_upsales.flows.services import Services
from harvest_upsales.flows.setup_memory import confirm_remembered
from harvest_upsales.records.bounds import one_line
from harvest_upsales.records.harvest_records import InvoiceState
from harvest_upsales.records.upsales_records import OrderBrief
from harvest_upsales.settings import ReopenedOrders

_LEAD_TO_THEIR_INVOICE = frozenset({Place.WON, Place.SETTLED, Place.REOPENED})
# Airflow keeps 250 characters of a mapped task instance's name.
LONGEST_NAME = 200


class OrderToSettle(Struct, frozen=True):
    """An order that ``settle`` takes up.

    :param undo: the order was invoiced and moved back below 100 per cent: take the invoice back
    :param close: the order is settled, and the project of its month has ended since: archive the project
    :param label: readable name of the mapped task instance
    """

    order_id: int
    label: str
    undo: bool = False
    project_id: int | None = None
    close: bool = False


class Batch(Struct, frozen=True):
    """Projects that one mapped upsert task takes up."""

    label: str
    project_ids: list[int]


@dataclass(frozen=True, slots=True)
class Extract:
    """What ``extract_time`` found.

    :param batches: the projects to compute whole, in batches
    :param orders: won orders to settle, and reopened ones to undo
    :param reopened: invoiced orders below 100 per cent that are only reported
    :param overview: both sides as they were read
    :param idle: projects whose changed time makes no opportunity, and why
    """

    batches: tuple[Batch, ...]
    orders: tuple[OrderToSettle, ...]
    reopened: tuple[OrderToSettle, ...]
    overview: Overview
    idle: tuple[IdleProject, ...]

    def others_of(self, order_id: int) -> tuple[int, ...]:
        """Other orders with an order's key: one of them is a copy."""
        for orders in self.overview.orders.values():
            ids = {order.id for order in orders}
            if order_id in ids:
                return tuple(sorted(ids - {order_id}))
        return ()


def extract(services: Services, window: Window, only: Collection[int] = ()) -> Extract:
    """Find the projects and orders that this run takes up.

    :param window: where changes are looked for
    :param only: take up these projects alone
    :raises SettingsError: a setting names something Upsales does not have, or ``opportunity_per`` was switched
    """
    # Read before the orders and the sums: what is saved in between shows in one of them, or in the next window.
    changed = None if window.everything or only else _changed_time(services, window)
    whole_history = window.everything or window.whole_history
    overview = read_overview(services, whole_history=whole_history, changed=changed)
    setup_checks.check_one_mode(services.settings, live_keys(overview, services.fields))
    setup_checks.check_one_product(services.settings, live_with_time(overview, services.fields))
    touched = _touched(services, changed, overview, only, whole_history=whole_history)
    orders = orders_to_settle(services, overview.orders, only, names=names_of(overview))
    if whole_history and not only:
        orders += _of_left_invoices(services, overview)
        if services.settings.archive_invoiced_projects:
            orders += _of_ended_projects(services, overview)
    if touched or orders:
        # Any project may need a new opportunity: a month's, or one of another kind than it has.
        confirm_remembered(services, creates=bool(touched), settles=bool(orders))
        confirm_before_writing(services.upsales, services.settings)
    undo = services.settings.reopened_orders is ReopenedOrders.UNDO
    return Extract(
        batches=_batches(sorted(touched), services.settings.batch_size),
        orders=tuple(order for order in orders if undo or not order.undo),
        reopened=tuple(order for order in orders if order.undo and not undo),
        overview=overview,
        idle=() if changed is None else tuple(changed.idle()),
    )


def _touched(
    services: Services,
    changed: ChangedTime | None,
    overview: Overview,
    only: Collection[int],
    *,
    whole_history: bool,
) -> set[int]:
    if only:
        return set(only)
    touched = drifted(overview.harvest, overview.upsales, by_month=services.settings.by_month)
    by_month_at_night = services.settings.by_month and whole_history
    if changed is None or services.settings.approved_time_only or by_month_at_night:
        # Neither approving time nor moving it to another month changes a sum of Harvest's report, so nothing short of
        # looking at all of it will do.
        touched |= {project_id for project_id, ours in overview.upsales.items() if ours.open}
        touched |= {project_id for project_id, theirs in overview.harvest.items() if theirs.hours}
    return touched if changed is None else touched | changed.projects()


def _changed_time(services: Services, window: Window) -> ChangedTime:
    def read() -> ChangedTime:
        entries = services.harvest.time_entries(
            updated_since=window.updated_since, from_=window.spent_from, to=window.spent_to
        )
        return ChangedTime.of(entries, approved_only=services.settings.approved_time_only)

    return whole(read)


def orders_to_settle(
    services: Services,
    orders: Mapping[HarvestKey, Iterable[OrderBrief]],
    only: Collection[int] = (),
    *,
    names: Mapping[int, str] | None = None,
) -> list[OrderToSettle]:
    """Won orders that are not invoiced, and invoiced ones below 100 per cent, by their number.

    :param orders: our orders by key
    :param only: orders of these projects alone
    :param names: readable names by project id; without one, the order's description stands in
    """
    wanted = {Place.WON, Place.REOPENED}
    places = (
        (key, order, place_of(order, services.fields)) for key, found in orders.items() for order in found
    )
    found = [
        OrderToSettle(
            order.id, _label(key, order, names or {}), undo=place is Place.REOPENED, project_id=key.project_id
        )
        for key, order, place in places
        if place in wanted and (not only or key.project_id in only)
    ]
    return sorted(found, key=lambda order: order.order_id)


def _of_left_invoices(services: Services, overview: Overview) -> list[OrderToSettle]:
    """Orders that are gone, lost their key, or are open again without naming it, and whose invoices bill their time.

    Settlement says what to do about each.
    """
    leads_to_it = {
        order.id
        for found in overview.orders.values()
        for order in found
        if place_of(order, services.fields) in _LEAD_TO_THEIR_INVOICE
    }
    unpaid = [
        invoice
        for state in (InvoiceState.DRAFT, InvoiceState.OPEN)
        for invoice in services.harvest.invoices(state=state)
    ]
    return [
        OrderToSettle(order_id, f"order {order_id}")
        for order_id in sorted(left_invoices(unpaid, leads_to_it))
    ]


def _of_ended_projects(services: Services, overview: Overview) -> list[OrderToSettle]:
    """A settled order of each project that was sold by month, has ended since and seems to have no time left."""
    orders: defaultdict[int, dict[Place, int]] = defaultdict(dict)
    for key, found in overview.orders.items():
        for order in found if key.month is not None else ():
            orders[key.project_id][place_of(order, services.fields)] = order.id
    return [
        OrderToSettle(
            orders[project.id][Place.SETTLED],
            f"{one_line(f'{project.client.name}: {project.name}', LONGEST_NAME)} (ended {project.ends_on})",
            project_id=project.id,
            close=True,
        )
        for project in overview.projects
        if project.is_active
        and has_ended(project, services.today)
        and Place.SETTLED in orders[project.id]
        # An order that is yet to be invoiced, or taken back, needs the project.
        and orders[project.id].keys().isdisjoint((Place.WON, Place.REOPENED))
        and (project.is_fixed_fee or not _has_time(overview, project.id))
    ]


def _has_time(overview: Overview, project_id: int) -> bool:
    theirs = overview.harvest.get(project_id)
    return theirs is not None and bool(theirs.hours)


def _label(key: HarvestKey, order: OrderBrief, names: Mapping[int, str]) -> str:
    name = names.get(key.project_id) or order.description or f"project {key.project_id}"
    return f"{one_line(name, LONGEST_NAME)} (order {order.id})"


def _batches(project_ids: list[int], size: int) -> tuple[Batch, ...]:
    parts = [project_ids[i : i + size] for i in range(0, len(project_ids), size)]
    return tuple(
        Batch(label=f"batch {number} of {len(parts)}: {len(part)} projects", project_ids=part)
        for number, part in enumerate(parts, start=1)
    )

"""Which orders settlement takes up, and what it does to each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum

from msgspec import Struct

from harvest_upsales.domain.invoice_owner import left_invoices
from harvest_upsales.domain.keys import HarvestKey
from harvest_upsales.domain.orders import Place, place_of
from harvest_upsales.domain.settlement import has_ended
from harvest_upsales.flows.overview import Overview, names_of
from harvest_upsales.flows.services import Services
from harvest_upsales.records.bounds import one_line
from harvest_upsales.records.harvest_records import InvoiceState
from harvest_upsales.records.upsales_records import OrderBrief
from harvest_upsales.settings import ReopenedOrders, Settings

_WAITS = frozenset({Place.WON, Place.REOPENED})
_LEADS_TO_ITS_INVOICE = frozenset({Place.WON, Place.SETTLED, Place.REOPENED})
# Airflow keeps 250 characters of a mapped task instance's name.
_LONGEST_NAME = 200


class SettleAction(StrEnum):
    """What settlement does to an order."""

    SETTLE = "settle"
    UNDO = "undo"
    ARCHIVE = "archive"


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

    @property
    def action(self) -> SettleAction:
        """What the two flags say, which stand in the XComs of all releases."""
        if self.undo:
            return SettleAction.UNDO
        return SettleAction.ARCHIVE if self.close else SettleAction.SETTLE


def orders_to_settle(
    services: Services, overview: Overview, only: Collection[int] = (), *, whole_history: bool
) -> list[OrderToSettle]:
    """All that a run takes up, and the reopened orders that it may only report.

    :param only: orders of these projects alone
    :param whole_history: look at what most runs leave out: invoices without their order, projects that have ended
    """
    found = won_or_reopened(services, overview.orders, only, names=names_of(overview))
    if whole_history and not only:
        found += _of_left_invoices(services, overview)
        if services.settings.archive_invoiced_projects:
            found += _of_ended_projects(services, overview)
    return found


def split_reopened(
    orders: Iterable[OrderToSettle], settings: Settings
) -> tuple[tuple[OrderToSettle, ...], tuple[OrderToSettle, ...]]:
    """The rule ``reopened_orders``.

    :return: the orders to take up, and the reopened ones that are only reported
    """
    found = tuple(orders)
    if settings.reopened_orders is ReopenedOrders.UNDO:
        return found, ()
    reported = tuple(order for order in found if order.action is SettleAction.UNDO)
    return tuple(order for order in found if order.action is not SettleAction.UNDO), reported


def won_or_reopened(
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
    places = (
        (key, order, place_of(order, services.fields)) for key, found in orders.items() for order in found
    )
    found = [
        OrderToSettle(
            order.id,
            _label(key, order, names or {}),
            undo=place is Place.REOPENED,
            project_id=key.project_id,
        )
        for key, order, place in places
        if place in _WAITS and (not only or key.project_id in only)
    ]
    return sorted(found, key=lambda order: order.order_id)


def label_of(name: str, what: str) -> str:
    """Readable name of a mapped task instance.

    :param name: of a client, project or order, as people wrote it
    :param what: follows in brackets, such as ``order 7``
    """
    return f"{one_line(name, _LONGEST_NAME)} ({what})"


def _label(key: HarvestKey, order: OrderBrief, names: Mapping[int, str]) -> str:
    name = names.get(key.project_id) or order.description or f"project {key.project_id}"
    return label_of(name, f"order {order.id}")


def _of_left_invoices(services: Services, overview: Overview) -> list[OrderToSettle]:
    """Orders that are gone, lost their key, or are open again without naming it, and whose invoices bill their time.

    Settlement says what to do about each.
    """
    leads_to_it = {
        order.id
        for found in overview.orders.values()
        for order in found
        if place_of(order, services.fields) in _LEADS_TO_ITS_INVOICE
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
            label_of(project.full_name, f"ended {project.ends_on}"),
            project_id=project.id,
            close=True,
        )
        for project in overview.projects
        if project.is_active
        and has_ended(project, services.today)
        and Place.SETTLED in orders[project.id]
        # An order that is yet to be invoiced, or taken back, needs the project.
        and orders[project.id].keys().isdisjoint(_WAITS)
        and (project.is_fixed_fee or project.id not in overview.with_time)
    ]

"""Reading an Upsales order the way the rules speak of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from harvest_upsales.domain.keys import HarvestKey, parse_key
from harvest_upsales.domain.money import Row
from harvest_upsales.errors import ProjectError
from harvest_upsales.records.harvest_records import Project
from harvest_upsales.records.json_codec import decode
from harvest_upsales.records.upsales_records import NotedOrder, Order, OrderBrief, OrderRow

KEY_ALIAS = "HARVEST_KEY"
INVOICE_ALIAS = "HARVEST_INVOICE"

AnyOrder = TypeVar("AnyOrder", Order, OrderBrief, NotedOrder)

WON = Decimal(100)
LOST = Decimal(0)


class Standing(StrEnum):
    """Where an opportunity stands, judged by its probability alone, never by a stage's name."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


class Place(StrEnum):
    """Where an order of ours stands, by its probability and ``HARVEST_INVOICE``."""

    OPEN = "open"
    """An opportunity that follows the project's time."""
    WON = "won"
    """At 100 per cent and not invoiced: settlement takes it up."""
    SETTLED = "settled"
    """At 100 per cent and invoiced."""
    REOPENED = "reopened"
    """Invoiced and moved back below 100 per cent: the rule ``reopened_orders``."""
    LOST = "lost"
    """At 0 per cent: people's."""


@dataclass(frozen=True, slots=True)
class OrderFields:
    """Ids of the custom fields; ``None`` where the field does not exist (yet)."""

    key: int | None
    invoice: int | None
    billing_reference: int | None = None


def standing(order: Order | OrderBrief) -> Standing:
    """Open, won (100 per cent) or lost (0 per cent)."""
    if order.probability >= WON:
        return Standing.WON
    return Standing.LOST if order.probability <= LOST else Standing.OPEN


def place_of(order: Order | OrderBrief, fields: OrderFields) -> Place:
    """Where an order of ours stands between tracking and settlement."""
    invoiced = bool(invoice_of(order, fields))
    match standing(order):
        case Standing.WON:
            return Place.SETTLED if invoiced else Place.WON
        case _ if invoiced:
            return Place.REOPENED
        case Standing.LOST:
            return Place.LOST
        case Standing.OPEN:
            return Place.OPEN


def custom_text(order: Order | OrderBrief, field_id: int | None) -> str:
    """The text of a custom field, empty where it is not set."""
    if field_id is None:
        return ""
    value = next((entry.value for entry in order.custom if entry.field_id == field_id), None)
    return "" if value is None else str(value).strip()


def key_of(order: Order | OrderBrief, fields: OrderFields) -> HarvestKey | None:
    """The order's ``HARVEST_KEY``; ``None`` on orders that are not ours."""
    return parse_key(custom_text(order, fields.key))


def invoice_of(order: Order | OrderBrief, fields: OrderFields) -> str:
    """The Harvest invoice's id as the order says it; empty until the order is settled."""
    return custom_text(order, fields.invoice)


def rows_of(order: Order | OrderBrief) -> list[OrderRow]:
    """All rows of an order."""
    return (
        order.rows
        if isinstance(order, OrderBrief)
        else [decode(bytes(raw), OrderRow) for raw in order.rows_raw]
    )


def our_rows(order: Order | OrderBrief, product_id: int) -> tuple[Row, ...]:
    """The rows that stand for tracked time: those on the default product."""
    return tuple(Row(row.quantity, row.price) for row in rows_of(order) if row.product_key == product_id)


def in_other_currency(order: Order, project: Project) -> bool:
    """Whether the order says another currency than the project's client; its figures would be another amount there."""
    return (order.currency or project.client.currency).upper() != project.client.currency.upper()


def by_key(
    orders: Iterable[AnyOrder], fields: OrderFields, account_id: str
) -> dict[HarvestKey, list[AnyOrder]]:
    """The orders of one Harvest account by key. A key should have one order; people can copy orders, though."""
    found: defaultdict[HarvestKey, list[AnyOrder]] = defaultdict(list)
    for order in orders:
        key = key_of(order, fields)
        if key is not None and key.account_id == account_id:
            found[key].append(order)
    return dict(found)


def only_order(key: HarvestKey, orders: Iterable[AnyOrder]) -> AnyOrder | None:
    """The one order of a key.

    :raises ProjectError: several carry the key, as a copied order does
    """
    found = list({order.id: order for order in orders}.values())
    if len(found) > 1:
        ids = ", ".join(str(order.id) for order in sorted(found, key=lambda order: order.id))
        msg = (
            f"Project {key.project_id}: the Upsales orders {ids} all carry the {KEY_ALIAS} {key} (a copied order "
            f"does). Clear {KEY_ALIAS} on all but one of them."
        )
        raise ProjectError(msg)
    return found[0] if found else None

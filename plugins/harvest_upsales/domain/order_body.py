"""The bodies that save an order, with everything of people's as it came, and that create one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from msgspec import UNSET, Raw

from harvest_upsales.domain.money import ZERO, Row, plain
from harvest_upsales.records.json_codec import decode
from harvest_upsales.records.upsales_records import (
    CustomValue,
    Id,
    NewRow,
    Order,
    OrderBody,
    OrderRow,
    Reference,
)

# The parts of a row that may be written; everything else in an answer is computed by Upsales.
_ROW_PARTS = (
    "id",
    "quantity",
    "price",
    "listPrice",
    "discount",
    "purchaseCost",
    "tierQuantity",
    "sortId",
    "bundleRows",
)


def body_to_save(
    order: Order,
    *,
    product_id: int,
    rows: Iterable[Row] | None = None,
    notes: str | None = None,
    custom: Mapping[int, str] | None = None,
) -> OrderBody:
    """The body that saves ``order`` with the given changes and everything that belongs to people unchanged.

    Upsales replaces all rows by those sent, and whether fields that are not sent survive is not documented, so all
    that people can write goes back as it came.

    :param rows: our rows; ``None`` sends all rows back as they are, ours too
    :param notes: the new notes; ``None`` keeps them
    :param custom: custom field id → new value
    """
    order_row: list[NewRow | dict[str, Any]] = [*_rows_as_they_are(order)]
    if rows is not None:
        order_row = _all_rows(rows, _rows_as_they_are(order, without=product_id), product_id)
    return OrderBody(
        description=order.description,
        date=order.date,
        user=_id(order.user),
        client=Id(order.client.id),
        stage=Id(order.stage.id),
        probability=order.probability,
        order_row=order_row,
        custom=_merged_custom(order.custom, custom or {}),
        notify=False,
        notes=order.notes if notes is None else notes,
        contact=_id(order.contact),
        project=UNSET if order.project is None else Id(order.project.id),
        client_connection=UNSET if order.client_connection is None else Id(order.client_connection.id),
        currency=order.currency or UNSET,
        currency_rate=UNSET if order.currency_rate is None else order.currency_rate,
        competitor_id=UNSET if order.competitor_id is None else order.competitor_id,
        lost_reason=UNSET if order.lost_reason is None else order.lost_reason,
    )


def body_to_create(
    *,
    description: str,
    date: dt.date,
    user_id: int,
    company_id: int,
    stage_id: int,
    probability: Decimal,
    product_id: int,
    rows: Iterable[Row],
    custom: Mapping[int, str],
    currency: str,
    currency_rate: Decimal,
    notes: str,
) -> OrderBody:
    """The body of a new opportunity."""
    return OrderBody(
        description=description,
        date=date,
        user=Id(user_id),
        client=Id(company_id),
        stage=Id(stage_id),
        probability=probability,
        order_row=_all_rows(rows, [], product_id),
        custom=_merged_custom([], custom),
        notify=False,
        notes=notes or UNSET,
        currency=currency,
        currency_rate=currency_rate,
    )


def _id(reference: Reference | None) -> Id | None:
    return None if reference is None else Id(reference.id)


def _merged_custom(present: Iterable[CustomValue], changes: Mapping[int, str]) -> list[CustomValue]:
    kept = [CustomValue(entry.field_id, entry.value) for entry in present if entry.field_id not in changes]
    return kept + [CustomValue(field_id, value) for field_id, value in changes.items()]


def _all_rows(
    ours: Iterable[Row], people: list[dict[str, Any]], product_id: int
) -> list[NewRow | dict[str, Any]]:
    """Ours, then people's. An order needs a row: where there is none at all, an empty one says that no time is left."""
    rows = [_new_row(row, product_id) for row in ours if row.quantity]
    if not rows and not people:
        rows = [_new_row(Row(ZERO, ZERO), product_id)]
    return [*rows, *people]


def _new_row(row: Row, product_id: int) -> NewRow:
    price = plain(row.price)
    return NewRow(quantity=plain(row.quantity), price=price, list_price=price, product=Id(product_id))


def _custom_of_row(parts: dict[str, Raw]) -> list[CustomValue]:
    custom = parts.get("custom")
    return [] if custom is None or bytes(custom) == b"null" else decode(bytes(custom), list[CustomValue])


def _rows_as_they_are(order: Order, *, without: int | None = None) -> list[dict[str, Any]]:
    """Rows as Upsales sent them, less what it computes.

    :param without: leave out the rows on this product
    """
    rows: list[dict[str, Any]] = []
    for raw in order.rows_raw:
        product = decode(bytes(raw), OrderRow).product_key
        if without is not None and product == without:
            continue
        parts = decode(bytes(raw), dict[str, Raw])
        row: dict[str, Any] = {name: parts[name] for name in _ROW_PARTS if name in parts}
        if parts.get("bundleFixedPrice") is not None and bytes(parts["bundleFixedPrice"]) == b"true":
            row["bundleFixedPrice"] = True
        if product is not None:
            row["product"] = Id(product)
        row["custom"] = _custom_of_row(parts)
        rows.append(row)
    return rows

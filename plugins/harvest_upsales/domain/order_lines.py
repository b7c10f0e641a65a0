"""Our orders in short: what reconciliation leaves of each for people to look at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

from msgspec import Struct

from harvest_upsales.domain.keys import HarvestKey
from harvest_upsales.domain.money import ZERO, plain, total
from harvest_upsales.domain.orders import OrderFields, Place, custom_text, invoice_of, our_rows, place_of
from harvest_upsales.records.upsales_records import OrderBrief

# Every opportunity ever invoiced stays in Upsales; so many of those that are over are worth carrying along.
MOST_OVER = 2000
_OVER = frozenset({Place.SETTLED, Place.LOST})


class OrderLine(Struct, frozen=True, omit_defaults=True):
    """One order of ours; holds neither notes nor a person's name.

    :param value: of our rows, rounded once, in the order's currency
    :param hours: the quantities of our rows; 1 for a fixed fee
    :param month: of a month's opportunity, ``YYYY-MM``
    :param billed: whether the billing app's reference field is filled
    """

    order_id: int
    place: Place
    value: Decimal
    hours: Decimal
    currency: str = ""
    month: str = ""
    stage: str = ""
    probability: Decimal = ZERO
    description: str = ""
    invoice_id: str = ""
    billed: bool = False


def order_lines(
    orders: Mapping[HarvestKey, Iterable[OrderBrief]], fields: OrderFields, product_id: int
) -> dict[int, tuple[OrderLine, ...]]:
    """By project id: all that is not over, and the newest of what is invoiced or lost."""
    lines = [
        (key.project_id, _line(key, order, fields, product_id))
        for key, found in orders.items()
        for order in found
    ]
    over = sorted((line.order_id for _, line in lines if line.place in _OVER), reverse=True)
    left_out = set(over[MOST_OVER:])
    by_project: defaultdict[int, list[OrderLine]] = defaultdict(list)
    for project_id, line in lines:
        if line.order_id not in left_out:
            by_project[project_id].append(line)
    return {project_id: tuple(found) for project_id, found in by_project.items()}


def _line(key: HarvestKey, order: OrderBrief, fields: OrderFields, product_id: int) -> OrderLine:
    rows = our_rows(order, product_id)
    currency = order.currency or ""
    return OrderLine(
        order_id=order.id,
        place=place_of(order, fields),
        value=total(rows, currency),
        hours=plain(sum((row.quantity for row in rows), ZERO)),
        currency=currency,
        month=str(key.month or ""),
        stage=(order.stage.name or "") if order.stage else "",
        probability=plain(order.probability),
        description=order.description or "",
        invoice_id=invoice_of(order, fields),
        billed=bool(custom_text(order, fields.billing_reference)),
    )

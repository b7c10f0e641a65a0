"""Records as the two services would send them, made short for the tests of the domain."""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec

from harvest_upsales.domain.keys import HarvestKey
from harvest_upsales.domain.money import Row
from harvest_upsales.domain.notes import ListedTime, with_entries
from harvest_upsales.domain.orders import OrderFields
from harvest_upsales.domain.settlement import WonOrder
from harvest_upsales.records.harvest_records import (
    Invoice,
    InvoiceLine,
    Project,
    ProjectClient,
    Reference,
    TimeEntry,
)
from harvest_upsales.records.json_codec import decode, encode
from harvest_upsales.records.upsales_records import Order, OrderBody, OrderBrief
from harvest_upsales.settings import Settings

ACCOUNT = "998877"
PRODUCT = 7
OTHER_PRODUCT = 8
FIELDS = OrderFields(key=11, invoice=12, billing_reference=13)
APP = 74


def settings(**changes: Any) -> Settings:
    required = {"default_user_id": 1, "default_stage_id": 2, "default_product_id": PRODUCT}
    return msgspec.convert(required | changes, Settings)


def project(**changes: Any) -> Project:
    currency = changes.pop("currency", "SEK")
    client = changes.pop("client", "Nordisk Form AB")
    known: dict[str, Any] = {
        "id": 100,
        "name": "Webb",
        "client": ProjectClient(id=50, name=client, currency=currency),
        "is_active": True,
        "is_billable": True,
        "bill_by": "Project",
    }
    return Project(**(known | changes))


def fixed_fee(fee: str | None = "50000", **changes: Any) -> Project:
    return project(is_fixed_fee=True, fee=None if fee is None else Decimal(fee), **changes)


def entry(number: int = 1, **changes: Any) -> TimeEntry:
    for name in ("rounded_hours", "billable_rate"):
        if isinstance(changes.get(name), str):
            changes[name] = Decimal(changes[name])
    if isinstance(changes.get("spent_date"), str):
        changes["spent_date"] = dt.date.fromisoformat(changes["spent_date"])
    known: dict[str, Any] = {
        "id": number,
        "spent_date": dt.date(2026, 10, 5),
        "project": Reference(100, "Webb"),
        "rounded_hours": Decimal(1),
        "billable": True,
        "is_billed": False,
        "is_running": False,
        "billable_rate": Decimal(1000),
    }
    return TimeEntry(**(known | changes))


def row(quantity: str, price: str) -> Row:
    return Row(Decimal(quantity), Decimal(price))


def row_json(quantity: str, price: str, product: int = PRODUCT, row_id: int = 900, extra: str = "") -> str:
    """A row as Upsales sends it; numbers keep the text that they are given in."""
    return (
        f'{{"id":{row_id},"quantity":{quantity},"price":{price},"listPrice":{price},"discount":0,'
        f'"product":{{"id":{product},"name":"Consulting"}},"productId":{product},"sortId":0{extra}}}'
    )


def order_json(
    *rows: str, key: str | None = f"{ACCOUNT}:100", invoice: str | None = None, **changes: Any
) -> bytes:
    """An order as Upsales sends it."""
    custom = [{"fieldId": 11, "value": key}] if key is not None else []
    if invoice is not None:
        custom.append({"fieldId": 12, "value": invoice})
    reference = changes.pop("reference", None)
    if reference is not None:
        custom.append({"fieldId": 13, "value": reference})
    known: dict[str, Any] = {
        "id": 500,
        "probability": Decimal(90),
        "stage": {"id": 2, "name": "Verbal agreement"},
        "user": {"id": 1, "name": "A salesperson"},
        "client": {"id": 40, "name": "Nordisk Form AB"},
        "description": "Nordisk Form AB – Webb",
        "date": "2026-10-31",
        "currency": "SEK",
        "currencyRate": Decimal(1),
        "custom": [*custom, *changes.pop("custom", [])],
    }
    body = encode(known | changes).decode()
    return f'{body[:-1]},"orderRow":[{",".join(rows)}]}}'.encode()


def order(*rows: str, **changes: Any) -> Order:
    return decode(order_json(*rows, **changes), Order)


def brief(*rows: str, **changes: Any) -> OrderBrief:
    return decode(order_json(*rows, **changes), OrderBrief)


def stored(body: OrderBody, order_id: int = 500) -> Order:
    """The order that Upsales holds after it was sent ``body``."""
    sent = decode(encode(body), dict[str, Any])
    return decode(encode(sent | {"id": order_id, "modDate": "2026-11-01T10:00:00.000Z"}), Order)


def won(
    *rows: Row, of: Project | None = None, key: HarvestKey | None = None, billing_has_taken: bool = False
) -> WonOrder:
    concerned = of or project()
    return WonOrder(500, key or HarvestKey(ACCOUNT, concerned.id), concerned, rows, billing_has_taken)


def invoice(*amounts: str, **changes: Any) -> Invoice:
    lines = [InvoiceLine(Decimal(1), Decimal(amount), Decimal(amount)) for amount in amounts]
    known: dict[str, Any] = {
        "id": 3000,
        "state": "draft",
        "amount": sum((line.amount for line in lines), Decimal(0)),
        "currency": "SEK",
        "purchase_order": "upsales-order-500",
        "line_items": lines,
    }
    return Invoice(**(known | changes))


def listing(notes: str | None, entries: Iterable[TimeEntry]) -> str:
    """Notes that list the entries, in the order given."""
    return with_entries(notes, ListedTime.of(entries))

"""One Upsales account: its records as the API emits them, and what people do on the Sales board."""

import threading
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

from sandbox.clock import Clock, locked
from sandbox.jsonio import Amount, Record, exact
from sandbox.upsales.records import (
    new_company,
    new_contact,
    new_field,
    new_order,
    new_product,
    new_row,
    new_user,
)
from sandbox.upsales.value import revalue, stage_brief, user_brief

Saved = Callable[[int, str], None]


class UpsalesAccount:
    """All state of the account; each dict maps an id to the record.

    Switches, each for a thing that is not known of the real service:
    ``custom_ne_matches_missing`` (``custom=ne:…`` also finds orders without the field),
    ``custom_put_replaces`` (the list sent replaces all values, else it is merged), ``put_replaces_whole``
    (fields not sent are reset), ``price_decimals``, ``enforce_obligatory`` (obligatory custom fields must be
    given), ``rate_divides`` (a currency's rate is foreign units per master unit), ``says_totals`` (lists come with
    metadata), ``most_per_page`` (pages are cut to so many records, whatever was asked for).
    """

    def __init__(self, clock: Clock, lock: threading.RLock) -> None:
        self.clock, self.lock = clock, lock
        self.custom_ne_matches_missing = False
        self.custom_put_replaces = True
        self.put_replaces_whole = False
        self.price_decimals = 2
        self.enforce_obligatory = False
        self.rate_divides = True
        self.says_totals = True
        self.most_per_page = 2000
        self.companies: dict[int, Record] = {}
        self.contacts: dict[int, Record] = {}
        self.users: dict[int, Record] = {}
        self.products: dict[int, Record] = {}
        self.stages: dict[int, Record] = {}
        self.currencies: dict[str, Record] = {}
        self.order_fields: dict[int, Record] = {}
        self.orders: dict[int, Record] = {}
        self.integrations: dict[int, Record] = {}
        self.integration_settings: dict[int, Record] = {}
        self.notifications: list[Record] = []
        self.on_saved: list[Saved] = []
        self._ids = {kind: count(1) for kind in ("company", "contact", "product", "order_row")}
        self._ids |= {"order": count(2), "field": count(5)}

    def next_id(self, kind: str) -> int:
        return next(self._ids[kind])

    def next_user_id(self) -> int:
        return max(self.users, default=0) + 1

    @property
    def master_currency(self) -> str:
        return next(iso for iso, currency in self.currencies.items() if currency["masterCurrency"])

    @locked
    def add_user(self, name: str, email: str, *, active: bool = True, administrator: bool = False) -> int:
        user = new_user(self.next_user_id(), name, email, active, administrator, self.clock.upsales_stamp())
        self.users[user["id"]] = user
        return int(user["id"])

    @locked
    def add_product(self, name: str, *, active: bool = True, price: Amount = 0) -> int:
        product = new_product(self.next_id("product"), name, active, exact(price), self.master_currency)
        self.products[product["id"]] = product
        return int(product["id"])

    @locked
    def add_stage(self, stage_id: int, name: str, probability: int, exclude: int = 0) -> int:
        self.stages[stage_id] = {
            "id": stage_id, "name": name, "probability": probability, "exclude": exclude, "roles": [],
        }  # fmt: skip
        return stage_id

    @locked
    def add_currency(self, iso: str, rate: Amount, *, master: bool = False, active: bool = True) -> None:
        """:param rate: foreign units per one unit of the master currency."""
        self.currencies[iso] = {"iso": iso, "rate": exact(rate), "masterCurrency": master, "active": active}

    @locked
    def add_order_field(
        self, name: str, alias: str | None = None, datatype: str = "String", **kw: Any
    ) -> int:
        field = new_field(self.next_id("field"), name=name, alias=alias, datatype=datatype, **kw)
        self.order_fields[field["id"]] = field
        return int(field["id"])

    def field_id(self, alias: str) -> int | None:
        """The id of the order custom field with this alias."""
        return next((field["id"] for field in self.order_fields.values() if field["alias"] == alias), None)

    def custom_value(self, order_id: int, alias: str) -> str | None:
        """What an order says in the custom field with this alias."""
        field_id = self.field_id(alias)
        return next((c["value"] for c in self.orders[order_id]["custom"] if c["fieldId"] == field_id), None)

    @locked
    def set_custom(self, order_id: int, alias: str, value: str | None) -> None:
        """Write or (None) empty one custom field of an order; not a save."""
        field_id = self.field_id(alias)
        if field_id is None:
            raise KeyError(f"no order field has the alias {alias}")
        order = self.orders[order_id]
        order["custom"] = [item for item in order["custom"] if item["fieldId"] != field_id]
        if value:
            order["custom"].append({"fieldId": field_id, "value": value})

    @locked
    def add_company(
        self, name: str, *, active: bool = True, currency: str = "SEK", is_external: int = 0, **kw: Any
    ) -> int:
        company = new_company(self.next_id("company"), name, self.clock.upsales_stamp())
        company |= {"active": int(active), "currency": currency, "isExternal": is_external, **kw}
        self.companies[company["id"]] = company
        return int(company["id"])

    @locked
    def add_contact(self, company_id: int, name: str, email: str, *, active: bool = True) -> int:
        contact = new_contact(
            self.next_id("contact"), self.companies[company_id], name, email, self.clock.upsales_stamp()
        )
        contact["active"] = int(active)
        self.contacts[contact["id"]] = contact
        return int(contact["id"])

    @locked
    def add_order(
        self, company_id: int, *, stage_id: int, user_id: int = 1, description: str = "",
        currency: str | None = None,
        day: date | str | None = None, rows: list[tuple[int, Amount, Amount]] | None = None,
        notes: str | None = None,
        custom: dict[str, str] | None = None,
    ) -> int:  # fmt: skip
        """An order that a person made.

        :param rows: (product id, quantity, price) of each row.
        :param custom: alias → value.
        """
        order = new_order(self.next_id("order"), self.clock.upsales_stamp())
        iso = currency or self.master_currency
        order |= {
            "description": description, "notes": notes, "date": str(day or self.clock.today),
            "user": user_brief(self, user_id), "client": self.company_brief(company_id), "currency": iso,
            "currencyRate": self.currencies[iso]["rate"],
            "stage": stage_brief(self, stage_id), "probability": self.stages[stage_id]["probability"],
        }  # fmt: skip
        order["orderRow"] = [
            new_row(self, product, exact(q), exact(price)) for product, q, price in rows or []
        ]
        self.orders[order["id"]] = order
        for alias, value in (custom or {}).items():
            self.set_custom(order["id"], alias, value)
        self.saved(order, "person")
        return int(order["id"])

    def company_brief(self, company_id: int) -> Record:
        company = self.companies[company_id]
        return {
            "operationalAccount": None, "journeyStep": company["journeyStep"], "name": company["name"],
            "id": company_id, "users": company["users"],
        }  # fmt: skip

    @locked
    def move(self, order_id: int, stage_id: int) -> None:
        """A person drags the order to a stage; its probability becomes the stage's."""
        order = self.orders[order_id]
        order["stage"], order["probability"] = (
            stage_brief(self, stage_id),
            self.stages[stage_id]["probability"],
        )
        self.saved(order, "person")

    @locked
    def add_row(self, order_id: int, product_id: int, quantity: Amount, price: Amount) -> None:
        order = self.orders[order_id]
        order["orderRow"].append(new_row(self, product_id, exact(quantity), exact(price)))
        self.saved(order, "person")

    @locked
    def edit(self, order_id: int, **fields: Any) -> None:
        """A person edits fields of the order; ``user`` and ``client`` may be given as ids."""
        order = self.orders[order_id]
        if unknown := set(fields) - set(order):
            raise KeyError(f"an order has no {sorted(unknown)}")
        if isinstance(fields.get("user"), int):
            fields["user"] = user_brief(self, fields["user"])
        if isinstance(fields.get("client"), int):
            fields["client"] = self.company_brief(fields["client"])
        order.update(fields)
        self.saved(order, "person")

    @locked
    def delete_order(self, order_id: int) -> None:
        del self.orders[order_id]

    def saved(self, order: Record, by: str) -> None:
        """What every save does: totals, dates, and the apps that listen.

        :param by: ``person``, ``api`` or ``app``.
        """
        order["modDate"] = self.clock.upsales_stamp()
        between = 0 < order["probability"] < 100
        order["closeDate"] = None if between else order["closeDate"] or self.clock.today.isoformat()
        revalue(self, order)
        for listener in self.on_saved:
            listener(order["id"], by)

    def total(self, order_id: int) -> Decimal:
        """The order's value: the exact sum of quantity × price."""
        return Decimal(self.orders[order_id]["value"])

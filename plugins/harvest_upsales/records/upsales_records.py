"""Upsales API v2 as records: only the fields that are used, money and hours as ``Decimal``.

Source of all names: Upsales' API documentation, https://api.upsales.com, and answers of the service. Orders and
opportunities are one entity, told apart by probability. Rows and custom fields that belong to people are kept
as the service sent them (``msgspec.Raw``), so that they can be sent back unchanged.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, Self

from msgspec import UNSET, Raw, Struct, UnsetType, field
from msgspec.structs import force_setattr, replace

from harvest_upsales.records.bounds import check_number, one_line
from harvest_upsales.records.json_codec import decode


class Reference(Struct, frozen=True):
    """A record named inside another one."""

    id: int
    name: str | None = None


class Owner(Struct, frozen=True):
    """Who an API key acts as (``/self``); without a name, which nobody needs here. ``administrator`` is 1 or 0."""

    id: int
    administrator: bool | int | None = None


class User(Struct, frozen=True):
    """A person with access to Upsales. ``active`` is 1 or 0."""

    id: int
    active: bool | int = 1


class NamedUser(Struct, frozen=True):
    """A user with a name, for an administrator who chooses one; never logged or kept."""

    id: int
    name: str = ""
    active: bool | int = 1


class Stage(Struct, frozen=True):
    """A stage of the Sales board; ``probability`` in per cent is the default of orders moved there."""

    id: int
    probability: Decimal
    name: str = ""

    def __post_init__(self) -> None:
        check_number("probability", self.probability)


class Product(Struct, frozen=True):
    """A product; products can't be deleted, only made inactive."""

    id: int
    active: bool | int = 1


class NamedProduct(Struct, frozen=True):
    """A product with its name, for an administrator who chooses one."""

    id: int
    name: str = ""
    active: bool | int = 1


class Currency(Struct, frozen=True):
    """A currency of the account; ``rate`` is foreign units per unit of the master currency."""

    iso: str
    rate: Decimal
    active: bool | int = True

    def __post_init__(self) -> None:
        check_number("rate", self.rate)


class Company(Struct, frozen=True):
    """A company (``/accounts``); an inactive one can't get orders."""

    id: int
    name: str
    active: bool | int = True

    def __post_init__(self) -> None:
        force_setattr(self, "name", one_line(self.name))


class Contact(Struct, frozen=True):
    """A contact of a company; one e-mail address can sit on several."""

    id: int
    client: Reference | None = None
    email: str | None = None


class CustomField(Struct, frozen=True):
    """The definition of a custom field."""

    id: int
    name: str = ""
    alias: str | None = None
    datatype: str | None = None


class CustomValue(Struct, frozen=True):
    """The value of a custom field on an order; the type of ``value`` follows the field's datatype."""

    field_id: int = field(name="fieldId")
    value: Any = None


class IntegrationStatus(Struct, frozen=True):
    """What a connected app last said of an order. Status 1 is success; other codes are undocumented."""

    integration_id: int = field(name="integrationId")
    callback_date: dt.datetime | None = field(name="callbackDate", default=None)
    callback_status: int | None = field(name="callbackStatus", default=None)
    callback_message: str | None = field(name="callbackMessage", default=None)


class OrderRow(Struct, frozen=True):
    """One row; ``price`` is what one costs after discount."""

    quantity: Decimal
    price: Decimal
    product: Reference | None = None
    product_id: int | None = field(name="productId", default=None)

    def __post_init__(self) -> None:
        check_number("quantity", self.quantity)
        check_number("price", self.price)

    @property
    def product_key(self) -> int | None:
        """Id of the product, wherever the answer names it."""
        return self.product.id if self.product is not None else self.product_id


class WholeRow(OrderRow, frozen=True):
    """Everything in a row that is checked before it is sent back."""

    custom: list[CustomValue] | None = None


class Order(Struct, frozen=True):
    """An opportunity or order.

    ``rows_raw`` holds each row as Upsales sent it. ``close_date`` is the day on which the order came to 0 or
    100 per cent. ``modified_at`` and callback dates come from clocks that were seen an hour apart.
    """

    id: int
    probability: Decimal
    stage: Reference
    client: Reference
    user: Reference | None = None
    description: str | None = None
    date: dt.date | None = None
    close_date: dt.date | None = field(name="closeDate", default=None)
    modified_at: dt.datetime | None = field(name="modDate", default=None)
    notes: str | None = None
    contact: Reference | None = None
    project: Reference | None = None
    client_connection: Reference | None = field(name="clientConnection", default=None)
    currency: str | None = None
    currency_rate: Decimal | None = field(name="currencyRate", default=None)
    custom: list[CustomValue] = field(default_factory=list)
    rows_raw: list[Raw] = field(name="orderRow", default_factory=list)
    statuses: list[IntegrationStatus] | None = field(name="lastIntegrationStatus", default=None)
    competitor_id: int | None = field(name="competitorId", default=None)
    lost_reason: Any = field(name="lostReason", default=None)
    locked: bool | int | None = 0

    def __post_init__(self) -> None:
        check_number("probability", self.probability)
        check_number("currencyRate", self.currency_rate)
        for raw in self.rows_raw:
            # Checked now, while the answer can still be refused as a whole.
            decode(bytes(raw), WholeRow)

    def kept(self) -> Self:
        """A copy to keep: each ``Raw`` row otherwise keeps its whole page in memory."""
        return replace(self, rows_raw=[raw.copy() for raw in self.rows_raw])


class OrderBrief(Struct, frozen=True):
    """What a sweep over all orders reads of each: typed rows, and no notes, which would fill the memory."""

    id: int
    probability: Decimal
    stage: Reference | None = None
    description: str | None = None
    currency: str | None = None
    custom: list[CustomValue] = field(default_factory=list)
    rows: list[OrderRow] = field(name="orderRow", default_factory=list)

    def __post_init__(self) -> None:
        check_number("probability", self.probability)


class NotedOrder(OrderBrief, frozen=True):
    """The same with its notes; read them and drop them."""

    notes: str | None = None


class StandardIntegration(Struct, frozen=True):
    """An app of Upsales' directory."""

    id: int
    name: str = ""


class IntegrationSettings(Struct, frozen=True):
    """An app's settings in this account; ``config_json`` is JSON in a string and may hold credentials."""

    active: bool | int | None = None
    config_json: Any = field(name="configJson", default=None)


# --- what is sent ------------------------------------------------------------------------------------------


class Id(Struct, frozen=True):
    """A record named by its id alone."""

    id: int


class NewRow(Struct, frozen=True):
    """An order row as this package writes it: no discount, so the list price is the price."""

    quantity: Decimal
    price: Decimal
    list_price: Decimal = field(name="listPrice")
    product: Id


class OrderBody(Struct, frozen=True, omit_defaults=True):
    """The body of a created or saved order. What is not set is not sent."""

    description: str | None
    date: dt.date | None
    user: Id | None
    client: Id
    stage: Id
    probability: Decimal
    order_row: list[NewRow | dict[str, Any]] = field(name="orderRow")
    custom: list[CustomValue]
    notify: bool
    notes: str | UnsetType | None = UNSET
    contact: Id | UnsetType | None = UNSET
    project: Id | UnsetType = UNSET
    client_connection: Id | UnsetType = field(name="clientConnection", default=UNSET)
    currency: str | UnsetType = UNSET
    currency_rate: Decimal | UnsetType = field(name="currencyRate", default=UNSET)
    competitor_id: int | UnsetType = field(name="competitorId", default=UNSET)
    lost_reason: Any = field(name="lostReason", default=UNSET)


class NewCustomField(Struct, frozen=True):
    """A custom field to create.

    ``searchable`` is for Upsales' quick search and works for fields of companies only; lists are filtered by any field.
    """

    name: str
    alias: str
    datatype: str = "String"
    visible: int = 1
    editable: int = 1
    searchable: int = 0
    obligatory: int = field(name="obligatoryField", default=0)


class NewCompany(Struct, frozen=True):
    """A company to create."""

    name: str
    currency: str | UnsetType = UNSET

"""What settings can be chosen from, read from Upsales now."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from harvest_upsales.api.upsales_api import UpsalesClient
from harvest_upsales.domain.setup_checks import OWN_ALIASES


class UserChoice(Struct, frozen=True):
    """A user of Upsales; the name is shown to administrators, and kept nowhere."""

    id: int
    name: str
    active: bool


class StageChoice(Struct, frozen=True):
    """A stage of the Sales board, ``probability`` in per cent."""

    id: int
    name: str
    probability: Decimal


class ProductChoice(Struct, frozen=True):
    """A product."""

    id: int
    name: str
    active: bool


class AppChoice(Struct, frozen=True):
    """An app of Upsales' directory."""

    id: int
    name: str


class OrderFieldChoice(Struct, frozen=True):
    """A custom field on orders; ``id`` is the alias, which the setting takes."""

    id: str
    alias: str
    name: str


class ChoicesAnswer(Struct, frozen=True):
    """All lists, each in the order in which people search it; empty with a ``problem``."""

    users: list[UserChoice] = []
    stages: list[StageChoice] = []
    products: list[ProductChoice] = []
    billing_apps: list[AppChoice] = []
    order_fields: list[OrderFieldChoice] = []
    problem: str | None = None


def read_choices(upsales: UpsalesClient) -> ChoicesAnswer:
    """Ask Upsales for every list."""
    users = [UserChoice(user.id, user.name, bool(user.active)) for user in upsales.named_users()]
    stages = [StageChoice(stage.id, stage.name, stage.probability) for stage in upsales.order_stages()]
    products = [ProductChoice(each.id, each.name, bool(each.active)) for each in upsales.named_products()]
    apps = [AppChoice(app.id, app.name or f"App {app.id}") for app in upsales.standard_integrations()]
    fields = [
        OrderFieldChoice(each.alias, each.alias, each.name)
        for each in upsales.order_fields()
        if each.alias and each.alias not in OWN_ALIASES
    ]
    return ChoicesAnswer(
        users=sorted(users, key=lambda user: (not user.active, user.name.casefold())),
        stages=sorted(stages, key=lambda stage: (stage.probability, stage.id)),
        products=sorted(products, key=lambda product: (not product.active, product.name.casefold())),
        billing_apps=sorted(apps, key=lambda app: app.name.casefold()),
        order_fields=sorted(fields, key=lambda field: field.name.casefold()),
    )

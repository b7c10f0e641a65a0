"""Upsales' reading endpoints: orders, people, stages, products, currencies and apps."""

from sandbox.upsales.filters import listing
from sandbox.upsales.ordering import create_order, delete_order, update_order
from sandbox.upsales.records import API_USER
from sandbox.upsales.strictness import ok, record_of
from sandbox.web import Answer, Call, Route

ORDER_FILTERS = (
    "id", "description", "date", "closeDate", "regDate", "modDate", "notes", "probability", "value",
    "currency", "user.id", "user.name", "client.id", "client.name", "client.custom", "contact.id",
    "project.id", "stage.id", "stage.name", "custom", "locked", "orderRow.product.id", "product.id",
)  # fmt: skip
PRODUCT_FILTERS = ("id", "name", "active", "articleNo")
STAGE_FILTERS = ("id", "name", "probability", "exclude")
USER_FILTERS = ("id", "name", "email", "active", "ghost")


def get_self(call: Call) -> Answer:
    return Answer(200, {"errors": None, "data": {**API_USER, "administrator": 1, "active": 1}})


def list_orders(call: Call) -> Answer:
    return listing(call, call.world.upsales.orders.values(), ORDER_FILTERS)


def get_order(call: Call) -> Answer:
    return ok(record_of(call, call.world.upsales.orders, "order"))


def list_users(call: Call) -> Answer:
    return listing(call, call.world.upsales.users.values(), USER_FILTERS)


def get_user(call: Call) -> Answer:
    return ok(record_of(call, call.world.upsales.users, "user"))


def list_stages(call: Call) -> Answer:
    return listing(call, call.world.upsales.stages.values(), STAGE_FILTERS)


def get_stage(call: Call) -> Answer:
    return ok(record_of(call, call.world.upsales.stages, "orderstage"))


def list_products(call: Call) -> Answer:
    return listing(call, call.world.upsales.products.values(), PRODUCT_FILTERS)


def get_product(call: Call) -> Answer:
    return ok(record_of(call, call.world.upsales.products, "product"))


def list_currencies(call: Call) -> Answer:
    """Currencies come without metadata."""
    return ok(list(call.world.upsales.currencies.values()))


def list_integrations(call: Call) -> Answer:
    return listing(call, call.world.upsales.integrations.values(), ("id", "name", "active", "category"))


def get_integration_settings(call: Call) -> Answer:
    return ok(record_of(call, call.world.upsales.integration_settings, "standardIntegrationSettings"))


ROUTES: list[Route] = [
    ("GET", "/self", get_self),
    ("GET", "/users", list_users),
    ("GET", "/master/users/{id}", get_user),
    ("GET", "/orderstages", list_stages),
    ("GET", "/orderstages/{id}", get_stage),
    ("GET", "/products", list_products),
    ("GET", "/products/{id}", get_product),
    ("GET", "/currencies", list_currencies),
    ("GET", "/orders", list_orders),
    ("POST", "/orders", create_order),
    ("GET", "/opportunities", list_orders),
    ("POST", "/opportunities", create_order),
    ("GET", "/orders/{id}", get_order),
    ("PUT", "/orders/{id}", update_order),
    ("DELETE", "/orders/{id}", delete_order),
    ("GET", "/standardintegration", list_integrations),
    ("GET", "/standardintegrationsettings/{id}", get_integration_settings),
]

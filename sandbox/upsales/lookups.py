"""Upsales' other endpoints: people, companies, products, currencies, custom fields and apps."""

from sandbox.jsonio import Record
from sandbox.upsales.filters import listing
from sandbox.upsales.ordering import create_order, delete_order, update_order
from sandbox.upsales.records import API_USER, new_company, new_contact, new_field
from sandbox.upsales.strictness import body_of, deleted, ok, record_of, reference, refuse
from sandbox.web import Answer, Call, Route

ORDER_FILTERS = (
    "id", "description", "date", "closeDate", "regDate", "modDate", "notes", "probability", "value", "currency",
    "user.id", "user.name", "client.id", "client.name", "client.custom", "contact.id", "project.id", "stage.id",
    "stage.name", "custom", "locked", "orderRow.product.id", "product.id",
)  # fmt: skip
COMPANY_FILTERS = (
    "id", "name", "phone", "webpage", "active", "currency", "regDate", "modDate", "isExternal", "orgNo", "custom",
    "user.id", "dunsNo", "journeyStep",
)  # fmt: skip
CONTACT_FILTERS = ("id", "name", "email", "phone", "active", "client.id", "regDate", "modDate", "firstName", "lastName")
PRODUCT_FILTERS = ("id", "name", "active", "articleNo")
STAGE_FILTERS = ("id", "name", "probability", "exclude")
USER_FILTERS = ("id", "name", "email", "active", "ghost")
FIELD_FILTERS = ("id", "name", "alias", "datatype")
COMPANY_WRITABLE = (
    "name", "phone", "webpage", "notes", "active", "currency", "users", "custom", "orgNo", "addresses", "isExternal",
    "dunsNo", "fax", "parent",
)  # fmt: skip
CONTACT_WRITABLE = (
    "name", "firstName", "lastName", "email", "phone", "cellPhone", "title", "notes", "active", "client", "custom",
)  # fmt: skip
FIELD_WRITABLE = tuple(name for name in new_field(0) if name not in ("id", "integrationDependency")) + ("parFieldId",)
MAX_NAME = 100
DATATYPES = frozenset(
    "String Integer Currency Text Boolean Select Date Percent Email Link Discount Time User MultiSelect Calculation "
    "Phone".split()
)


def get_self(call: Call) -> Answer:
    return Answer(200, {"errors": None, "data": {**API_USER, "administrator": 1, "active": 1}})


def list_orders(call: Call) -> Answer:
    orders = call.world.upsales.orders.values()
    if not any(name == "product.id" for name, _ in call.query):
        return listing(call, orders, ORDER_FILTERS)
    # product.id is a short form of orderRow.product.id
    seen = [{**order, "product": [row["product"] for row in order["orderRow"]]} for order in orders]
    answer = listing(call, seen, ORDER_FILTERS)
    for record in answer.body["data"]:  # type: ignore[index]
        del record["product"]
    return answer


def get_order(call: Call) -> Answer:
    return ok(record_of(call, call.world.upsales.orders, "order"))


def list_companies(call: Call) -> Answer:
    return listing(call, call.world.upsales.companies.values(), COMPANY_FILTERS)


def get_company(call: Call) -> Answer:
    return ok(record_of(call, call.world.upsales.companies, "client"))


def create_company(call: Call) -> Answer:
    account = call.world.upsales
    body = body_of(call, COMPANY_WRITABLE, ("name",))
    _check_name(body)
    company = new_company(account.next_id("company"), body["name"], account.clock.upsales_stamp())
    company |= {**body, "regBy": dict(API_USER), "active": int(body.get("active", 1))}
    account.companies[company["id"]] = company
    return ok(company)


def update_company(call: Call) -> Answer:
    company = record_of(call, call.world.upsales.companies, "client")
    body = body_of(call, COMPANY_WRITABLE)
    if "name" in body:
        _check_name(body)
    company |= {**body, "modDate": call.world.clock.upsales_stamp()}
    return ok(company)


def _check_name(body: Record) -> None:
    if not isinstance(body["name"], str) or not 0 < len(body["name"]) <= MAX_NAME:
        refuse(f"Attribute is missing or too long: name (at most {MAX_NAME} characters)")


def list_contacts(call: Call) -> Answer:
    return listing(call, call.world.upsales.contacts.values(), CONTACT_FILTERS)


def create_contact(call: Call) -> Answer:
    account = call.world.upsales
    body = body_of(call, CONTACT_WRITABLE)
    company = account.companies.get(reference(body, "client"))
    if company is None:
        refuse("Unknown: client.id")
    name = body.get("name") or f"{body.get('firstName', '')} {body.get('lastName', '')}".strip()
    contact = new_contact(account.next_id("contact"), company, name, body.get("email", ""), account.clock.upsales_stamp())
    contact |= {key: value for key, value in body.items() if key not in ("client", "name")}
    account.contacts[contact["id"]] = contact
    return ok(contact)


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


def list_fields(call: Call) -> Answer:
    return listing(call, call.world.upsales.order_fields.values(), FIELD_FILTERS)


def create_field(call: Call) -> Answer:
    account = call.world.upsales
    body = _field_body(call, ("name", "datatype"), None)
    field = new_field(account.next_id("field"), **body)
    account.order_fields[field["id"]] = field
    return ok(field)


def update_field(call: Call) -> Answer:
    field = record_of(call, call.world.upsales.order_fields, "customfield")
    field |= _field_body(call, ("name", "datatype", "alias"), field["id"])
    return ok(field)


def _field_body(call: Call, required: tuple[str, ...], field_id: int | None) -> Record:
    body = body_of(call, FIELD_WRITABLE, required)
    if body["datatype"] not in DATATYPES:
        refuse("Invalid value for attribute: datatype")
    holder = call.world.upsales.field_id(body["alias"]) if body.get("alias") else None
    if holder not in (None, field_id):
        refuse("Alias is already in use: alias")
    for name in ("visible", "editable", "obligatoryField", "searchable"):
        if name in body:
            body[name] = int(bool(body[name]))
    return body


def delete_field(call: Call) -> Answer:
    account = call.world.upsales
    field = record_of(call, account.order_fields, "customfield")
    del account.order_fields[field["id"]]
    for order in account.orders.values():
        order["custom"] = [item for item in order["custom"] if item["fieldId"] != field["id"]]
    return deleted()


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
    ("GET", "/accounts", list_companies),
    ("POST", "/accounts", create_company),
    ("GET", "/accounts/{id}", get_company),
    ("PUT", "/accounts/{id}", update_company),
    ("GET", "/contacts", list_contacts),
    ("POST", "/contacts", create_contact),
    ("GET", "/currencies", list_currencies),
    ("GET", "/customfields/order", list_fields),
    ("POST", "/customfields/order", create_field),
    ("PUT", "/customfields/order/{id}", update_field),
    ("DELETE", "/customfields/order/{id}", delete_field),
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

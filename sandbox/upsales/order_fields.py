"""Upsales' custom fields of orders."""

from sandbox.jsonio import Record
from sandbox.upsales.filters import listing
from sandbox.upsales.records import new_field
from sandbox.upsales.strictness import body_of, deleted, ok, record_of, refuse
from sandbox.web import Answer, Call, Route

FIELD_FILTERS = ("id", "name", "alias", "datatype")
FIELD_WRITABLE = (
    *(name for name in new_field(0) if name not in ("id", "integrationDependency")),
    "parFieldId",
)
DATATYPES = frozenset(
    [
        "String",
        "Integer",
        "Currency",
        "Text",
        "Boolean",
        "Select",
        "Date",
        "Percent",
        "Email",
        "Link",
        "Discount",
        "Time",
        "User",
        "MultiSelect",
        "Calculation",
        "Phone",
    ]
)


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


ROUTES: list[Route] = [
    ("GET", "/customfields/order", list_fields),
    ("POST", "/customfields/order", create_field),
    ("PUT", "/customfields/order/{id}", update_field),
    ("DELETE", "/customfields/order/{id}", delete_field),
]

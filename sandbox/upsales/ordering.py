"""Writing orders over the API: what may be sent, what must be, and what a PUT leaves of the rest."""

from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.jsonio import Record, exact, is_number
from sandbox.upsales.board import UpsalesAccount
from sandbox.upsales.records import API_USER, new_order, new_row
from sandbox.upsales.strictness import body_of, check_fields, deleted, ok, record_of, reference, refuse
from sandbox.upsales.value import contact_brief, stage_brief, user_brief
from sandbox.web import Answer, Call

WRITABLE = (
    "description", "date", "notes", "user", "client", "contact", "project", "projects", "stage",
    "probability",
    "clientConnection", "currency", "currencyRate", "custom", "orderRow", "competitorId", "lostReason",
    "notify",
)  # fmt: skip
ROW_WRITABLE = (
    "id", "quantity", "price", "listPrice", "discount", "purchaseCost", "product", "productId", "bundleRows",
    "custom", "tierQuantity", "sortId", "bundleFixedPrice",
)  # fmt: skip
CUSTOM_WRITABLE = ("fieldId", "value", "valueInteger", "valueDouble", "valueArray", "valueDate", "orgNumber")
MAX_DESCRIPTION, MAX_NOTES, MAX_CUSTOM = 130, 65_535, 65_535
RESET_BY_WHOLE_PUT: Record = {
    "description": "", "notes": None, "contact": None, "project": None, "projects": [],
    "clientConnection": None,
    "custom": [], "orderRow": [], "competitorId": None, "lostReason": None,
}  # fmt: skip


def create_order(call: Call) -> Answer:
    account = call.world.upsales
    body = body_of(call, WRITABLE)
    for name in ("client", "user", "stage"):
        reference(body, name)
    if not body.get("date"):
        refuse("Missing required attribute: date")
    if not body.get("orderRow"):
        refuse("Missing required attribute: orderRow.product.id")
    order = new_order(0, account.clock.upsales_stamp()) | {"regBy": dict(API_USER)}
    body.setdefault("currency", account.master_currency)
    changes = _checked(call, order, body)
    order.update(changes, id=account.next_id("order"))
    account.orders[order["id"]] = order
    return _saved(account, order, body)


def update_order(call: Call) -> Answer:
    account = call.world.upsales
    order = record_of(call, account.orders, "order")
    body = body_of(call, WRITABLE)
    if order["locked"]:
        refuse("The order is locked")
    changes = _checked(call, order, body)
    if account.put_replaces_whole:
        reset = {name: value for name, value in RESET_BY_WHOLE_PUT.items() if name not in changes}
        if "probability" not in body:
            stage_id = (changes["stage"] if "stage" in changes else order["stage"])["id"]
            reset["probability"] = account.stages[stage_id]["probability"]
        changes = reset | changes
    order |= changes
    return _saved(account, order, body)


def delete_order(call: Call) -> Answer:
    order = record_of(call, call.world.upsales.orders, "order")
    call.world.upsales.delete_order(order["id"])
    return deleted()


def _saved(account: UpsalesAccount, order: Record, body: Record) -> Answer:
    account.saved(order, "api")
    if body.get("notify", True) is not False:
        account.notifications.append({"order_id": order["id"], "user_id": order["user"]["id"]})
    return ok(order)


def _checked(call: Call, order: Record, body: Record) -> Record:
    """The fields sent, as they are stored. Nothing is changed before all of them have passed."""
    account = call.world.upsales
    changes: Record = {}
    _texts(body, changes)
    _references(account, body, changes)
    _pipeline(account, order, body, changes)
    _currency(account, body, changes)
    if "custom" in body:
        changes["custom"] = _custom(call, order["custom"], body["custom"])
    if account.enforce_obligatory:
        _obligatory(account, changes["custom"] if "custom" in changes else order["custom"])
    for name in ("project", "projects", "clientConnection", "competitorId", "lostReason"):
        if name in body:
            changes[name] = body[name]
    if "orderRow" in body:
        changes["orderRow"] = _rows(call, body["orderRow"])
    return changes


def _texts(body: Record, changes: Record) -> None:
    for name, longest in (("description", MAX_DESCRIPTION), ("notes", MAX_NOTES)):
        if name in body:
            text = body[name]
            if text is not None and not isinstance(text, str):
                refuse(f"Invalid value for attribute: {name}")
            if len(text or "") > longest:
                refuse(f"Attribute is too long: {name} (at most {longest} characters)")
            changes[name] = text
    if "date" in body:
        try:
            changes["date"] = date.fromisoformat(str(body["date"])[:10]).isoformat()
        except ValueError:
            refuse("Invalid value for attribute: date")


def _references(account: UpsalesAccount, body: Record, changes: Record) -> None:
    if "client" in body:
        company = account.companies.get(reference(body, "client"))
        if company is None or not company["active"]:
            refuse("Unknown or inactive: client.id")
        changes["client"] = account.company_brief(company["id"])
    if "user" in body:
        user = account.users.get(reference(body, "user"))
        if user is None or not user["active"]:
            refuse("Unknown or inactive: user.id")
        changes["user"] = user_brief(account, user["id"])
    if "contact" in body:
        contact_id = None if body["contact"] is None else reference(body, "contact")
        if contact_id is not None and contact_id not in account.contacts:
            refuse("Unknown: contact.id")
        changes["contact"] = None if contact_id is None else contact_brief(account, contact_id)


def _pipeline(account: UpsalesAccount, order: Record, body: Record, changes: Record) -> None:
    """Stage and probability; without a probability, that of the stage sent."""
    if "stage" in body:
        stage = account.stages.get(reference(body, "stage"))
        if stage is None:
            refuse("Unknown: stage.id")
        changes["stage"] = stage_brief(account, stage["id"])
        changes["probability"] = stage["probability"]
    if "probability" in body:
        probability = body["probability"]
        if not isinstance(probability, int) or isinstance(probability, bool) or not 0 <= probability <= 100:
            refuse("Invalid value for attribute: probability")
        changes["probability"] = probability


def _currency(account: UpsalesAccount, body: Record, changes: Record) -> None:
    if "currency" in body:
        currency = account.currencies.get(str(body["currency"]))
        if currency is None or not currency["active"]:
            refuse("Unknown or inactive: currency")
        changes["currency"], changes["currencyRate"] = currency["iso"], currency["rate"]
    if "currencyRate" in body:
        rate = body["currencyRate"]
        if not is_number(rate) or rate <= 0:
            refuse("Invalid value for attribute: currencyRate")
        changes["currencyRate"] = exact(rate)


def _custom(call: Call, before: list[Record], sent: object) -> list[Record]:
    """The order's custom values after the list sent; an empty value takes the field's value away."""
    account = call.world.upsales
    if not isinstance(sent, list):
        refuse("Invalid value for attribute: custom")
    values: dict[int, Record] = (
        {} if account.custom_put_replaces else {item["fieldId"]: item for item in before}
    )
    for item in sent:
        field = account.order_fields.get(item.get("fieldId", 0)) if isinstance(item, dict) else None
        if field is None:
            refuse("Unknown: custom.fieldId")
        check_fields(call, item, CUSTOM_WRITABLE, "custom.")
        values.pop(field["id"], None)
        if item.get("value") not in (None, ""):
            values[field["id"]] = _custom_value(field, item["value"])
    return list(values.values())


def _custom_value(field: Record, value: object) -> Record:
    text = str(value)
    if len(text) > MAX_CUSTOM:
        refuse("Attribute is too long: custom.value")
    item: Record = {"value": text, "fieldId": field["id"]}
    if text.isascii() and text.isdigit() and len(text) < 10:
        item |= {"valueInteger": int(text), "valueDouble": int(text), "valueArray": [text]}
    return item


def _obligatory(account: UpsalesAccount, custom: list[Record]) -> None:
    given = {item["fieldId"] for item in custom}
    for field in account.order_fields.values():
        if field["obligatoryField"] and field["id"] not in given:
            refuse(f"Missing required attribute: custom {field['id']} ({field['name']})")


def _rows(call: Call, sent: object) -> list[Record]:
    """New rows with new ids: rows sent replace all rows, whether they name ids or not."""
    if not isinstance(sent, list):
        refuse("Invalid value for attribute: orderRow")
    if not sent:
        refuse("Missing required attribute: orderRow.product.id")
    checked = [_row(call, row, position) for position, row in enumerate(sent)]
    return [new_row(call.world.upsales, product, q, price, **rest) for product, q, price, rest in checked]


def _row(call: Call, row: object, position: int) -> tuple[int, Decimal, Decimal, Record]:
    account, where = call.world.upsales, f"orderRow[{position}]."
    if not isinstance(row, dict):
        refuse("Invalid value for attribute: orderRow")
    check_fields(call, row, ROW_WRITABLE, "orderRow.")
    product = account.products.get(reference(row, "product"))
    if product is None or not product["active"]:
        refuse(f"Unknown or inactive: {where}product.id")
    if row.get("productId", product["id"]) != product["id"]:
        refuse(f"Invalid value for attribute: {where}productId")
    quantity: Any = row.get("quantity", 1)
    price: Any = row.get("price", product["listPrice"])
    for name, number in (("quantity", quantity), ("price", price)):
        if not is_number(number):
            refuse(f"Invalid value for attribute: {where}{name}")
    kept = (
        "listPrice", "discount", "purchaseCost", "bundleRows", "custom", "tierQuantity", "sortId",
        "bundleFixedPrice",
    )  # fmt: skip
    return product["id"], exact(quantity), exact(price), {name: row[name] for name in kept if name in row}

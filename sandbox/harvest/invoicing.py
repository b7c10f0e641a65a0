"""Harvest's /invoices and their messages."""

from datetime import date, timedelta
from decimal import Decimal

from sandbox.harvest.account import HarvestAccount
from sandbox.harvest.imports import Import, bill, line_item, read_import
from sandbox.harvest.invoice_filters import FILTERS
from sandbox.harvest.listing import CURSOR_PAGING, by_page
from sandbox.harvest.strictness import (
    as_date,
    as_id,
    body_of,
    check_fields,
    not_found,
    query_of,
    refuse,
)
from sandbox.jsonio import Record, exact, is_number, rounded
from sandbox.web import Answer, Call, Refusal, Route

TEXTS = ("number", "purchase_order", "subject", "notes", "currency", "payment_term")
PERCENTAGES = ("tax", "tax2", "discount")
DATES = ("issue_date", "due_date")
EDITABLE = (
    "client_id", "retainer_id", "estimate_id", *TEXTS, *PERCENTAGES, *DATES, "payment_options", "line_items",
)  # fmt: skip
LINE_FIELDS = ("project_id", "kind", "description", "quantity", "unit_price", "taxed", "taxed2")


def _allowed(call: Call) -> None:
    account = call.world.harvest
    if not account.company["invoice_feature"] or account.me["access_roles"] == ["member"]:
        raise Refusal(403, {"message": "You don't have permission to use invoices"})


def invoice_of(call: Call) -> Record:
    _allowed(call)
    text = call.params["id"]
    invoice = call.world.harvest.invoices.get(int(text)) if text.isascii() and text.isdigit() else None
    if invoice is None:
        not_found()
    return invoice


def list_invoices(call: Call) -> Answer:
    _allowed(call)
    query = query_of(call, (*FILTERS, *CURSOR_PAGING))
    tests = [FILTERS[name](text) for name, text in query.items() if name in FILTERS]
    invoices = [
        invoice for invoice in call.world.harvest.invoices.values() if all(test(invoice) for test in tests)
    ]
    invoices.sort(key=_latest_first)
    return by_page(call, query, "invoices", invoices, _latest_first)


def _latest_first(invoice: Record) -> tuple[int, int]:
    return -date.fromisoformat(invoice["issue_date"]).toordinal(), -invoice["id"]


def get_invoice(call: Call) -> Answer:
    query_of(call, ())
    return Answer(200, invoice_of(call))


def post_invoice(call: Call) -> Answer:
    _allowed(call)
    body = body_of(call, (*EDITABLE, "line_items_import"), ("client_id",))
    client = call.world.harvest.clients.get(as_id("client_id", body["client_id"]))
    if client is None:
        refuse("client_id is invalid")
    taken = Import()
    if body.get("line_items_import") is not None:
        if body.get("line_items") is not None:
            refuse("line_items and line_items_import are mutually exclusive")
        taken = read_import(call, client["id"], body["line_items_import"])
    invoice = blank_invoice(call.world.harvest, client, taken.period)
    _apply(call, invoice, body)
    invoice["line_items"] += taken.lines
    total_up(invoice)
    call.world.harvest.invoices[invoice["id"]] = invoice
    bill(call.world.harvest, [*taken.entries, *taken.expenses], invoice)
    return Answer(201, invoice)


def blank_invoice(account: HarvestAccount, client: Record, period: tuple[str | None, str | None]) -> Record:
    """A draft without lines that no list holds yet, with the next number."""
    today = account.clock.today
    number, account.next_invoice_number = account.next_invoice_number, account.next_invoice_number + 1
    now, invoice_id = account.clock.harvest_stamp(), account.next_id("invoice")
    me = account.me
    return {
        "id": invoice_id, "client_key": f"{invoice_id:040x}", "number": str(number), "purchase_order": "",
        "amount": Decimal(0), "due_amount": Decimal(0), "tax": None, "tax_amount": Decimal(0), "tax2": None,
        "tax2_amount": Decimal(0), "discount": None, "discount_amount": Decimal(0), "subject": None,
        "notes": None,
        "state": "draft", "period_start": period[0], "period_end": period[1], "issue_date": today.isoformat(),
        "due_date": today.isoformat(), "payment_term": "upon receipt", "sent_at": None, "paid_at": None,
        "paid_date": None, "closed_at": None, "recurring_invoice_id": None, "created_at": now,
        "updated_at": now,
        "currency": client["currency"], "payment_options": [],
        "client": {"id": client["id"], "name": client["name"]}, "estimate": None, "retainer": None,
        "creator": {"id": me["id"], "name": f"{me['first_name']} {me['last_name']}"}, "line_items": [],
    }  # fmt: skip


def _apply(call: Call, invoice: Record, body: Record) -> None:
    """Write the fields sent, each checked for its type."""
    for name in (name for name in body if name in (*TEXTS, *PERCENTAGES, *DATES)):
        value = body[name]
        if name in DATES and value is not None:
            value = as_date(name, value)
        elif name in PERCENTAGES and value is not None:
            value = exact(value) if is_number(value) else refuse(f"{name} is invalid")
        elif value is not None and not isinstance(value, str):
            refuse(f"{name} is invalid")
        invoice[name] = value
    if (days := str(body.get("payment_term") or "").removeprefix("net ")).isdigit():
        issued = date.fromisoformat(invoice["issue_date"])
        invoice["due_date"] = (issued + timedelta(days=int(days))).isoformat()
    for position, line in enumerate(body.get("line_items") or []):
        invoice["line_items"].append(_free_line(call, invoice, line, position))


def _free_line(call: Call, invoice: Record, line: object, position: int) -> Record:
    if not isinstance(line, dict):
        refuse(f"line_items[{position}] is invalid")
    check_fields(call, line, LINE_FIELDS)
    price, quantity = line.get("unit_price"), line.get("quantity", 1)
    if not line.get("kind") or not is_number(price) or not is_number(quantity):
        refuse(f"line_items[{position}] needs a kind and a numeric unit_price")
    project = None
    if line.get("project_id") is not None:
        project = call.world.harvest.projects.get(as_id("project_id", line["project_id"]))
        if project is None or project["client"]["id"] != invoice["client"]["id"]:
            refuse(f"Project {line['project_id']} does not belong to this client")
    return line_item(
        call.world.harvest, project, line.get("description") or "", exact(quantity), exact(price or 0),
        line["kind"], bool(line.get("taxed")), bool(line.get("taxed2")),
    )  # fmt: skip


def total_up(invoice: Record) -> None:
    """Subtotal less discount, plus each tax on the lines that it applies to."""
    kept = 1 - (invoice["discount"] or Decimal(0)) / 100
    subtotal = sum((line["amount"] for line in invoice["line_items"]), Decimal(0))
    invoice["discount_amount"] = rounded(subtotal - subtotal * kept)
    for tax, applies in (("tax", "taxed"), ("tax2", "taxed2")):
        base = sum((line["amount"] for line in invoice["line_items"] if line[applies]), Decimal(0))
        invoice[f"{tax}_amount"] = rounded(base * kept * (invoice[tax] or Decimal(0)) / 100)
    total = subtotal - invoice["discount_amount"] + invoice["tax_amount"] + invoice["tax2_amount"]
    invoice["amount"] = invoice["due_amount"] = rounded(total)


def patch_invoice(call: Call) -> Answer:
    """Line items sent are added; what the invoice has billed stays billed."""
    invoice = invoice_of(call)
    body = body_of(call, EDITABLE)
    if body.get("client_id", invoice["client"]["id"]) != invoice["client"]["id"]:
        refuse("client_id can't be changed")
    _apply(call, invoice, body)
    total_up(invoice)
    call.world.harvest.touch(invoice)
    return Answer(200, invoice)


def delete_invoice(call: Call) -> Answer:
    """Deleting frees the time and expenses that the invoice had billed."""
    invoice, account = invoice_of(call), call.world.harvest
    records = [*account.time_entries.values(), *account.expenses.values()]
    bill(account, [r for r in records if (r["invoice"] or {}).get("id") == invoice["id"]], None)
    del account.invoices[invoice["id"]]
    return Answer(200, None)


ROUTES: list[Route] = [
    ("GET", "/invoices", list_invoices),
    ("POST", "/invoices", post_invoice),
    ("GET", "/invoices/{id}", get_invoice),
    ("PATCH", "/invoices/{id}", patch_invoice),
    ("DELETE", "/invoices/{id}", delete_invoice),
]

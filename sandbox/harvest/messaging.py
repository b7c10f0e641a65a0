"""Invoice messages: an event changes the invoice's state; without one, an e-mail goes out."""

from sandbox.harvest.invoicing import invoice_of
from sandbox.harvest.listing import PAGING, by_page
from sandbox.harvest.strictness import as_moment, body_of, query_of, refuse
from sandbox.jsonio import Record
from sandbox.web import Answer, Call, Route

FIELDS = (
    "event_type", "recipients", "subject", "body", "include_link_to_client_invoice", "attach_pdf",
    "send_me_a_copy", "thank_you",
)  # fmt: skip
# event → the states it starts from, the state it leads to
EVENTS = {
    "send": (("draft",), "open"),
    "close": (("open",), "closed"),
    "draft": (("open",), "draft"),
    "re-open": (("closed",), "open"),
}


def list_messages(call: Call) -> Answer:
    invoice = invoice_of(call)
    query = query_of(call, ("updated_since", *PAGING))
    messages = [m for m in call.world.harvest.messages.values() if m["invoice_id"] == invoice["id"]]
    if "updated_since" in query:
        since = as_moment("updated_since", query["updated_since"])
        messages = [m for m in messages if as_moment("updated_at", m["updated_at"]) >= since]
    views = [{k: v for k, v in m.items() if k != "invoice_id"} for m in reversed(messages)]
    return by_page(call, query, "invoice_messages", views)


def post_message(call: Call) -> Answer:
    invoice = invoice_of(call)
    body = body_of(call, FIELDS)
    event = body.get("event_type")
    if event is None:
        _email(call, invoice, body)
    else:
        _change_state(call, invoice, event)
    message = _message(call, invoice, body)
    return Answer(201, {key: value for key, value in message.items() if key != "invoice_id"})


def _email(call: Call, invoice: Record, body: Record) -> None:
    recipients = body.get("recipients")
    if not isinstance(recipients, list) or not recipients:
        refuse("recipients can't be blank")
    if not all(isinstance(r, dict) and "@" in str(r.get("email")) for r in recipients):
        refuse("recipients need an email")
    call.world.harvest.emails.append({"invoice_id": invoice["id"], "recipients": recipients})
    if invoice["state"] == "draft":
        _change_state(call, invoice, "send")


def _change_state(call: Call, invoice: Record, event: object) -> None:
    if event not in EVENTS:
        refuse(f"event_type must be one of {', '.join(EVENTS)}")
    starts, state = EVENTS[str(event)]
    if invoice["state"] not in starts:
        refuse(f"An invoice that is {invoice['state']} can't {event}")
    now = call.world.clock.harvest_stamp()
    invoice["state"] = state
    invoice["sent_at"] = None if state == "draft" else invoice["sent_at"] or now
    invoice["closed_at"] = now if state == "closed" else None
    call.world.harvest.touch(invoice)


def _message(call: Call, invoice: Record, body: Record) -> Record:
    account = call.world.harvest
    name, now = f"{account.me['first_name']} {account.me['last_name']}", account.clock.harvest_stamp()
    message = {
        "id": account.next_id("message"), "invoice_id": invoice["id"], "sent_by": name,
        "sent_by_email": account.me["email"], "sent_from": name, "sent_from_email": account.me["email"],
        "include_link_to_client_invoice": bool(body.get("include_link_to_client_invoice")),
        "send_me_a_copy": bool(body.get("send_me_a_copy")), "thank_you": bool(body.get("thank_you")),
        "reminder": False, "send_reminder_on": None, "created_at": now, "updated_at": now,
        "attach_pdf": bool(body.get("attach_pdf")), "event_type": body.get("event_type"),
        "recipients": body.get("recipients") or [], "subject": body.get("subject"), "body": body.get("body"),
    }  # fmt: skip
    account.messages[message["id"]] = message
    return message


ROUTES: list[Route] = [
    ("GET", "/invoices/{id}/messages", list_messages),
    ("POST", "/invoices/{id}/messages", post_message),
]

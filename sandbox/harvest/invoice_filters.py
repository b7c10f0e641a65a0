"""What Harvest's list of invoices may be filtered by."""

from collections.abc import Callable

from sandbox.harvest.strictness import as_date, as_id, as_moment, refuse
from sandbox.jsonio import Record

STATES = ("draft", "open", "paid", "closed")
Test = Callable[[Record], bool]


def _of_client(text: str) -> Test:
    wanted = as_id("client_id", text)
    return lambda invoice: bool(invoice["client"]["id"] == wanted)


def _of_project(text: str) -> Test:
    wanted = as_id("project_id", text)
    return lambda invoice: any((line["project"] or {}).get("id") == wanted for line in invoice["line_items"])


def _updated_since(text: str) -> Test:
    since = as_moment("updated_since", text)
    return lambda invoice: as_moment("updated_at", invoice["updated_at"]) >= since


def _issued_from(text: str) -> Test:
    first = as_date("from", text)
    return lambda invoice: bool(invoice["issue_date"] >= first)


def _issued_to(text: str) -> Test:
    last = as_date("to", text)
    return lambda invoice: bool(invoice["issue_date"] <= last)


def _in_state(text: str) -> Test:
    if text not in STATES:
        refuse("state is invalid")
    return lambda invoice: bool(invoice["state"] == text)


FILTERS: dict[str, Callable[[str], Test]] = {
    "client_id": _of_client,
    "project_id": _of_project,
    "updated_since": _updated_since,
    "from": _issued_from,
    "to": _issued_to,
    "state": _in_state,
}
"""Parameters of the list, each with the test that it makes of every invoice."""

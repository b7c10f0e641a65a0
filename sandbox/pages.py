"""Read-only pages of both web apps, at the addresses that links lead to: what a person would see there.

Harvest's are ``/projects/ID`` and ``/invoices/ID``; Upsales' is ``/``, with an anchor ``#/orders/ID`` for each order.
"""

from collections.abc import Iterable, Mapping
from html import escape

from fastapi import APIRouter, Response

from sandbox.world import World

STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
    "table{border-collapse:collapse}td,th{text-align:left;padding:.2rem .8rem;border-bottom:1px solid #8884}"
    "tr:target{outline:2px solid #f80}.number{text-align:right;font-variant-numeric:tabular-nums}"
)
# The pages hold nothing but themselves; names in them are text.
HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}


def page_router(world: World) -> APIRouter:
    """The routes outside ``/v2``, ``/api/v2`` and ``/control``."""
    router = APIRouter()

    @router.get("/projects/{project_id}")
    def project(project_id: int) -> Response:
        with world.lock:
            record = world.harvest.projects.get(project_id)
            client = record and world.harvest.clients[record["client"]["id"]]
            hours = sum(entry["hours"] for entry in world.harvest.entries_of(project_id))
        if record is None or client is None:
            return _missing("project", project_id)
        facts = {
            "Client": client["name"],
            "Code": record["code"],
            "State": "active" if record["is_active"] else "archived",
            "Hours": hours,
        }
        return _page(f"{record['name']} – Harvest", _facts(facts))

    @router.get("/invoices/{invoice_id}")
    def invoice(invoice_id: int) -> Response:
        with world.lock:
            record = world.harvest.invoices.get(invoice_id)
        if record is None:
            return _missing("invoice", invoice_id)
        facts = {
            "PO number": record["purchase_order"],
            "State": record["state"],
            "Amount": f"{record['amount']} {record['currency']}",
        }
        return _page(f"Invoice {record['number']} – Harvest", _facts(facts))

    @router.get("/")
    def orders() -> Response:
        with world.lock:
            rows = "".join(
                f'<tr id="/orders/{order["id"]}"><td>{order["id"]}</td><td>{_text(order["description"])}</td>'
                f'<td>{_text(order["stage"]["name"])}</td><td class="number">{_text(order["value"])}</td>'
                f"<td>{_text(order['currency'])}</td></tr>"
                for order in world.upsales.orders.values()
            )
        head = "<tr><th>Id</th><th>Description</th><th>Stage</th><th>Value</th><th>Currency</th></tr>"
        return _page("Orders – Upsales", f"<table>{head}{rows}</table>")

    return router


def _facts(facts: Mapping[str, object]) -> str:
    lines: Iterable[str] = (
        f"<tr><th>{_text(name)}</th><td>{_text(value)}</td></tr>" for name, value in facts.items()
    )
    return f"<table>{''.join(lines)}</table>"


def _text(value: object) -> str:
    return escape("" if value is None else str(value))


def _page(title: str, content: str, status: int = 200) -> Response:
    document = (
        f"<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><title>{_text(title)} (sandbox)</title>"
        f"<style>{STYLE}</style></head><body><h1>{_text(title)}</h1>{content}</body></html>"
    )
    return Response(document, status, HEADERS, "text/html; charset=utf-8")


def _missing(what: str, record_id: int) -> Response:
    return _page(f"There is no {what} {record_id}", "", 404)

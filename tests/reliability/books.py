"""Is anything doubled or lost? Read from the sandbox's own records; nothing is asked of the plugin."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sandbox.harvest.timesheet import is_uninvoiced
from sandbox.jsonio import rounded
from sandbox.minimal import PRODUCT_TIME
from sandbox.world import World

Record = dict[str, Any]
OUR_PURCHASE_ORDER = "upsales-order-"


@dataclass
class Findings:
    """What is wrong, in words; both lists are empty where all is well.

    :param duplicates: made, counted or billed more than once
    :param losses: time or money that stands nowhere, or with another sum
    """

    duplicates: list[str] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.duplicates or self.losses)


def audit(world: World, *, settled: bool = True) -> Findings:
    """Look for everything that must never be, whatever happened.

    :param settled: the run after the trouble went well: each uninvoiced sum has to stand in Upsales, and each won
        order has to be invoiced and marked. Before that only duplicates and wrong sums of invoices count.
    """
    with world.lock:
        found = Findings(duplicates=[*_made_twice(world), *_billed_twice(world)])
        found.losses += _wrong_invoices(world)
        if settled:
            found.losses += [*_not_in_upsales(world), *_not_settled(world)]
        return found


def keys(world: World) -> dict[int, str]:
    """``HARVEST_KEY`` by order id."""
    values = {
        order_id: world.upsales.custom_value(order_id, "HARVEST_KEY") for order_id in world.upsales.orders
    }
    return {order_id: value for order_id, value in values.items() if value}


def _own_keys(world: World) -> dict[int, str]:
    """Those of this Harvest account; another one may feed the same Upsales account."""
    prefix = f"{world.harvest.account_id}:"
    return {order_id: key for order_id, key in keys(world).items() if key.startswith(prefix)}


def _twice(things: Iterable[Any], what: str) -> list[str]:
    return [f"{count} {what} {thing}" for thing, count in Counter(things).items() if count > 1]


def _made_twice(world: World) -> list[str]:
    upsales = world.upsales
    return [
        *_twice(keys(world).values(), "opportunities with the key"),
        *_twice((company["name"] for company in upsales.companies.values()), "companies named"),
        *_twice(
            (f["alias"] for f in upsales.order_fields.values() if f["alias"]), "order fields with the alias"
        ),
    ]


def _billed_twice(world: World) -> list[str]:
    invoices = world.harvest.invoices.values()
    fees = [
        line["project"]["id"]
        for invoice in invoices
        for line in invoice["line_items"]
        if line["project"] and world.harvest.projects[line["project"]["id"]]["is_fixed_fee"]
    ]
    return [
        *_twice(
            (i["purchase_order"] for i in invoices if i["purchase_order"]),
            "Harvest invoices with the PO number",
        ),
        *_twice(fees, "invoice lines for the fixed fee of project"),
        *_twice((made["order_id"] for made in world.billing.customer_invoices), "customer invoices of order"),
    ]


def _wrong_invoices(world: World) -> list[str]:
    """Each of our invoices bills what its time entries are worth, and nothing else."""
    wrong = []
    for invoice in _ours(world):
        entries = [
            e for e in world.harvest.time_entries.values() if (e["invoice"] or {}).get("id") == invoice["id"]
        ]
        lines = sum((line["amount"] for line in invoice["line_items"]), Decimal(0))
        fixed = any(
            line["project"] and world.harvest.projects[line["project"]["id"]]["is_fixed_fee"]
            for line in invoice["line_items"]
        )
        worth = sum((e["rounded_hours"] * e["billable_rate"] for e in entries), Decimal(0))
        # Harvest rounds line by line.
        if not fixed and abs(lines - worth) > Decimal("0.01") * len(invoice["line_items"]):
            wrong.append(f"invoice {invoice['id']} bills {lines}, its time is worth {worth}")
    return wrong


def _ours(world: World) -> list[Record]:
    return [
        i
        for i in world.harvest.invoices.values()
        if (i["purchase_order"] or "").startswith(OUR_PURCHASE_ORDER)
    ]


def _not_in_upsales(world: World) -> list[str]:
    """Uninvoiced sums that no live opportunity of the project holds, and sums that nothing in Harvest stands behind."""
    wrong, held = [], _held(world)
    for project in world.harvest.projects.values():
        if project["is_fixed_fee"] or not project["is_billable"] or project["bill_by"] == "none":
            continue
        entries = [
            e for e in world.harvest.entries_of(project["id"]) if is_uninvoiced(e) and not e["is_running"]
        ]
        worth = sum((e["rounded_hours"] * (e["billable_rate"] or 0) for e in entries), Decimal(0))
        if held.get(project["id"], Decimal(0)) != worth:
            wrong.append(f"project {project['id']}: {worth} uninvoiced, {held.get(project['id'])} in Upsales")
    return wrong


def _held(world: World) -> dict[int, Decimal]:
    """What our rows of orders that are not invoiced add up to, exactly, by project."""
    held: dict[int, Decimal] = {}
    for order_id, key in _own_keys(world).items():
        if world.upsales.custom_value(order_id, "HARVEST_INVOICE"):
            continue
        rows = [
            row for row in world.upsales.orders[order_id]["orderRow"] if row["product"]["id"] == PRODUCT_TIME
        ]
        worth = sum((Decimal(row["quantity"]) * Decimal(row["price"]) for row in rows), Decimal(0))
        project_id = int(key.split(":")[1])
        held[project_id] = held.get(project_id, Decimal(0)) + worth
    return held


def _not_settled(world: World) -> list[str]:
    wrong = []
    marks = {
        order_id: world.upsales.custom_value(order_id, "HARVEST_INVOICE") for order_id in _own_keys(world)
    }
    for invoice in _ours(world):
        order_id = int(invoice["purchase_order"].removeprefix(OUR_PURCHASE_ORDER))
        if marks.get(order_id) != str(invoice["id"]):
            wrong.append(f"invoice {invoice['id']} stands on no order")
    billed = {made["order_id"]: Decimal(made["amount"]) for made in world.billing.customer_invoices}
    for order_id, mark in marks.items():
        order = world.upsales.orders[order_id]
        if order["probability"] != 100:
            continue
        if not mark:
            wrong.append(f"order {order_id} is won and not invoiced")
            continue
        invoice = world.harvest.invoices.get(int(mark))
        if invoice is None:
            wrong.append(f"order {order_id} names the invoice {mark}, which is gone")
            continue
        lines = sum((line["amount"] for line in invoice["line_items"]), Decimal(0))
        if abs(rounded(Decimal(order["value"])) - lines) > Decimal("0.01") * len(invoice["line_items"]):
            wrong.append(f"order {order_id} is worth {order['value']}, its invoice {lines}")
        if world.billing.connected and order_id in billed and billed[order_id] != order["value"]:
            wrong.append(
                f"order {order_id} is worth {order['value']}, the customer was billed {billed[order_id]}"
            )
    return wrong

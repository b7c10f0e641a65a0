"""What a release left behind in both services and in Airflow, recorded with that release's own code.

``release_0_1_0.json``: an hourly project with a note of a salesperson's above ours, a fixed fee, a won order that is
not settled yet, a settled one, a lost one with time; and what its tasks handed on to each other (XComs).
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from sandbox.jsonio import decode
from sandbox.world import World

FIRST_RELEASE = Path(__file__).with_name("release_0_1_0.json")
# Which records of the two accounts have ids of which sequence.
HARVEST_IDS = {
    "client": "clients",
    "project": "projects",
    "time_entry": "time_entries",
    "invoice": "invoices",
}
UPSALES_IDS = {"company": "companies", "order": "orders", "field": "order_fields"}
# The settings of the first release, each one, as its documentation gave them.
SETTINGS: dict[str, Any] = {
    "company_map": {},
    "create_missing_companies": False,
    "write_time_to_notes": True,
    "approved_time_only": False,
    "opportunity_per": "project",
    "late_time": "include",
    "archive_invoiced_projects": True,
    "invoice_state": "draft",
    "billing_integration_id": 284,
    "billing_reference_field": "FORTNOX_ID",
    "billing_timeout_minutes": 60,
    "reopened_orders": "report",
    "batch_size": 100,
}


def read_recorded(path: Path = FIRST_RELEASE) -> dict[str, Any]:
    """The whole record; money and hours are ``Decimal``."""
    return dict(decode(path.read_bytes()))


def world_of(recorded: dict[str, Any]) -> World:
    """Both services as the release left them, an hour later."""
    world = World.new(dt.date.fromisoformat(recorded["today"]))
    for service in ("harvest", "upsales"):
        account = getattr(world, service)
        for collection, records in recorded[service].items():
            kept = {int(key) if key.isdigit() else key: record for key, record in records.items()}
            getattr(account, collection).clear()
            getattr(account, collection).update(kept)
    _go_on_counting(world)
    world.billing.customer_invoices.extend(recorded["customer_invoices"])
    world.billing.delay_s = 0
    world.clock.advance(dt.timedelta(hours=1))
    return world


def _go_on_counting(world: World) -> None:
    """New records get ids after the recorded ones."""
    for account, sequences in ((world.harvest, HARVEST_IDS), (world.upsales, UPSALES_IDS)):
        for kind, collection in sequences.items():
            last = max(getattr(account, collection), default=0)
            while account.next_id(kind) < last:
                pass
    rows = [row["id"] for order in world.upsales.orders.values() for row in order["orderRow"]]
    while world.upsales.next_id("order_row") < max(rows):
        pass

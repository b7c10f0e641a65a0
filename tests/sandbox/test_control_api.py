"""The control API and the command line: people, switches and the journal from another process."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from sandbox.world import World
from tests.sandbox.service_client import HARVEST_HEADERS, Service

ROOT = Path(__file__).parents[2]


def test_people_work_in_both_services(control: Service, world: World, project_id: int) -> None:
    company = control.post("/people/add_company", {"name": "Kund AB"}).json()["result"]
    order = control.post("/people/add_order", {"company_id": company, "stage_id": 11}).json()["result"]
    control.post("/people/add_row", {"order_id": order, "product_id": 2, "quantity": 2, "price": 10.5})
    control.post("/people/edit_order", {"order_id": order, "user": 1, "notes": "Ring!"})
    control.post("/people/move_order", {"order_id": order, "stage_id": 7})
    record = world.upsales.orders[order]
    assert (str(record["value"]), record["probability"], record["notes"]) == ("21", 0, "Ring!")
    entry = {"project_id": project_id, "spent_date": "2026-11-20", "hours": 1.25}
    entry_id = control.post("/people/add_time", entry).json()["result"]
    control.post("/people/edit_time", {"entry_id": entry_id, "hours": 2.5})
    assert str(world.harvest.time_entries[entry_id]["hours"]) == "2.5"
    (shown,) = control.get("/state/harvest/time_entries").json()
    assert shown["id"] == entry_id
    control.post("/people/delete_time", {"entry_id": entry_id})
    control.post("/people/delete_order", {"order_id": order})
    assert (world.harvest.time_entries, world.upsales.orders) == ({}, {})


def test_switches_reach_their_service(control: Service, world: World) -> None:
    wish = {"harvest": {"hide_rates": True}, "upsales": {"put_replaces_whole": True}}
    assert control.post("/switches", wish).status_code == 200
    assert world.harvest.hide_rates
    assert world.upsales.put_replaces_whole
    control.post(
        "/billing", {"mode": "fail", "delay_s": 0.5, "clock_behind_hours": 1, "orders": {"7": "silent"}}
    )
    assert (world.billing.mode, world.billing.order_modes) == ("fail", {7: "silent"})


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/switches", {"upsales": {"colour": 1}}), ("/people/dance", {}), ("/people/move_order",
        {"order_id": 1}),
        ("/faults", {"kind": "fire"}), ("/faults", {"kind": "status", "colour": 1}),
    ],
)  # fmt: skip
def test_what_it_does_not_know_is_refused(control: Service, path: str, body: dict[str, object]) -> None:
    answer = control.post(path, body)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_faults_come_and_go(control: Service, upsales: Service) -> None:
    control.post("/faults", [{"kind": "status", "service": "upsales", "status": 503}])
    assert upsales.get("/users").status_code == 503
    control.delete("/faults")
    assert upsales.get("/users").status_code == 200


def test_the_journal_tells_writes_that_took_effect(
    control: Service, upsales: Service, order_body: dict[str, object]
) -> None:
    upsales.post("/orders", order_body)
    upsales.post("/orders", {})
    upsales.get("/orders", colour="red")
    entries = control.get("/journal").json()
    assert [(e["method"], e["status"], e["is_write"], e["took_effect"]) for e in entries] == [
        ("POST", 200, True, True), ("POST", 400, True, False), ("GET", 400, False, False),
    ]  # fmt: skip
    assert entries[0]["body"]["date"] == "2026-11-30"
    assert control.get("/journal", since=2).json() == entries[2:]
    assert [violation["sequence"] for violation in control.get("/violations").json()] == [3]


def test_collections_can_be_looked_at(control: Service) -> None:
    assert len(control.get("/state/upsales/stages").json()) == 6
    assert control.get("/state/harvest/company").json()["invoice_feature"] is True
    assert control.get("/state/harvest/secrets").status_code == 400


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_the_command_serves_until_it_is_told_to_stop(signum: signal.Signals) -> None:
    command = [sys.executable, "-m", "sandbox", "--empty", "--today", "2026-11-22", "--no-rate-limit"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, env={**os.environ}) as process:
        try:
            assert process.stdout is not None
            urls = json.loads(process.stdout.readline())
            assert set(urls) == {"harvest", "upsales", "control"}
            answer = requests.get(f"{urls['harvest']}/users/me", headers=HARVEST_HEADERS, timeout=5)
            assert answer.status_code == 200
            assert requests.get(f"{urls['control']}/today", timeout=5).json() == {"today": "2026-11-22"}
            process.send_signal(signum)
            assert process.wait(timeout=10) == 0
        finally:
            process.kill()


def test_any_record_can_be_set(control: Service, world: World, project_id: int) -> None:
    wish = {"service": "harvest", "collection": "projects", "id": project_id, "hourly_rate": None}
    assert control.post("/people/set", wish).status_code == 200
    assert world.harvest.projects[project_id]["hourly_rate"] is None
    assert control.post("/people/set", {**wish, "id": 1}).status_code == 400

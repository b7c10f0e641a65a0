"""Harvest's invoices: what they bill and lock, how they are freed, and the uninvoiced report beside them."""

from decimal import Decimal
from typing import Any

import pytest

from sandbox.jsonio import decode
from sandbox.world import World
from tests.sandbox.service_client import Service


def imported(world: World, project_id: int, summary: str = "project", **time: str) -> dict[str, Any]:
    client_id = world.harvest.projects[project_id]["client"]["id"]
    wish = {"project_ids": [project_id], "time": {"summary_type": summary, **time}}
    return {"client_id": client_id, "line_items_import": wish, "purchase_order": "upsales-order-7"}


def report(
    harvest: Service, first: str = "20251123", last: str = "20261122", **more: str
) -> list[dict[str, Any]]:
    answer = harvest.get("/reports/uninvoiced", **{"from": first, "to": last, **more})
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = decode(answer.content)["results"]
    return results


def test_importing_bills_and_locks_what_can_be_billed(
    harvest: Service, world: World, project_id: int
) -> None:
    add = world.harvest.add_time
    taken = [add(project_id, "2026-11-03", "7.25"), add(project_id, "2026-11-04", 1, is_closed=True)]
    left = [add(project_id, "2026-11-04", 3, billable=False)]
    invoice = decode(harvest.post("/invoices", imported(world, project_id)).content)
    assert (invoice["state"], invoice["purchase_order"]) == ("draft", "upsales-order-7")
    assert [(line["quantity"], line["unit_price"]) for line in invoice["line_items"]] == [
        (Decimal("8.25"), Decimal("1250.5"))
    ]
    assert invoice["amount"] == Decimal("10316.63")
    assert (invoice["period_start"], invoice["period_end"]) == ("2026-11-03", "2026-11-04")
    for entry_id in taken:
        entry = world.harvest.time_entries[entry_id]
        assert entry["is_billed"]
        assert entry["is_locked"]
        assert "Invoiced" in entry["locked_reason"]
        assert entry["invoice"] == {"id": invoice["id"], "number": invoice["number"]}
    assert not world.harvest.time_entries[left[0]]["is_billed"]


@pytest.mark.parametrize(("summary", "lines"), [("project", 2), ("task", 3), ("people", 2), ("detailed", 4)])
def test_lines_follow_the_summary_and_the_rate(
    harvest: Service, world: World, project_id: int, summary: str, lines: int
) -> None:
    first, second = list(world.harvest.tasks)[:2]
    for task, rate in ((first, 100), (first, 100), (second, 100), (second, 120)):
        world.harvest.add_time(project_id, "2026-11-03", 1, task=task, rate=rate)
    assert len(harvest.post("/invoices", imported(world, project_id, summary)).json()["line_items"]) == lines


def test_a_month_takes_only_its_own_time(harvest: Service, world: World, project_id: int) -> None:
    october, november = (world.harvest.add_time(project_id, day, 1) for day in ("2026-10-31", "2026-11-01"))
    month = {"from": "2026-10-01", "to": "2026-10-31"}
    assert harvest.post("/invoices", imported(world, project_id, **month)).status_code == 201
    assert world.harvest.time_entries[october]["is_billed"]
    assert not world.harvest.time_entries[november]["is_billed"]


def test_what_can_not_be_invoiced_is_refused(harvest: Service, world: World, project_id: int) -> None:
    refused = harvest.post("/invoices", imported(world, project_id))
    assert "no uninvoiced" in refused.json()["message"]
    world.harvest.add_time(project_id, "2026-11-03", 1)
    assert harvest.post("/invoices", imported(world, project_id, **{"from": "2026-11-01"})).status_code == 422
    other = imported(world, project_id) | {"client_id": world.harvest.add_client("Annan AB")}
    assert "does not belong" in harvest.post("/invoices", other).json()["message"]
    timer = world.harvest.add_time(project_id, "2026-11-03", 1, is_running=True)
    assert "running timer" in harvest.post("/invoices", imported(world, project_id)).json()["message"]
    assert world.harvest.invoices == {}
    world.harvest.stop_timer(timer)
    assert harvest.post("/invoices", imported(world, project_id)).status_code == 201


@pytest.mark.parametrize("bumps", [False, True])
def test_whether_invoicing_touches_the_entries_is_a_switch(
    harvest: Service, world: World, project_id: int, bumps: bool
) -> None:
    world.harvest.invoicing_bumps_updated_at = bumps
    with world.clock.frozen(world.clock.now().replace(day=1)):
        entry_id = world.harvest.add_time(project_id, "2026-11-01", 1)
    before = world.harvest.time_entries[entry_id]["updated_at"]
    harvest.post("/invoices", imported(world, project_id))
    assert (world.harvest.time_entries[entry_id]["updated_at"] != before) == bumps


def test_deleting_the_invoice_frees_its_time(harvest: Service, world: World, project_id: int) -> None:
    entry_id = world.harvest.add_time(project_id, "2026-11-01", 1)
    invoice = harvest.post("/invoices", imported(world, project_id)).json()
    assert report(harvest)[0]["uninvoiced_amount"] == 0
    assert harvest.delete(f"/invoices/{invoice['id']}").status_code == 200
    entry = world.harvest.time_entries[entry_id]
    assert (entry["is_billed"], entry["is_locked"], entry["invoice"]) == (False, False, None)
    assert report(harvest)[0]["uninvoiced_amount"] == Decimal("1250.5")


def test_an_archived_project_can_still_be_invoiced(harvest: Service, world: World, project_id: int) -> None:
    world.harvest.add_time(project_id, "2026-11-01", 1)
    harvest.patch(f"/projects/{project_id}", {"is_active": False})
    assert harvest.post("/invoices", imported(world, project_id)).status_code == 201


def test_invoices_are_found_by_project_client_and_state(
    harvest: Service, world: World, project_id: int
) -> None:
    world.harvest.add_time(project_id, "2026-11-01", 1)
    invoice = harvest.post("/invoices", imported(world, project_id)).json()
    for params in ({"project_id": project_id}, {"client_id": invoice["client"]["id"]}, {"state": "draft"}):
        assert [i["id"] for i in harvest.get("/invoices", **params).json()["invoices"]] == [invoice["id"]]
    assert harvest.get("/invoices", state="open").json()["invoices"] == []


def test_events_change_the_state_and_mail_nobody(harvest: Service, world: World, project_id: int) -> None:
    world.harvest.add_time(project_id, "2026-11-01", 1)
    messages = f"/invoices/{harvest.post('/invoices', imported(world, project_id)).json()['id']}/messages"
    invoice = next(iter(world.harvest.invoices.values()))
    for event, state in (("send", "open"), ("close", "closed"), ("re-open", "open"), ("draft", "draft")):
        assert harvest.post(messages, {"event_type": event}).status_code == 201
        assert invoice["state"] == state
    assert harvest.post(messages, {"event_type": "close"}).status_code == 422
    assert world.harvest.emails == []
    assert len(harvest.get(messages).json()["invoice_messages"]) == 4


def test_a_message_without_event_is_an_email(harvest: Service, world: World, project_id: int) -> None:
    world.harvest.add_time(project_id, "2026-11-01", 1)
    messages = f"/invoices/{harvest.post('/invoices', imported(world, project_id)).json()['id']}/messages"
    assert harvest.post(messages, {"subject": "Faktura"}).status_code == 422
    assert harvest.post(messages, {"recipients": [{"email": "kund@kund.example"}]}).status_code == 201
    assert len(world.harvest.emails) == 1


def test_without_the_invoice_feature_nothing_is_invoiced(harvest: Service, world: World) -> None:
    world.harvest.company["invoice_feature"] = False
    assert harvest.get("/invoices").status_code == 403


def test_a_fixed_fee_is_invoiced_by_a_free_line_and_its_hours_stay(harvest: Service, world: World) -> None:
    client_id = world.harvest.add_client("Kund AB", currency="EUR")
    project_id = world.harvest.add_project(
        client_id, "Fast pris", is_fixed_fee=True, fee="9000.50", bill_by="none", starts_on="2026-02-01"
    )
    entry_id = world.harvest.add_time(project_id, "2026-11-01", 5)
    assert report(harvest)[0]["uninvoiced_amount"] == Decimal("9000.5")
    assert report(harvest, "20260101", "20260131") == []
    assert report(harvest, include_fixed_fee="false") == []
    assert harvest.post("/invoices", imported(world, project_id)).status_code == 422
    line = {"kind": "Service", "unit_price": 9000.5, "project_id": project_id, "description": "Fast pris"}
    invoice = harvest.post("/invoices", {"client_id": client_id, "line_items": [line], "tax": 25}).json()
    assert (invoice["amount"], invoice["currency"]) == (9000.5, "EUR")  # the line is not taxed
    assert report(harvest)[0]["uninvoiced_amount"] == 0
    assert not world.harvest.time_entries[entry_id]["is_billed"]


def test_discount_and_tax_make_the_total(harvest: Service, world: World) -> None:
    body = {
        "client_id": world.harvest.add_client("Kund AB"), "tax": 25, "discount": 10,
        "line_items": [{"kind": "Service", "unit_price": 100, "quantity": 3, "taxed": True}],
    }  # fmt: skip
    invoice = harvest.post("/invoices", body).json()
    assert (invoice["discount_amount"], invoice["tax_amount"], invoice["amount"]) == (30, 67.5, 337.5)


def test_the_report_sums_exactly_and_rounds_once(harvest: Service, world: World, project_id: int) -> None:
    for _ in range(3):
        world.harvest.add_time(project_id, "2026-11-01", "0.1", rate="0.35")  # 0.035 each, 0.105 together
    world.harvest.add_time(project_id, "2026-11-01", 5, billable=False)
    world.harvest.add_expense(project_id, "2026-11-02", "99.90")
    line = report(harvest)[0]
    assert line["uninvoiced_amount"] == Decimal("100.01")
    assert (line["uninvoiced_hours"], line["total_hours"]) == (Decimal("0.3"), Decimal("5.3"))


def test_the_report_takes_both_forms_of_a_date_and_at_most_a_year(harvest: Service) -> None:
    assert report(harvest, "2025-11-23", "20261122") == []
    refused = harvest.get("/reports/uninvoiced", **{"from": "20251122", "to": "20261122"})
    assert refused.status_code == 400
    assert refused.json()["message"] == "Invalid timeframe: must not exceed 1 year"
    assert harvest.get("/reports/uninvoiced", **{"from": "20251122"}).status_code == 400

"""Whatever happens to a write, a second try ends with one opportunity, one invoice, each hour billed once."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from harvest_upsales.errors import HarvestUpsalesError
from tests.flows.run_harness import BILLED, Bench

WRITES = {
    "create a field": ("first sync", "POST", r"^/customfields/order$"),
    "create a company": ("first sync", "POST", "^/accounts$"),
    "create an opportunity": ("first sync", "POST", "^/orders$"),
    "update an opportunity": ("update", "PUT", r"^/orders/\d+$"),
    "create an invoice": ("settlement", "POST", "^/invoices$"),
    "mark an invoice as sent": ("settlement", "POST", r"^/invoices/\d+/messages$"),
    "archive a project": ("settlement", "PATCH", r"^/projects/\d+$"),
    "mark an order": ("settlement", "PUT", r"^/orders/\d+$"),
}
FAULTS: dict[str, dict[str, Any]] = {
    "cut before": {"kind": "cut_before"},
    "cut after": {"kind": "cut_after"},
    "500 before": {"kind": "status", "status": 500},
    "500 after": {"kind": "status", "status": 500, "processed": True},
    "502 after": {"kind": "status", "status": 502, "processed": True},
    "503 before": {"kind": "status", "status": 503},
    "503 after": {"kind": "status", "status": 503, "processed": True},
    "504 after": {"kind": "status", "status": 504, "processed": True},
    "429": {"kind": "status", "status": 429, "headers": {"Retry-After": "3"}},
    "half an answer": {"kind": "truncate"},
    "HTML after": {"kind": "html200", "processed": True},
    "HTML before": {"kind": "html200"},
    "nothing in the answer": {"kind": "empty_envelope"},
}
SETTINGS = {"create_missing_companies": True, "invoice_state": "sent", **BILLED}


def try_a_run(bench: Bench) -> None:
    """A run that may fail anywhere, as its tasks then do."""
    with suppress(HarvestUpsalesError):
        bench.run(**SETTINGS)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("write", WRITES)
def test_a_second_try_completes_what_the_first_began(bench: Bench, write: str, fault: str) -> None:
    world = bench.world
    when, method, path = WRITES[write]

    def begin(step: str) -> None:
        if step == when:
            world.faults.add(**FAULTS[fault], method=method, path=path, times=1)
        try_a_run(bench)
        try_a_run(bench)

    project = bench.add_project(client=world.harvest.add_client("Nykund AB"))
    bench.add_time(project, 2)
    bench.add_time(project, "0.5", rate=2500)
    begin("first sync")
    bench.add_time(project, 1)
    begin("update")
    order = int(bench.order_of(project)["id"])
    bench.win(order)
    begin("settlement")
    last = bench.run(**SETTINGS)

    assert sum(rule.fired for rule in world.faults.rules) == 1
    assert last.failures == []
    assert last.errors == {}
    assert len(world.upsales.orders) == 1
    assert sorted(
        f["alias"] for f in world.upsales.order_fields.values() if f["alias"].startswith("HARVEST")
    ) == [
        "HARVEST_INVOICE",
        "HARVEST_KEY",
    ]
    assert [company["name"] for company in world.upsales.companies.values()] == ["Nykund AB"]
    (invoice,) = bench.invoices()
    assert (invoice["amount"], invoice["state"]) == (4250, "open")
    assert {e["invoice"]["id"] for e in world.harvest.entries_of(project)} == {invoice["id"]}
    assert bench.invoice_field(order) == str(invoice["id"])
    assert world.harvest.projects[project]["is_active"] is False
    assert world.harvest.emails == []
    assert [customer["amount"] for customer in world.billing.customer_invoices] == [4250]
    assert last.drifts == {}
    assert bench.run(**SETTINGS).writes == []


@pytest.mark.parametrize("fault", ["cut before", "500 before", "half an answer", "nothing in the answer"])
def test_reads_are_simply_repeated(bench: Bench, fault: str) -> None:
    project = bench.add_project()
    bench.add_time(project, 2)
    bench.world.faults.add(**FAULTS[fault], method="GET", every=3)
    bench.run()
    order = bench.order_of(project)["id"]
    bench.win(order)
    run = bench.run()
    assert run.errors == {}
    assert len(bench.invoices()) == 1


def test_a_service_that_is_down_fails_without_a_write(bench: Bench) -> None:
    bench.add_time(bench.add_project(), 2)
    bench.world.faults.add(kind="status", status=503, service="upsales", method="POST", path="^/orders$")
    run = bench.run()
    assert len(run.failures) == 1
    assert bench.world.upsales.orders == {}

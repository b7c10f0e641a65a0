"""The Harvest invoice of a settled order is deleted by a person: the run says so, and what to do about it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from harvest_upsales.domain.reconciliation import ProjectBalance
from harvest_upsales.errors import SettlementHeldError
from harvest_upsales.flows.settle import settle_order
from sandbox.minimal import STAGE_VERBAL_AGREEMENT
from tests.flows.run_harness import BILLED, Bench, Run

MONTHS = {"opportunity_per": "month", "archive_invoiced_projects": False}


def settled(bench: Bench, name: str = "Webb", **settings: Any) -> tuple[int, int]:
    """Ids of a project whose order was just settled, and of that order."""
    project = bench.add_project(name)
    bench.add_time(project, 2)
    bench.run(**settings)
    order = int(bench.order_of(project)["id"])
    bench.win(order)
    assert bench.run(**settings).errors == {}
    return project, order


def delete_invoice(bench: Bench, order: int) -> int:
    """Somebody deletes the order's invoice in Harvest: its time is uninvoiced again."""
    invoice = int(bench.invoice_field(order) or 0)
    bench.harvest.delete_invoice(invoice)
    return invoice


def the_drift(run: Run) -> ProjectBalance:
    assert run.reconciled is not None
    (line,) = run.reconciled.drifts
    return line


@pytest.mark.parametrize("settings", [{}, BILLED, {"approved_time_only": True}], ids=str)
def test_it_is_told_and_invoiced_anew_once_the_field_is_cleared(
    bench: Bench, settings: dict[str, Any]
) -> None:
    project, order = settled(bench)
    invoice = delete_invoice(bench, order)

    for window in (bench.quiet, bench.last_hour, bench.night):
        run = bench.run(window, **settings)
        line = the_drift(run)
        assert run.drifts == {project: "invoice gone"}
        assert f"Harvest invoice {invoice} of order {order} is gone" in line.cause
        assert "Clear HARVEST_INVOICE" in line.cause
        assert run.reconciled is not None
        assert run.reconciled.gone == {order: line.cause}

    bench.world.upsales.set_custom(order, "HARVEST_INVOICE", None)
    for entry in bench.world.harvest.entries_of(project):
        entry["is_closed"] = True
    run = bench.run(**settings)
    (made,) = bench.invoices()
    assert run.errors == run.drifts == {}
    assert bench.invoice_field(order) == str(made["id"])
    assert len(bench.world.billing.customer_invoices) == 1


def test_a_fixed_fee_s_too(bench: Bench) -> None:
    project = bench.add_project(is_fixed_fee=True, fee=80_000, hourly_rate=None)
    bench.add_time(project, 2)
    bench.run()
    order = int(bench.order_of(project)["id"])
    bench.win(order)
    bench.run()
    delete_invoice(bench, order)
    assert bench.run(bench.quiet).drifts == {project: "invoice gone"}


def test_a_settled_month_s_is_told_beside_an_open_one(bench: Bench) -> None:
    project, september = settled(bench, **MONTHS)
    day = bench.world.today.replace(day=1) - dt.timedelta(days=20)
    bench.world.harvest.add_time(project, day, 3)
    bench.run(**MONTHS)
    invoice = delete_invoice(bench, september)
    run = bench.run(bench.quiet, **MONTHS)
    assert run.drifts == {project: "invoice gone"}
    assert f"invoice {invoice} of order {september} " in the_drift(run).cause


def test_so_is_a_reopened_order_s_that_still_names_it(bench: Bench) -> None:
    project, order = settled(bench)
    delete_invoice(bench, order)
    bench.world.upsales.move(order, STAGE_VERBAL_AGREEMENT)
    assert bench.run(bench.quiet).drifts == {project: "invoice gone"}
    bench.world.upsales.set_custom(order, "HARVEST_INVOICE", None)
    run = bench.run()
    assert run.drifts == {}


def test_time_after_an_invoice_that_stands_is_something_else(bench: Bench) -> None:
    project, _ = settled(bench, archive_invoiced_projects=False)
    bench.add_time(project, 1)
    run = bench.run(bench.quiet)
    assert run.drifts == {project: "time after the invoice"}
    assert sum(entry["path"].startswith("/invoices") for entry in run.requests) == 1


def test_many_are_looked_for_in_one_list(bench: Bench) -> None:
    orders = [settled(bench, f"Nr {n}", archive_invoiced_projects=False)[1] for n in range(5)]
    gone = delete_invoice(bench, orders[2])
    for project in bench.world.harvest.projects:
        bench.add_time(project, 1)
    run = bench.run(bench.quiet)
    assert sorted(run.drifts.values()) == ["invoice gone", *["time after the invoice"] * 4]
    assert run.reconciled is not None
    assert list(run.reconciled.gone) == [orders[2]]
    assert str(gone) in run.reconciled.gone[orders[2]]
    assert [entry["path"] for entry in run.requests if "invoices" in entry["path"]] == ["/invoices"]


def test_settling_the_order_once_more_invoices_nothing_anew(bench: Bench) -> None:
    _, order = settled(bench, **BILLED)
    invoice = delete_invoice(bench, order)
    before = len(bench.world.journal.entries)

    with pytest.raises(SettlementHeldError, match=f"Harvest invoice {invoice} of order {order} is gone"):
        settle_order(bench.services(**BILLED), order)

    assert not any(entry["is_write"] for entry in bench.world.journal.since(before))
    assert bench.invoices() == []
    assert bench.invoice_field(order) == str(invoice)


def test_an_invoice_that_is_there_under_another_number_is_not_called_gone(bench: Bench) -> None:
    _, order = settled(bench)
    (invoice,) = bench.invoices()
    bench.patch_invoice(invoice["id"], purchase_order="PO 4711")

    with pytest.raises(SettlementHeldError, match=f"does not carry the PO number upsales-order-{order}"):
        settle_order(bench.services(), order)

    assert len(bench.invoices()) == 1

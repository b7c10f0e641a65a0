"""An invoiced order that was moved back below 100 per cent: reported, or its invoice is taken back."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from copy import deepcopy

import pytest

from harvest_upsales.errors import HarvestUpsalesError, SettlementHeldError
from sandbox.minimal import STAGE_VERBAL_AGREEMENT
from tests.flows.bench import Bench, Run, worth

UNDO = {"reopened_orders": "undo"}


def reopened(bench: Bench, **settings: object) -> tuple[int, int]:
    """A project that was settled, and whose order was moved back since: ids of project and order."""
    project = bench.add_project()
    bench.add_time(project, 2)
    bench.run()
    order = int(bench.order_of(project)["id"])
    bench.win(order)
    bench.run(**settings)
    bench.world.upsales.move(order, STAGE_VERBAL_AGREEMENT)
    return project, order


def held(run: Run, order: int) -> str:
    assert isinstance(run.errors[order], SettlementHeldError)
    return run.errors[order].message


def test_reporting_does_nothing(bench: Bench) -> None:
    project, order = reopened(bench)
    before = deepcopy(bench.world.upsales.orders[order])
    run = bench.run()
    assert [found.order_id for found in run.found.reopened] == [order]
    assert run.writes == []
    assert bench.world.upsales.orders[order] == before
    assert worth(bench.order_of(project)) == 2000


def test_moving_it_to_100_again_needs_nothing(bench: Bench) -> None:
    _, order = reopened(bench)
    bench.run()
    bench.win(order)
    assert bench.run().writes == []
    assert len(bench.invoices()) == 1


def test_undo_takes_everything_back(bench: Bench) -> None:
    project, order = reopened(bench)
    bench.run(**UNDO)
    assert bench.invoices() == []
    assert bench.world.harvest.projects[project]["is_active"] is True
    assert bench.invoice_field(order) is None
    run = bench.run(bench.quiet, **UNDO)
    assert worth(bench.order_of(project)) == 2000
    assert run.drifts == {}
    assert bench.run(bench.quiet, **UNDO).writes == []


def test_an_undone_order_can_be_won_again(bench: Bench) -> None:
    project, order = reopened(bench)
    bench.run(**UNDO)
    bench.add_time(project, 1)
    bench.run(**UNDO)
    bench.win(order)
    run = bench.run(**UNDO)
    assert run.errors == {}
    assert [invoice["amount"] for invoice in bench.invoices()] == [3000]
    assert worth(bench.order_of(project)) == 3000


@pytest.mark.parametrize("state", ["open", "paid", "closed"])
def test_an_invoice_that_left_the_draft_is_kept(bench: Bench, state: str) -> None:
    _, order = reopened(bench)
    bench.invoices()[0]["state"] = state
    assert state in held(bench.run(**UNDO), order)
    assert len(bench.invoices()) == 1
    assert bench.invoice_field(order)


def test_an_invoice_that_somebody_changed_is_kept(bench: Bench) -> None:
    _, order = reopened(bench)
    bench.world.clock.advance(dt.timedelta(minutes=5))
    bench.patch_invoice(bench.invoices()[0]["id"], notes="Agreed with Kim")
    assert "somebody changed" in held(bench.run(**UNDO), order)
    assert len(bench.invoices()) == 1


def test_an_invoice_whose_po_number_was_changed_is_kept_and_stays_named(bench: Bench) -> None:
    _, order = reopened(bench)
    bench.world.clock.advance(dt.timedelta(minutes=5))
    bench.patch_invoice(bench.invoices()[0]["id"], purchase_order="PO 4711")
    assert "PO" in held(bench.run(**UNDO), order)
    assert len(bench.invoices()) == 1
    assert bench.invoice_field(order) == str(bench.invoices()[0]["id"])


def test_an_invoice_deleted_by_hand_is_forgotten(bench: Bench) -> None:
    project, order = reopened(bench)
    bench.harvest.delete_invoice(bench.invoices()[0]["id"])
    bench.run(**UNDO)
    assert bench.invoice_field(order) is None
    assert bench.world.harvest.projects[project]["is_active"] is True


def test_an_invoice_changed_at_once_is_kept(bench: Bench) -> None:
    _, _order = reopened(bench)
    line = {"kind": "Service", "description": "Travel", "quantity": 1, "unit_price": 900}
    bench.patch_invoice(bench.invoices()[0]["id"], line_items=[line])
    assert bench.run(**UNDO).errors
    assert len(bench.invoices()) == 1


@pytest.mark.parametrize("kind", ["cut_before", "cut_after"])
@pytest.mark.parametrize(
    ("method", "path"), [("DELETE", "^/invoices"), ("PATCH", "^/projects"), ("PUT", "^/orders")]
)
def test_a_second_try_completes_an_undo(bench: Bench, kind: str, method: str, path: str) -> None:
    project, order = reopened(bench)
    bench.world.faults.add(kind=kind, method=method, path=path, times=1)
    for _ in range(3):
        with suppress(HarvestUpsalesError):
            bench.run(**UNDO)
    assert bench.invoices() == []
    assert bench.world.harvest.projects[project]["is_active"] is True
    assert bench.invoice_field(order) is None
    assert worth(bench.order_of(project)) == 2000

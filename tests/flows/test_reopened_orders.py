"""An invoiced order that was moved back below 100 per cent: reported, or its invoice is taken back."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from copy import deepcopy

import pytest

from harvest_upsales.errors import HarvestUpsalesError, SettlementHeldError
from sandbox.minimal import BILLING_APP, STAGE_VERBAL_AGREEMENT
from tests.flows.run_harness import BILLED, Bench, Run, worth

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


def test_the_invoice_of_a_project_that_was_moved_to_another_client_is_taken_back(bench: Bench) -> None:
    project, order = reopened(bench)
    bench.move_to_client(project, "Nya AB")
    assert bench.run(**UNDO).undone[order].reopened
    assert bench.invoices() == []
    assert bench.invoice_field(order) is None


def test_an_order_that_is_won_again_before_anything_is_taken_back_keeps_it_all(bench: Bench) -> None:
    project, order = reopened(bench)
    bench.world.moments.after("harvest", "^/invoices$", lambda: bench.win(order), nth=1)
    run = bench.run(**UNDO)
    assert not run.undone[order].reopened
    assert run.writes == []
    assert bench.invoice_field(order) == str(bench.invoices()[0]["id"])
    assert not bench.world.harvest.projects[project]["is_active"]


def test_an_order_that_is_won_again_once_the_project_is_open_keeps_its_invoice(bench: Bench) -> None:
    project, order = reopened(bench)

    def win_once_open() -> None:
        if bench.world.harvest.projects[project]["is_active"]:
            bench.win(order)

    for nth in range(1, 30):
        bench.world.moments.at(nth, win_once_open, before=False)
    message = held(bench.run(**UNDO), order)
    assert "moved again" in message
    assert "Archive the project" in message
    assert bench.invoice_field(order) == str(bench.invoices()[0]["id"])
    assert bench.world.harvest.projects[project]["is_active"]


def test_a_copy_of_a_settled_order_is_told_from_it(bench: Bench) -> None:
    _, order = reopened(bench)
    bench.win(order)
    copy = deepcopy(bench.world.upsales.orders[order])
    copy["id"] = order + 1
    bench.world.upsales.orders[order + 1] = copy
    bench.world.upsales.move(order + 1, STAGE_VERBAL_AGREEMENT)
    run = bench.run(**UNDO)
    assert f"copy of order {order}: clear HARVEST_KEY and HARVEST_INVOICE on it" in held(run, order + 1)
    assert run.found.others_of(order + 1) == (order,)
    assert len(bench.invoices()) == 1


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


def test_a_deletion_that_was_only_said_to_be_done_is_told(bench: Bench) -> None:
    _, order = reopened(bench)
    bench.world.faults.add(kind="empty_envelope", method="DELETE")
    assert "still there" in held(bench.run(**UNDO), order)
    assert bench.invoice_field(order)
    bench.world.faults.clear()
    assert bench.run(**UNDO).errors == {}
    assert bench.invoices() == []


@pytest.mark.parametrize("by", [BILLED, {"billing_integration_id": BILLING_APP}], ids=["document", "status"])
def test_what_the_billing_app_has_taken_is_not_undone(bench: Bench, by: dict[str, object]) -> None:
    _, order = reopened(bench, **by)
    run = bench.run(**UNDO, **by)
    assert "the billing app has taken it" in held(run, order)
    assert run.writes == []
    assert len(bench.invoices()) == 1


def test_once_the_document_is_taken_off_it_is_undone(bench: Bench) -> None:
    _, order = reopened(bench, **BILLED)
    bench.credit(order)
    assert bench.run(**UNDO, **BILLED).errors == {}
    assert bench.invoices() == []


def test_a_project_that_a_person_had_closed_before_stays_closed(bench: Bench) -> None:
    project = bench.add_project()
    bench.add_time(project, 2)
    bench.run()
    order = int(bench.order_of(project)["id"])
    bench.harvest.set_project_active(project, False)
    bench.win(order)
    bench.run()
    bench.world.upsales.move(order, STAGE_VERBAL_AGREEMENT)

    run = bench.run(**UNDO)

    assert bench.invoices() == []
    assert bench.world.harvest.projects[project]["is_active"] is False
    assert any("left the project closed" in done for done in run.undone[order].done)

"""An order that is deleted after its project was invoiced leaves a draft behind: somebody is told, until it is gone."""

from __future__ import annotations

import pytest

from harvest_upsales.errors import HarvestUpsalesError, SettlementHeldError
from harvest_upsales.flows.settle import settle_order
from tests.flows.bench import Bench, Run


def won(bench: Bench) -> tuple[int, int]:
    """Ids of a project and its order, which was just won."""
    project = bench.add_project()
    bench.add_time(project, 2)
    bench.run()
    order = int(bench.order_of(project)["id"])
    bench.win(order)
    return project, order


def deleted_after_the_invoice(bench: Bench) -> tuple[int, int, str]:
    """Ids of project and order, and what the settlement said."""
    project, order = won(bench)
    services = bench.services()

    def delete_once_invoiced() -> None:
        if bench.invoices() and order in bench.world.upsales.orders:
            bench.world.upsales.delete_order(order)

    for nth in range(1, 30):
        bench.world.moments.at(nth, delete_once_invoiced, before=False)
    with pytest.raises(SettlementHeldError) as held:
        settle_order(services, order)
    bench.world.moments.clear()
    return project, order, held.value.message


def told(run: Run, order: int) -> str:
    error: HarvestUpsalesError = run.errors[order]
    assert isinstance(error, SettlementHeldError)
    return error.message


def test_the_failing_task_names_the_invoice_and_what_to_do(bench: Bench) -> None:
    _, order, message = deleted_after_the_invoice(bench)
    (invoice,) = bench.invoices()
    assert f"Order {order} was deleted" in message
    assert f"invoice {invoice['id']} (draft, 2000" in message
    assert "Delete the invoice in Harvest" in message


def test_a_second_try_still_names_it(bench: Bench) -> None:
    _, order, message = deleted_after_the_invoice(bench)
    with pytest.raises(SettlementHeldError) as again:
        settle_order(bench.services(), order)
    assert again.value.message == message


def test_the_run_of_each_night_tells_until_it_is_dealt_with(bench: Bench) -> None:
    project, order, message = deleted_after_the_invoice(bench)
    assert told(bench.run(bench.night), order) == message
    assert told(bench.run(bench.night), order) == message

    bench.harvest.delete_invoice(bench.invoices()[0]["id"])
    run = bench.run(bench.night)
    assert run.errors == {}
    assert run.actions() == {project: "create"}


def test_one_that_was_sent_meanwhile_is_told_as_well(bench: Bench) -> None:
    _, order, _ = deleted_after_the_invoice(bench)
    bench.harvest.mark_as_sent(bench.invoices()[0]["id"])
    assert "(open, 2000" in told(bench.run(bench.night), order)


def test_a_draft_whose_number_was_taken_off_is_no_longer_told(bench: Bench) -> None:
    _, _, _ = deleted_after_the_invoice(bench)
    bench.patch_invoice(bench.invoices()[0]["id"], purchase_order="PO 4711")
    assert bench.run(bench.night).errors == {}


def test_drafts_of_living_orders_are_not_told(bench: Bench) -> None:
    _, _order = won(bench)
    bench.run()
    assert bench.run(bench.night).errors == {}


def test_the_hourly_run_asks_for_no_invoices(bench: Bench) -> None:
    deleted_after_the_invoice(bench)
    paths = [entry["path"] for entry in bench.run(bench.quiet).requests]
    assert "/invoices" not in paths


def test_an_order_deleted_before_anything_was_invoiced_leaves_nothing(bench: Bench) -> None:
    _, order = won(bench)
    bench.world.upsales.delete_order(order)
    bench.run(bench.night)
    assert bench.invoices() == []

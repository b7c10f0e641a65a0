"""An order that is deleted or opened again after its project was invoiced leaves a draft behind: somebody is told."""

from __future__ import annotations

from typing import Any

import pytest

from harvest_upsales.errors import HarvestUpsalesError, SettlementHeldError
from harvest_upsales.flows.settle import settle_order
from harvest_upsales.flows.undo import undo_invoice
from sandbox.minimal import STAGE_VERBAL_AGREEMENT
from tests.flows.run_harness import BILLED, EVERYTHING, Bench, Run, worth


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


def opened_again_by_an_old_form(bench: Bench) -> int:
    """Id of an order that was invoiced, and then saved as it was before it was won."""
    _, order = won(bench)
    bench.run()
    bench.world.upsales.set_custom(order, "HARVEST_INVOICE", "")
    bench.world.upsales.move(order, STAGE_VERBAL_AGREEMENT)
    return order


@pytest.mark.parametrize("whole", [True, False], ids=["a run over everything", "the night's run"])
def test_an_open_order_that_lost_its_invoice_s_number_is_told(bench: Bench, whole: bool) -> None:
    order = opened_again_by_an_old_form(bench)
    (invoice,) = bench.invoices()

    message = told(bench.run(EVERYTHING if whole else bench.night), order)

    assert f"Order {order} is not at 100 %" in message
    assert f"Harvest invoice {invoice['id']} (draft, 2000" in message
    assert "Move the order to 100 % again" in message


def test_winning_it_again_takes_the_invoice_up(bench: Bench) -> None:
    order = opened_again_by_an_old_form(bench)
    (invoice,) = bench.invoices()
    bench.win(order)

    assert bench.run().errors == {}
    assert [each["id"] for each in bench.invoices()] == [invoice["id"]]
    assert bench.invoice_field(order) == str(invoice["id"])


def test_undo_of_an_order_that_was_deleted_meanwhile_names_the_invoice(bench: Bench) -> None:
    _, order = won(bench)
    bench.run()
    bench.world.upsales.move(order, STAGE_VERBAL_AGREEMENT)
    bench.world.upsales.delete_order(order)

    with pytest.raises(
        SettlementHeldError, match=f"Order {order} was deleted in Upsales, and its Harvest invoice"
    ):
        undo_invoice(bench.services(reopened_orders="undo"), order)


def opened_again_unmarked(bench: Bench, **settings: Any) -> tuple[int, int]:
    """Ids of a project and its order, which was invoiced but not marked with it, and then opened again."""
    project, order = won(bench)
    bench.world.faults.add(kind="status", status=503, method="PUT", path=r"^/orders/\d+$")
    assert list(bench.run(**settings).errors) == [order]
    bench.world.faults.clear()
    assert len(bench.invoices()) == 1
    bench.world.upsales.move(order, STAGE_VERBAL_AGREEMENT)
    return project, order


@pytest.mark.parametrize("settings", [{}, {"late_time": "hold"}, BILLED], ids=str)
def test_an_order_whose_hours_are_on_its_forgotten_invoice_keeps_them(
    bench: Bench, settings: dict[str, Any]
) -> None:
    project, order = opened_again_unmarked(bench, **settings)
    for _ in range(2):
        run = bench.run(bench.quiet, **settings)
        (failure,) = run.failures
        assert run.actions() == {project: "fail"}
        assert f"Order {order} is not at 100 %" in failure.message
        assert f"Harvest invoice {bench.invoices()[0]['id']} (draft, 2000" in failure.message
        assert worth(bench.order_of(project)) == 2000
        assert [entry["path"] for entry in run.requests].count("/invoices") == 1

    bench.win(order)
    assert bench.run(bench.quiet, **settings).errors == {}
    assert bench.invoice_field(order) == str(bench.invoices()[0]["id"])


def test_once_the_forgotten_invoice_is_deleted_the_order_follows_the_time(bench: Bench) -> None:
    project, _ = opened_again_unmarked(bench)
    bench.harvest.delete_invoice(bench.invoices()[0]["id"])
    bench.world.harvest.projects[project]["is_active"] = True
    bench.add_time(project, 1)
    run = bench.run()
    assert run.failures == []
    assert worth(bench.order_of(project)) == 3000


def test_a_plan_tells_of_the_forgotten_invoice_too(bench: Bench) -> None:
    project, _ = opened_again_unmarked(bench)
    assert bench.run(bench.quiet, dry_run=True).actions() == {project: "fail"}


def test_invoices_are_listed_only_where_orders_lose_hours_and_once_a_batch(bench: Bench) -> None:
    projects = [bench.add_project(f"Nr {n}") for n in range(3)]
    entries = [bench.add_time(project, 2) for project in projects]
    assert invoice_lists(bench.run()) == 0
    for project in projects:
        bench.add_time(project, 1)
    assert invoice_lists(bench.run()) == 0
    assert invoice_lists(bench.run()) == 0
    for entry in entries:
        bench.world.harvest.delete_time(entry)
    assert invoice_lists(bench.run()) == 1
    assert [worth(bench.order_of(project)) for project in projects] == [1000] * 3


def test_hours_that_people_add_right_before_the_save_are_looked_at_as_well(bench: Bench) -> None:
    project = bench.add_project()
    bench.add_time(project, 2)
    bench.run()
    bench.add_time(project, 1)

    def add_hours() -> None:
        ours = next(row for row in bench.order_of(project)["orderRow"] if row["quantity"])
        ours["quantity"] = 9

    # Both the run's first look and the batch's own have the order as it was.
    moment = bench.world.moments.after("upsales", "^/orders$", add_hours, nth=2)
    run = bench.run()

    assert moment.happened
    assert run.failures == []
    assert invoice_lists(run) == 1
    assert worth(bench.order_of(project)) == 3000


def invoice_lists(run: Run) -> int:
    return [entry["path"] for entry in run.requests].count("/invoices")


def test_an_order_that_lost_its_key_after_it_was_invoiced_is_told_until_it_is_back(bench: Bench) -> None:
    _, order = won(bench)
    bench.world.faults.add(kind="status", status=503, method="PUT", path=r"^/orders/\d+$")
    bench.run()
    bench.world.faults.clear()
    key = bench.world.upsales.custom_value(order, "HARVEST_KEY")
    bench.world.upsales.set_custom(order, "HARVEST_KEY", None)
    (invoice,) = bench.invoices()

    for _ in range(2):
        run = bench.run(bench.night)
        message = told(run, order)
        assert [each.label for each in run.found.orders] == [f"order {order}"]
        assert f"Order {order} has lost its HARVEST_KEY" in message
        assert f"Harvest invoice {invoice['id']} (draft, 2000" in message

    bench.world.upsales.set_custom(order, "HARVEST_KEY", key)
    assert bench.run(bench.night).errors == {}
    assert bench.invoice_field(order) == str(invoice["id"])


def test_a_settled_order_whose_key_was_cleared_is_left_in_peace(bench: Bench) -> None:
    _, order = won(bench)
    bench.run()
    bench.world.upsales.set_custom(order, "HARVEST_KEY", None)
    assert bench.run(bench.night).errors == {}

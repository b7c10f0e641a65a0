"""A won order becomes one Harvest invoice, a closed project and a marked order; held where a person is needed."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest

from harvest_upsales.errors import NotFoundError, SettlementHeldError
from harvest_upsales.flows.settle import settle_order
from sandbox.minimal import (
    PRODUCT_LICENCE,
    STAGE_VERBAL_AGREEMENT,
    STAGE_WON,
    STAGE_WON_NOT_BILLED,
)
from tests.flows.run_harness import BILLED, Bench, Run, rows, worth


def won(bench: Bench, **kw: Any) -> tuple[int, int]:
    """A project of two rates (3,250 SEK) whose order was just won: ids of project and order."""
    project = bench.add_project(**kw)
    bench.add_time(project, 2)
    bench.add_time(project, "0.5", rate=2500)
    bench.run()
    order = int(bench.order_of(project)["id"])
    bench.win(order)
    return project, order


def held(run: Run, order: int) -> str:
    """Why the order is held; nothing else may have gone wrong."""
    assert list(run.errors) == [order]
    assert isinstance(run.errors[order], SettlementHeldError)
    return run.errors[order].message


def billed_by(bench: Bench, project: int) -> dict[int, int | None]:
    """Time entry → the invoice that billed it."""
    return {e["id"]: e["invoice"] and e["invoice"]["id"] for e in bench.world.harvest.entries_of(project)}


def test_a_won_order_is_invoiced_closed_and_marked(bench: Bench) -> None:
    project, order = won(bench, code="NK-1")
    run = bench.run()
    (invoice,) = bench.invoices()
    settled = run.settled[order]
    assert (invoice["purchase_order"], invoice["state"], invoice["amount"]) == (
        f"upsales-order-{order}",
        "draft",
        3250,
    )
    assert set(billed_by(bench, project).values()) == {invoice["id"]}
    assert bench.world.harvest.projects[project]["is_active"] is False
    assert bench.invoice_field(order) == str(invoice["id"])
    assert (settled.invoice_id, settled.hours, settled.amount) == (invoice["id"], Decimal("2.5"), 3250)
    covered = settled.covered
    assert set(zip(covered.entry_ids, covered.hours, covered.amounts, strict=True)) == {
        (e["id"], e["rounded_hours"], e["rounded_hours"] * e["billable_rate"])
        for e in bench.world.harvest.entries_of(project)
    }
    assert run.writes == ["POST /invoices", f"PATCH /projects/{project}", f"PUT /orders/{order}"]
    assert run.drifts == {}


def test_settling_takes_few_requests(bench: Bench) -> None:
    _, order = won(bench)
    services = bench.services()
    first = len(bench.world.journal.entries)
    settle_order(services, order)
    assert len(bench.world.journal.since(first)) <= 12


def test_twice_equals_once(bench: Bench) -> None:
    _, order = won(bench)
    bench.run()
    before = deepcopy(
        (bench.world.upsales.orders, bench.world.harvest.invoices, bench.world.harvest.projects)
    )
    again = settle_order(bench.services(), order)
    assert again.invoice_id == bench.invoices()[0]["id"]
    assert bench.run().writes == []
    assert (bench.world.upsales.orders, bench.world.harvest.invoices, bench.world.harvest.projects) == before


def test_people_s_part_of_a_won_order_is_kept(bench: Bench) -> None:
    _, order = won(bench)
    bench.world.upsales.add_row(order, PRODUCT_LICENCE, 2, "99.50")
    bench.world.upsales.set_custom(order, "REFERENCE", "PO 9")
    bench.world.upsales.move(order, STAGE_WON_NOT_BILLED)
    before = deepcopy(bench.world.upsales.orders[order])
    run = bench.run()
    after = bench.world.upsales.orders[order]
    assert run.errors == {}
    assert bench.invoice_field(order) == str(bench.invoices()[0]["id"])
    for name in (
        "stage",
        "probability",
        "user",
        "client",
        "date",
        "notes",
        "description",
        "value",
        "closeDate",
    ):
        assert after[name] == before[name], name
    assert bench.world.upsales.custom_value(order, "REFERENCE") == "PO 9"
    assert rows(after, PRODUCT_LICENCE) == [(2, Decimal("99.50"))]


def test_a_fixed_fee_is_one_line(bench: Bench) -> None:
    project = bench.add_project(is_fixed_fee=True, fee="80000.50", hourly_rate=None)
    bench.add_time(project, 7)
    bench.run()
    order = bench.order_of(project)["id"]
    bench.win(order)
    run = bench.run()
    (invoice,) = bench.invoices()
    assert [(line["quantity"], line["unit_price"]) for line in invoice["line_items"]] == [
        (1, Decimal("80000.50"))
    ]
    assert invoice["line_items"][0]["project"]["id"] == project
    assert bench.world.harvest.projects[project]["is_active"] is False
    assert run.drifts == {}
    (fee,) = run.settled[order].covered.fees
    assert (fee.quantity, fee.price, fee.amount) == (1, Decimal("80000.50"), Decimal("80000.50"))
    assert run.settled[order].covered.entry_ids == ()
    assert bench.run().writes == []


def test_the_fee_alone_decides_however_much_is_tracked_late(bench: Bench) -> None:
    project = bench.add_project(is_fixed_fee=True, fee=80_000, hourly_rate=None)
    bench.add_time(project, 7)
    bench.run()
    order = bench.order_of(project)["id"]
    bench.win(order)
    bench.add_time(project, 70)
    assert bench.run(late_time="hold").errors == {}
    assert bench.invoices()[0]["amount"] == 80_000


# --- late time --------------------------------------------------------------------------------------------------


def test_late_time_is_included(bench: Bench) -> None:
    project, order = won(bench)
    bench.add_time(project, 4)
    run = bench.run()
    assert run.settled[order].late_time_included
    assert worth(bench.order_of(project)) == 7250 == bench.invoices()[0]["amount"]
    assert run.writes.count(f"PUT /orders/{order}") == 1


def test_late_time_is_held_where_the_setting_says_so(bench: Bench) -> None:
    project, order = won(bench)
    late = bench.add_time(project, 4)
    run = bench.run(late_time="hold")
    message = held(run, order)
    assert "3250.00 SEK" in message
    assert "7250.00 SEK" in message
    assert run.writes == []
    bench.world.harvest.delete_time(late)
    assert bench.run(late_time="hold").errors == {}
    assert bench.invoices()[0]["amount"] == 3250


def test_late_time_is_held_once_the_billing_app_has_the_order(bench: Bench) -> None:
    project, order = won(bench)
    late = bench.add_time(project, 4)
    assert bench.world.billing.invoices_of(order)
    run = bench.run(**BILLED)
    assert "The billing app has taken the order already" in held(run, order)
    assert run.writes == []
    bench.world.harvest.delete_time(late)
    bench.run(**BILLED)
    assert [invoice["amount"] for invoice in bench.world.billing.customer_invoices] == [3250]


def test_time_that_went_after_the_win_is_late_time_too(bench: Bench) -> None:
    project, _order = won(bench)
    bench.world.harvest.delete_time(bench.world.harvest.entries_of(project)[0]["id"])
    bench.run()
    assert worth(bench.order_of(project)) == 1250 == bench.invoices()[0]["amount"]


# --- holds ------------------------------------------------------------------------------------------------------


def test_a_running_timer_holds(bench: Bench) -> None:
    project, order = won(bench)
    timer = bench.add_time(project, "0.1", is_running=True)
    run = bench.run()
    assert "timer is running" in held(run, order)
    assert run.writes == []
    bench.world.harvest.delete_time(timer)
    assert bench.run().errors == {}


def test_unapproved_time_holds_where_only_approved_time_counts(bench: Bench) -> None:
    project = bench.add_project()
    bench.add_time(project, 2, is_closed=True)
    entry = bench.add_time(project, 3)
    bench.run(approved_time_only=True)
    order = bench.order_of(project)["id"]
    bench.win(order)
    run = bench.run(approved_time_only=True)
    assert "3 h are not approved" in held(run, order)
    assert run.writes == []
    bench.world.harvest.edit_time(entry, is_closed=True)
    bench.run(approved_time_only=True)
    assert bench.invoices()[0]["amount"] == 5000 == worth(bench.order_of(project))


def test_nothing_left_to_invoice_holds(bench: Bench) -> None:
    project, order = won(bench)
    by_hand = bench.invoice_by_hand(project)
    assert "no uninvoiced time left" in held(bench.run(), order)
    bench.patch_invoice(by_hand, purchase_order=f"upsales-order-{order}")
    assert bench.run().errors == {}
    assert bench.invoice_field(order) == str(by_hand)
    assert len(bench.invoices()) == 1


def test_an_invoice_of_an_earlier_try_is_found_by_its_po_number(bench: Bench) -> None:
    project, order = won(bench)
    by_hand = bench.invoice_by_hand(project)
    bench.patch_invoice(by_hand, purchase_order=f"upsales-order-{order}")
    run = bench.run()
    assert "POST /invoices" not in run.writes
    assert run.settled[order].invoice_id == by_hand


@pytest.mark.parametrize("fee", [{}, {"is_fixed_fee": True, "fee": 3250}], ids=["time", "fixed fee"])
def test_the_invoice_of_a_project_that_was_moved_to_another_client_is_found(
    bench: Bench, fee: dict[str, Any]
) -> None:
    project, order = won(bench, **fee)
    bench.world.faults.add(kind="cut_before", method="PATCH", path="^/projects/", service="harvest")
    bench.run()
    bench.world.faults.clear()
    (invoice,) = bench.invoices()

    bench.move_to_client(project, "Nya AB")
    if not fee:
        bench.add_time(project, 1)
    bench.run()

    assert [found["id"] for found in bench.invoices()] == [invoice["id"]]
    assert bench.invoice_field(order) == str(invoice["id"])
    assert worth(bench.order_of(project)) == 3250


def test_a_fixed_fee_that_an_earlier_client_was_invoiced_for_is_not_invoiced_again(bench: Bench) -> None:
    project, order = won(bench, is_fixed_fee=True, fee=50_000)
    by_hand = bench.invoice_by_hand(project)
    bench.move_to_client(project, "Nya AB")
    assert f"invoices {by_hand}" in held(bench.run(), order)
    assert len(bench.invoices()) == 1


def test_an_invoice_changed_by_hand_holds(bench: Bench) -> None:
    project, order = won(bench)
    by_hand = bench.invoice_by_hand(project)
    line = {"kind": "Service", "description": "Discount", "quantity": 1, "unit_price": -500}
    bench.patch_invoice(by_hand, purchase_order=f"upsales-order-{order}", line_items=[line])
    run = bench.run()
    assert "Somebody changed the invoice" in held(run, order)
    assert run.writes == []


def test_two_invoices_with_the_po_number_hold(bench: Bench) -> None:
    _project, order = won(bench)
    bench.run()
    bench.world.upsales.set_custom(order, "HARVEST_INVOICE", None)
    twin = deepcopy(bench.invoices()[0]) | {"id": 99}
    bench.world.harvest.invoices[99] = twin
    assert "all carry the PO number" in held(bench.run(), order)


def test_a_copied_fixed_fee_order_is_not_invoiced_a_second_time(bench: Bench) -> None:
    project = bench.add_project(is_fixed_fee=True, fee=80_000, hourly_rate=None)
    bench.add_time(project, 7)
    bench.run()
    original = bench.order_of(project)
    bench.world.upsales.add_order(
        original["client"]["id"],
        stage_id=STAGE_WON,
        rows=[(2, 1, 80_000)],
        custom={"HARVEST_KEY": str(bench.world.upsales.custom_value(original["id"], "HARVEST_KEY"))},
    )
    bench.win(original["id"])
    run = bench.run()
    assert len(bench.invoices()) <= 1
    assert all("all carry the HARVEST_KEY" in error.message for error in run.errors.values())
    assert run.errors


def test_an_order_in_another_currency_holds(bench: Bench) -> None:
    _project, order = won(bench)
    bench.world.upsales.edit(order, currency="EUR")
    run = bench.run()
    assert "EUR" in held(run, order)
    assert run.writes == []


def test_a_project_deleted_in_harvest_holds_with_its_name(bench: Bench) -> None:
    project, order = won(bench)
    del bench.world.harvest.projects[project]
    run = bench.run()
    assert str(order) in run.errors[order].message


# --- people at the same time ------------------------------------------------------------------------------------


def test_an_order_moved_back_before_settlement_is_left(bench: Bench) -> None:
    _, order = won(bench)
    services = bench.services()
    bench.world.upsales.move(order, STAGE_VERBAL_AGREEMENT)
    assert settle_order(services, order).won is False
    assert bench.invoices() == []


def test_an_order_deleted_before_settlement_fails_by_name(bench: Bench) -> None:
    _, order = won(bench)
    services = bench.services()
    bench.world.upsales.delete_order(order)
    with pytest.raises(NotFoundError, match=str(order)):
        settle_order(services, order)
    assert bench.invoices() == []


def during(bench: Bench, call: str, do: Callable[[], object]) -> None:
    """Do something right after Harvest has carried out a call, before its answer arrives."""
    harvest, (method, path) = bench.harvest, call.split()
    write = harvest.transport.write_decoded

    def and_then(sent: str, to: str, *args: Any, **kw: Any) -> Any:
        answer = write(sent, to, *args, **kw)
        if sent == method and to.startswith(path):
            do()
        return answer

    harvest.transport.write_decoded = and_then  # type: ignore[method-assign]


def test_an_order_moved_back_while_it_is_settled_holds_and_goes_on_later(bench: Bench) -> None:
    _, order = won(bench)
    during(bench, "POST /invoices", lambda: bench.world.upsales.move(order, STAGE_VERBAL_AGREEMENT))
    message = held(bench.run(), order)
    assert "moved back to 90 %" in message
    assert bench.invoice_field(order) is None
    bench.win(order)
    run = bench.run()
    assert run.errors == {}
    assert len(bench.invoices()) == 1
    assert bench.invoice_field(order) == str(bench.invoices()[0]["id"])


def test_time_tracked_between_the_comparison_and_the_archive_is_not_lost(bench: Bench) -> None:
    project, _order = won(bench)
    during(bench, "POST /invoices", lambda: bench.add_time(project, 8))
    run = bench.run()
    assert worth(bench.order_of(project)) == 3250 == bench.invoices()[0]["amount"]
    assert run.drifts == {project: "time after the invoice"} or bench.run(bench.quiet).drifts == {
        project: "time after the invoice"
    }


# --- settings ---------------------------------------------------------------------------------------------------


def test_an_invoice_left_as_sent_e_mails_nobody(bench: Bench) -> None:
    _, order = won(bench)
    run = bench.run(invoice_state="sent")
    assert bench.invoices()[0]["state"] == "open"
    assert run.settled[order].invoice_state == "open"
    assert bench.world.harvest.emails == []
    assert bench.run(invoice_state="sent").writes == []


def test_projects_stay_open_where_the_setting_says_so(bench: Bench) -> None:
    project, order = won(bench)
    bench.run(archive_invoiced_projects=False)
    assert bench.world.harvest.projects[project]["is_active"] is True
    assert bench.invoice_field(order)


def test_an_archived_project_is_settled_too(bench: Bench) -> None:
    project, order = won(bench)
    bench.world.harvest.projects[project]["is_active"] = False
    assert bench.run().errors == {}
    assert bench.invoice_field(order)


def test_a_project_made_unbillable_after_the_win_is_still_settled(bench: Bench) -> None:
    project, order = won(bench)
    bench.world.harvest.projects[project]["is_billable"] = False
    assert bench.run().errors == {}
    assert bench.invoice_field(order)


def test_a_fixed_fee_that_was_invoiced_by_hand_is_not_invoiced_again(bench: Bench) -> None:
    project = bench.add_project(is_fixed_fee=True, fee=80_000, hourly_rate=None)
    bench.add_time(project, 2)
    bench.run()
    order = int(bench.order_of(project)["id"])
    invoice = bench.invoice_by_hand(project)
    bench.win(order)

    (error,) = bench.run().errors.values()

    assert "80000" in str(error)
    assert str(invoice) in str(error)
    assert [one["id"] for one in bench.invoices()] == [invoice]

"""People who save the order while it is being saved: what they wrote stands, or the run says that it does not."""

from __future__ import annotations

from typing import Any

from sandbox.journal import Moment
from tests.flows.run_harness import BILLED, Bench, rows

SAVE = r"^/orders/\d+$"


def an_update(bench: Bench) -> int:
    """An order that the next run has to save."""
    project = bench.add_project()
    bench.add_time(project)
    bench.run()
    bench.add_time(project, "1.5", rate=1400)
    return int(bench.order_of(project)["id"])


def edit_while_the_run_waits(bench: Bench, order_id: int) -> None:
    """Somebody renames the order while the run waits to look what became of its save."""
    bench.clock.told = lambda: bench.world.upsales.edit(order_id, description="Renamed by Greta")


def test_an_edit_before_a_second_sending_stands(bench: Bench) -> None:
    order_id = an_update(bench)
    bench.world.faults.add(service="upsales", method="PUT", path=SAVE, kind="status", status=500, times=1)
    edit_while_the_run_waits(bench, order_id)
    run = bench.run()
    order = bench.world.upsales.orders[order_id]
    assert run.writes == [f"PUT /orders/{order_id}"] * 2
    assert order["description"] == "Renamed by Greta"
    assert len(rows(order)) == 2


def test_what_somebody_saved_behind_a_lost_answer_is_named(bench: Bench) -> None:
    order_id = an_update(bench)
    bench.world.faults.add(service="upsales", method="PUT", path=SAVE, kind="cut_after", times=1)
    edit_while_the_run_waits(bench, order_id)
    run = bench.run()
    (outcome,) = run.outcomes
    assert run.writes == [f"PUT /orders/{order_id}"]
    assert outcome.reason == (
        f"order {order_id}: description changed in the moment of the save; what stands there now was kept"
    )


def test_a_document_number_that_our_save_takes_off_is_told(bench: Bench) -> None:
    """The billing app answers in the round trip between our read and our save."""
    bench.world.upsales.custom_put_replaces = True
    project = bench.add_project()
    bench.add_time(project)
    bench.run(**BILLED)
    order_id, billing = int(bench.order_of(project)["id"]), bench.world.billing
    billing.mode = "silent"
    bench.win(order_id)

    def answer(moment: Moment, entry: dict[str, Any], port: int) -> bool:
        if moment is Moment.ARRIVED and entry["method"] == "PUT":
            billing.mode = "ok"
            billing.order_saved(order_id, "person")
            billing.mode = "silent"
        return False

    bench.world.watcher = answer
    run = bench.run(**BILLED)
    bench.world.watcher = None
    assert "may have taken its document number (FORTNOX_ID) off the order" in run.errors[order_id].message
    assert len(billing.customer_invoices) == 1

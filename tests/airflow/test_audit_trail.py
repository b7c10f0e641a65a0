"""Of each settled order, XComs and logs say what its invoice covers, and the ids of all three documents."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from harvest_upsales.flows.settled import Billed, Settled
from sandbox.minimal import STAGE_WON
from sandbox.world import World
from tests.airflow.test_dag_runs import Run, add_project, order_of

pytestmark = pytest.mark.airflow


def returned(dag_run: Any, task_id: str) -> Any:
    """The XCom of a mapped task's only instance, as it went through the database."""
    [instance] = [ti for ti in dag_run.get_task_instances() if ti.task_id == task_id]
    return instance.xcom_pull(task_ids=task_id, map_indexes=instance.map_index)


def test_what_an_invoice_covers_can_be_followed_to_the_customer_s(
    world: World, run: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    project_id = add_project(world)
    run()
    order_id = order_of(world, project_id)["id"]
    world.upsales.move(order_id, STAGE_WON)
    settling = run()

    [invoice], [document] = world.harvest.invoices.values(), world.billing.customer_invoices
    settled = msgspec.convert(returned(settling, "settle.mark_project_invoiced"), Settled, strict=False)
    entries = {e["id"]: e for e in world.harvest.entries_of(project_id)}
    covered = settled.covered
    assert dict(zip(covered.entry_ids, covered.hours, strict=True)) == {
        entry_id: entry["rounded_hours"] for entry_id, entry in entries.items()
    }
    assert set(covered.rates) == {Decimal("1250.50")}
    assert sum(amount or 0 for amount in covered.amounts) == Decimal("4689.375")

    billed = msgspec.convert(returned(settling, "settle.sync_billing"), Billed, strict=False)
    assert (billed.order_id, billed.invoice_id, billed.document, billed.status, billed.entries) == (
        order_id,
        invoice["id"],
        document["number"],
        "done",
        2,
    )
    assert billed.answered_at is not None

    log = "".join(capfd.readouterr())
    for said in (
        *entries,
        "2.25",
        "1,250.50 SEK",
        "2,813.625 SEK",
        order_id,
        invoice["id"],
        document["number"],
    ):
        assert str(said) in log, said


def test_a_fixed_fee_shows_its_line(world: World, run: Run, capfd: pytest.CaptureFixture[str]) -> None:
    project_id = add_project(world, is_fixed_fee=True, fee="80000.50")
    run()
    world.upsales.move(order_of(world, project_id)["id"], STAGE_WON)
    settling = run()

    xcom = returned(settling, "settle.mark_project_invoiced")
    assert xcom["covered"]["fees"] == [{"quantity": "1", "price": "80000.5", "amount": "80000.5"}]
    assert xcom["covered"]["entry_ids"] == []
    assert "fixed fee" in "".join(capfd.readouterr())

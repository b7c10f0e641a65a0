"""When the assets get an event: after something was written, whatever became of the run that wrote it."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from harvest_upsales.dag import harvest_upsales_dag
from sandbox.credentials import HARVEST_ACCOUNT_ID
from sandbox.minimal import STAGE_WON
from sandbox.world import World
from tests.airflow.test_dag_runs import add_project, order_of, states

pytestmark = pytest.mark.airflow
Run = Callable[..., Any]


@pytest.fixture
def events() -> Callable[[str], list[dict[str, Any]]]:
    """Extras of an asset's events that came since the last look, by the asset's name."""
    from airflow.models.asset import AssetEvent, AssetModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    def all_of(name: str) -> list[dict[str, Any]]:
        with create_session() as session:
            found = select(AssetEvent.extra).join(AssetModel, AssetModel.id == AssetEvent.asset_id)
            by_name = found.where(AssetModel.name == name, AssetModel.uri == name).order_by(AssetEvent.id)
            return list(session.scalars(by_name))

    seen = {name: len(all_of(name)) for name in (OPPORTUNITIES, SETTLED)}

    def since(name: str) -> list[dict[str, Any]]:
        fresh = all_of(name)[seen[name] :]
        seen[name] += len(fresh)
        return [{key: value for key, value in extra.items() if key != "from_rest_api"} for extra in fresh]

    return since


OPPORTUNITIES, SETTLED = "once/opportunities", "once/settled_orders"
Events = Callable[[str], list[dict[str, Any]]]


def total(amount: str, projects: int = 1) -> dict[str, Any]:
    sums = {"harvest": amount, "upsales": amount, "drift": "0.00", "projects": projects}
    return {"totals": {"SEK": sums}}


def test_updated_opportunities_are_told_once_with_the_totals(world: World, run: Run, events: Events) -> None:
    add_project(world)

    assert run(conf={"dry_run": True}).state == "success"
    assert events(OPPORTUNITIES) == []
    assert run().state == "success"
    assert events(OPPORTUNITIES) == [total("4689.38")]
    assert run().state == "success"
    assert events(OPPORTUNITIES) == []


def test_what_a_failed_run_wrote_is_told_by_the_next_that_succeeds(
    world: World, run: Run, events: Events
) -> None:
    add_project(world, "Fjord AB")
    bad = add_project(world, "Nobody's GmbH", known=False)

    assert run().state == "failed"
    assert events(OPPORTUNITIES) == []
    # Taken off the plugin's hands by a person, so that the next run writes nothing.
    for entry_id in [id for id, e in world.harvest.time_entries.items() if e["project"]["id"] == bad]:
        world.harvest.delete_time(entry_id)
    assert run().state == "success"
    assert events(OPPORTUNITIES) == [total("4689.38")]
    assert run().state == "success"
    assert events(OPPORTUNITIES) == []


def test_a_run_is_green_and_told_by_what_it_wrote_where_airflow_s_state_store_does_not_answer(
    world: World, run: Run, events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.sdk.exceptions import AirflowRuntimeError
    from airflow.sdk.execution_time.comms import ErrorResponse
    from airflow.sdk.execution_time.context import AssetStateStoreAccessor

    def no_answer(*_: Any) -> None:
        raise AirflowRuntimeError(ErrorResponse())

    for name in ("get", "set", "delete"):
        monkeypatch.setattr(AssetStateStoreAccessor, name, no_answer)
    bad = add_project(world, "Nobody's GmbH", known=False)

    assert run().state == "failed"
    assert events(OPPORTUNITIES) == []
    world.upsales.add_company(world.harvest.clients[world.harvest.projects[bad]["client"]["id"]]["name"])
    assert run().state == "success"
    assert events(OPPORTUNITIES) == [total("4689.38")]
    assert run().state == "success"
    assert events(OPPORTUNITIES) == []


@pytest.mark.parametrize("billing", [True, False])
def test_a_settled_order_is_told_once(
    world: World, run: Run, events: Events, settings: dict[str, Any], billing: bool
) -> None:
    if not billing:
        settings["billing_integration_id"] = settings["billing_reference_field"] = None
    project_id = add_project(world)
    run()
    order_id = order_of(world, project_id)["id"]
    world.upsales.move(order_id, STAGE_WON)

    assert run(conf={"dry_run": True}).state == "success"
    assert events(SETTLED) == []
    assert run().state == "success"

    (invoice,) = world.harvest.invoices.values()
    assert events(SETTLED) == [
        {
            "order_id": order_id,
            "invoice_id": invoice["id"],
            "invoice_number": invoice["number"],
            "key": f"{HARVEST_ACCOUNT_ID}:{project_id}",
            "amount": "4689.38",
            "currency": "SEK",
            "billing_document": world.upsales.custom_value(order_id, "FORTNOX_ID") if billing else None,
        }
    ]
    assert Decimal(invoice["amount"]) == Decimal("4689.38")


def test_an_order_that_the_billing_app_refuses_is_not_told(world: World, run: Run, events: Events) -> None:
    project_id = add_project(world)
    run()
    world.billing.mode = "fail"
    world.upsales.move(order_of(world, project_id)["id"], STAGE_WON)

    failed = run()

    assert states(failed)["settle.mark_project_invoiced", 0] == "success"
    assert failed.state == "failed"
    assert events(SETTLED) == []


def test_each_dag_has_assets_of_its_own(dags: dict[str, Any]) -> None:
    def outlets(dag: Any) -> dict[str, set[tuple[str, str]]]:
        return {
            task.task_id: {(each.name, each.uri) for each in task.outlets}
            for task in dag.tasks
            if not task.is_mapped and task.outlets
        }

    def expected(family: str) -> dict[str, set[tuple[str, str]]]:
        settled = {(f"{family}/settled_orders",) * 2}
        return {
            "settle.mark_project_invoiced": settled,
            "settle.sync_billing": settled,
            "reconcile": {(f"{family}/opportunities",) * 2},
        }

    assert outlets(dags["harvest_upsales"]) == expected("harvest_upsales")
    assert outlets(dags["once"]) == expected("once")
    assert outlets(harvest_upsales_dag("monthly", asset_family="harvest_upsales")) == expected(
        "harvest_upsales"
    )

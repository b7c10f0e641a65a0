"""Whole runs through Airflow's own task runner, in this process."""

import datetime as dt
import json
import logging
import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox.credentials import HARVEST_TOKEN, UPSALES_TOKEN
from sandbox.minimal import PRODUCT_LICENCE, PRODUCT_TIME, STAGE_VERBAL_AGREEMENT, STAGE_WON
from sandbox.server import SandboxServer
from sandbox.world import World

pytestmark = pytest.mark.airflow
NONE_LISTED = '{"error": null, "metadata": {"total": 0, "limit": 2000, "offset": 0}, "data": []}'
TODAY = dt.datetime.now(dt.UTC).date()
Run = Callable[..., Any]


def add_project(
    world: World, client: str = "Fjord AB", *, known: bool = True, rate: str = "1250.50", **kw: Any
) -> int:
    """A project with 2.25 hours yesterday and 1.5 today."""
    client_id = world.harvest.add_client(client)
    if known:
        world.upsales.add_company(client.upper())
    project_id = world.harvest.add_project(client_id, f"Work for {client}", hourly_rate=rate, **kw)
    for day, hours in ((TODAY - dt.timedelta(days=1), "2.25"), (TODAY, "1.5")):
        world.harvest.add_time(project_id, day.isoformat(), hours, rate=rate)
    return project_id


def writes(world: World, since: int = 0) -> list[str]:
    return [f"{e['method']} {e['path']}" for e in world.journal.entries[since:] if e["method"] != "GET"]


def states(dag_run: Any) -> dict[tuple[str, int], str]:
    return {(ti.task_id, ti.map_index): str(ti.state) for ti in dag_run.get_task_instances()}


def order_of(world: World, project_id: int) -> dict[str, Any]:
    [order] = [
        order
        for order in world.upsales.orders.values()
        if any(str(value.get("value")).endswith(f":{project_id}") for value in order["custom"])
    ]
    return order


def test_time_becomes_an_opportunity_and_a_won_order_an_invoiced_closed_project(
    world: World, run: Run
) -> None:
    project_id = add_project(world)

    assert run().state == "success"
    order = order_of(world, project_id)
    assert order["value"] == Decimal("4689.375")
    world.upsales.move(order["id"], STAGE_WON)
    second = run()

    assert second.state == "success"
    [invoice] = world.harvest.invoices.values()
    assert invoice["purchase_order"] == f"upsales-order-{order['id']}"
    assert invoice["state"] == "draft"
    assert world.harvest.projects[project_id]["is_active"] is False
    assert world.upsales.custom_value(order["id"], "HARVEST_INVOICE") == str(invoice["id"])
    assert len(world.billing.customer_invoices) == 1
    assert world.journal.violations == []
    assert states(second)["settle.sync_billing", 0] == "success"


def test_three_runs_in_a_row_change_nothing_after_the_first(world: World, run: Run) -> None:
    add_project(world)
    run()
    before = len(world.journal.entries)

    assert run().state == "success"
    assert run().state == "success"

    assert writes(world, before) == []


def test_a_run_with_nothing_to_do_is_green_and_asks_little(world: World, run: Run) -> None:
    add_project(world)
    run()
    for entry in world.harvest.time_entries.values():
        entry["updated_at"] = "2020-01-01T00:00:00Z"
    before = len(world.journal.entries)

    assert run().state == "success"

    assert writes(world, before) == []
    # The set-up that the first run checked is good for this one.
    asked = [entry["path"] for entry in world.journal.entries[before:]]
    assert asked == ["/time_entries", "/orders", "/reports/uninvoiced"]


def test_what_was_checked_is_asked_again_before_anything_is_written(world: World, run: Run) -> None:
    project_id = add_project(world)
    run()
    world.harvest.add_time(project_id, TODAY, 3)
    before = len(world.journal.entries)

    assert run().state == "success"

    entries = world.journal.entries[before:]
    asked = [entry["path"] for entry in entries]
    first_write = next(number for number, entry in enumerate(entries) if entry["is_write"])
    assert {"/products", "/customfields/order"} <= set(asked[:first_write])
    assert "/company" not in asked


def test_a_set_up_that_changed_since_is_never_written_by(world: World, run: Run) -> None:
    project_id = add_project(world)
    run()
    world.upsales.products[PRODUCT_TIME]["active"] = 0
    world.harvest.add_time(project_id, TODAY, 3)
    before = len(world.journal.entries)

    assert run().state == "failed"
    assert writes(world, before) == []

    world.upsales.products[PRODUCT_TIME]["active"] = 1
    before = len(world.journal.entries)
    assert run().state == "success"
    assert "/company" in [entry["path"] for entry in world.journal.entries[before:]], "checked anew"


@pytest.mark.parametrize("change", ["settings", "connection"])
def test_another_setting_or_connection_is_checked_at_once(
    world: World, run: Run, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    add_project(world)
    run()
    if change == "settings":
        settings["write_time_to_notes"] = False
    else:
        known = json.loads(os.environ["AIRFLOW_CONN_UPSALES_DEFAULT"])
        monkeypatch.setenv("AIRFLOW_CONN_UPSALES_DEFAULT", json.dumps(known | {"extra": {"timeout": 30}}))
    before = len(world.journal.entries)

    run()

    assert "/orderstages" in [entry["path"] for entry in world.journal.entries[before:]]


def test_settings_that_change_while_a_run_is_under_way_write_nothing(
    world: World, run: Run, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether they fit what Upsales holds was checked of the others."""
    add_project(world)
    changed = settings | {"default_stage_id": STAGE_WON}

    def save() -> None:
        monkeypatch.setenv("AIRFLOW_VAR_HARVEST_UPSALES_SETTINGS", json.dumps(changed))

    moment = world.moments.after("harvest", "^/reports/uninvoiced$", save)
    ended = run()

    assert moment.happened == 1
    assert ended.state == "failed"
    assert states(ended)["upsert_opportunities", 0] == "failed"
    assert world.upsales.orders == {}
    assert run().state == "success", "the next run works by the settings that it checks"


def test_an_empty_account_is_a_green_run(world: World, run: Run) -> None:
    assert run().state == "success"
    assert world.upsales.orders == {}


def test_one_bad_project_stops_nobody_and_makes_the_run_red(world: World, run: Run) -> None:
    bad = add_project(world, "Nobody's GmbH", known=False)
    good = add_project(world, "Fjord AB")

    first = run()

    assert first.state == "failed"
    assert order_of(world, good)["value"] == Decimal("4689.375")
    assert states(first)["upsert_opportunities", 0] == "failed"
    assert states(first)["find_won_orders", -1] == "success"
    world.upsales.add_company("Nobody's")
    assert run().state == "success"
    assert order_of(world, bad)["value"] == Decimal("4689.375")


def test_wrong_settings_fail_before_anything_is_written(
    world: World, run: Run, settings: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    add_project(world)
    settings["default_stage_id"] = 4711

    with caplog.at_level(logging.INFO):
        failed = run()

    assert failed.state == "failed"
    assert writes(world) == []
    assert states(failed)["check_setup", -1] == "failed"
    assert states(failed)["find_won_orders", -1] == "skipped"


def test_a_dry_run_writes_nothing_and_the_next_run_does_what_it_said(world: World, run: Run) -> None:
    project_id = add_project(world)

    planned = run(conf={"dry_run": True})

    assert planned.state == "success"
    assert writes(world) == []
    [outcome] = outcomes(planned)
    assert (outcome["action"], outcome["amount"]) == ("create", "4689.38")
    run(conf={"dry_run": False})
    assert order_of(world, project_id)["value"] == Decimal("4689.375")
    world.upsales.move(order_of(world, project_id)["id"], STAGE_WON)
    before = len(world.journal.entries)
    settling = run(conf={"dry_run": True})
    assert settling.state == "success"
    assert writes(world, before) == []
    assert states(settling)["settle.sync_billing", 0] == "skipped"


def test_a_planned_undo_is_told_though_its_task_is_skipped(
    world: World, run: Run, settings: dict[str, Any]
) -> None:
    settings.update(billing_integration_id=None, billing_reference_field=None, reopened_orders="undo")
    project_id = add_project(world)
    run()
    order_id = order_of(world, project_id)["id"]
    world.upsales.move(order_id, STAGE_WON)
    run()
    world.upsales.move(order_id, STAGE_VERBAL_AGREEMENT)
    before = len(world.journal.entries)

    planned = run(conf={"dry_run": True})

    assert writes(world, before) == []
    assert states(planned)["settle.mark_project_invoiced", 0] == "skipped"
    [told] = xcoms(planned, "settle.mark_project_invoiced", "undone")
    assert (told["order_id"], told["amount"]) == (order_id, "4689.38")
    assert any("Harvest invoice" in step for step in told["done"])


def xcoms(dag_run: Any, task_id: str, key: str) -> list[Any]:
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    with create_session() as session:
        found = session.scalars(
            XComModel.get_many(run_id=dag_run.run_id, key=key, task_ids=task_id, dag_ids=dag_run.dag_id)
        ).all()
        return [XComModel.deserialize_value(xcom) for xcom in found]


def outcomes(dag_run: Any) -> list[dict[str, Any]]:
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    with create_session() as session:
        found = session.scalars(
            XComModel.get_many(
                run_id=dag_run.run_id,
                key="return_value",
                task_ids="upsert_opportunities",
                dag_ids=dag_run.dag_id,
            )
        ).all()
        return [outcome for xcom in found for outcome in XComModel.deserialize_value(xcom)]


def test_params_choose_projects_and_days(world: World, run: Run) -> None:
    wanted = add_project(world, "Fjord AB")
    add_project(world, "Skog AB")

    assert run(conf={"project_ids": [wanted]}).state == "success"

    assert len(world.upsales.orders) == 1


def test_a_window_that_ends_before_it_begins_is_refused(world: World, run: Run) -> None:
    add_project(world)

    assert run(conf={"start_date": "2026-10-31", "end_date": "2026-10-01"}).state == "failed"

    assert world.upsales.orders == {}


def test_without_a_billing_app_the_sync_is_skipped(world: World, run: Run, settings: dict[str, Any]) -> None:
    settings["billing_integration_id"] = settings["billing_reference_field"] = None
    project_id = add_project(world)
    run()
    world.upsales.move(order_of(world, project_id)["id"], STAGE_WON)

    settled = run()

    assert settled.state == "success"
    assert states(settled)["settle.sync_billing", 0] == "skipped"


def test_the_billing_app_is_waited_for_and_its_refusal_told(
    world: World, run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    project_id = add_project(world)
    run()
    world.billing.mode = "fail"
    world.upsales.move(order_of(world, project_id)["id"], STAGE_WON)

    with caplog.at_level(logging.ERROR):
        failed = run()

    assert failed.state == "failed"
    assert states(failed)["settle.mark_project_invoiced", 0] == "success"
    assert states(failed)["settle.sync_billing", 0] == "failed"


def test_rows_of_salespeople_stay(world: World, run: Run) -> None:
    project_id = add_project(world)
    run()
    order_id = order_of(world, project_id)["id"]
    world.upsales.add_row(order_id, PRODUCT_LICENCE, 2, "99.90")
    world.harvest.add_time(project_id, TODAY.isoformat(), "1", rate="1250.50")

    assert run().state == "success"

    rows = {
        (row["product"]["id"], row["quantity"], row["price"])
        for row in order_of(world, project_id)["orderRow"]
    }
    assert (PRODUCT_LICENCE, Decimal(2), Decimal("99.90")) in rows
    assert order_of(world, project_id)["value"] == Decimal("4.75") * Decimal("1250.50") + Decimal("199.80")


def test_no_token_reaches_the_database_or_a_log(world: World, run: Run, server: SandboxServer) -> None:
    add_project(world)
    run()
    home = Path(os.environ["AIRFLOW_HOME"])
    for path in home.rglob("*"):
        if path.is_file():
            held = path.read_bytes()
            assert HARVEST_TOKEN.encode() not in held, path
            assert UPSALES_TOKEN.encode() not in held, path


def test_blind_lists_of_orders_have_none_made_twice(world: World, run: Run, settings: dict[str, Any]) -> None:
    """Batches of one project each: what one has created, and what earlier runs knew, is known to all."""
    settings["batch_size"] = 1
    for client in ("Fjord AB", "Havre AB", "Skog AB"):
        add_project(world, client)
    blind = {"kind": "status", "status": 200, "method": "GET", "path": "^/orders$", "body": NONE_LISTED}

    world.faults.add(service="upsales", **blind)
    for _ in range(2):
        failed = run()
        assert failed.state == "failed"
        assert {states(failed)["upsert_opportunities", index] for index in range(3)} == {"failed"}
        assert writes(world).count("POST /orders") == 1

    world.faults.clear()
    assert run().state == "success"
    assert len(world.upsales.orders) == 3

    world.faults.add(service="upsales", **blind)
    assert run(night=True).state == "failed"
    assert len(world.upsales.orders) == 3
    assert world.journal.violations == []


def test_the_next_run_s_tasks_still_know_what_counts_in_the_limits(world: World, run: Run) -> None:
    """The set-up check of a run comes between the writes of the run before and the next ones."""
    staging = Path(os.environ["AIRFLOW_HOME"]) / "harvest_upsales_staging"
    for path in staging.glob("requests-*.json"):
        path.unlink()
    for client in ("Fjord AB", "Havre AB", "Skog AB"):
        add_project(world, client)
    run()
    run()

    sent = [json.loads(path.read_text())["sent"] for path in staging.glob("requests-*.json")]
    assert [sum(each["writes"].values()) for each in sent if "writes" in each] == [len(writes(world))]

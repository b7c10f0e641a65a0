"""The product under Airflow's real scheduler, DAG processor, triggerer and API server, on SQLite with LocalExecutor.

Measured here and nowhere else: that a failed project is mended by clearing its own task instance, that overlapping
runs of a backfill write one at a time and end in one state, that the wait for the billing app leaves the worker and
comes back, and that no token is left in a log or in the metadata database.
"""

import itertools
import sqlite3
import time
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from threading import Timer
from typing import Any

import pytest

from localrun.airflow_api import AGAIN_FOR_S, ApiError
from localrun.airflow_parts import AIRFLOW
from localrun.checks import files_with
from localrun.sandbox_link import SECRETS
from sandbox.minimal import STAGE_WON
from sandbox.world import World
from tests.scheduler.conftest import WRONG_TOKEN
from tests.scheduler.rig import Rig, writes

pytestmark = [pytest.mark.scheduler, pytest.mark.timeout(240)]

DAY = timedelta(days=1)
UPSERT, MARK, SYNC = "upsert_opportunities", "settle.mark_project_invoiced", "settle.sync_billing"
NEW_ORDER = ("POST", "/orders")
# Python's SQLite waits five seconds for a lock.
LONGER_THAN_SQLITE_WAITS_S = 6.5


def add_client(world: World, name: str, *, in_upsales: bool = True) -> int:
    if in_upsales:
        world.upsales.add_company(name)
    return world.harvest.add_client(name)


def add_project(world: World, client_id: int, name: str, *days: date) -> int:
    """A project with 7.25 h at 1250.50 on each of the days."""
    project_id = world.harvest.add_project(client_id, name, hourly_rate="1250.50")
    for day in days or (world.today,):
        world.harvest.add_time(project_id, day, "7.25")
    return project_id


def orders_by_project(world: World) -> dict[int, dict[str, Any]]:
    """Our orders; there has to be one a project."""
    keys = {
        order_id: world.upsales.custom_value(order_id, "HARVEST_KEY") for order_id in world.upsales.orders
    }
    projects = [int(key.split(":")[1]) for key in keys.values() if key]
    assert len(set(projects)) == len(projects)
    return {int(key.split(":")[1]): world.upsales.orders[order_id] for order_id, key in keys.items() if key}


def test_a_failed_project_is_mended_by_clearing_its_task_instance(rig: Rig) -> None:
    world = rig.world("mend")
    names = ("Alfa AB", "Beta AB", "Gamma AB")
    clients = {name: add_client(world, name, in_upsales=name != "Gamma AB") for name in names}
    projects = {name: add_project(world, client_id, "Webb") for name, client_id in clients.items()}

    run_id = rig.run("mend")

    assert rig.state("mend", run_id) == "failed"
    instances = rig.instances("mend", run_id, UPSERT)
    assert [ti.rendered_map_index for ti in instances] == [f"batch {n} of 3: 1 projects" for n in (1, 2, 3)]
    assert [ti.state for ti in instances] == ["success", "success", "failed"]
    assert instances[2].try_number == 1, "only a person can mend it, so it is not tried again"
    assert "Gamma AB" in rig.errors("mend", run_id, instances[2])
    assert set(orders_by_project(world)) == {projects["Alfa AB"], projects["Beta AB"]}

    world.upsales.add_company("Gamma AB")
    so_far = len(world.journal.entries)
    cleared = rig.api.clear_failed("mend", run_id, [(UPSERT, instances[2].map_index)])

    assert {ti.name for ti in cleared} == {instances[2].name, "reconcile"}
    assert rig.state("mend", run_id) == "success"
    assert writes(world, so_far) == [NEW_ORDER]
    assert set(orders_by_project(world)) == set(projects.values())
    assert [ti.try_number for ti in rig.instances("mend", run_id, UPSERT)] == [1, 1, 2]
    assert world.journal.violations == []


def test_a_week_of_backfill_ends_in_the_state_of_one_run(rig: Rig) -> None:
    world = rig.world("week")
    last = datetime.now(UTC).date() - DAY
    week = [last - n * DAY for n in reversed(range(7))]
    client_id = add_client(world, "Alfa AB")
    days = {
        add_project(world, client_id, "Every day", *week): 7,
        add_project(world, client_id, "One day", week[3]): 1,
        add_project(world, client_id, "Also before", week[0] - 9 * DAY, week[0], week[6]): 3,
    }

    dates = ("--from-date", week[0].isoformat(), "--to-date", week[-1].isoformat())
    command = [AIRFLOW, "backfill", "create", "--dag-id", "week", *dates, "--max-active-runs", "3"]
    with rig.only_writer():
        rig.programs.run("backfill", command, rig.home.environment(), folder=rig.home.folder, timeout_s=60)
    rig.wait_until(
        lambda: len(runs := rig.api.runs("week")) == 7 and all(run.end_date for run in runs), "seven runs"
    )

    runs = rig.api.runs("week")
    assert [(run.run_type, run.state) for run in runs] == [("backfill", "success")] * 7
    assert overlapping([(run.start_date, run.end_date) for run in runs]), (
        "the runs have to be able to collide"
    )
    writers = [
        ti for run in runs for ti in rig.api.task_instances("week", run.dag_run_id)
        if ti.task_id in ("check_setup", UPSERT) and ti.state == "success"
    ]  # fmt: skip
    assert len(writers) >= 7
    assert not overlapping([(ti.start_date, ti.end_date) for ti in writers]), "one writer at a time"
    orders = orders_by_project(world)
    assert {project_id: order["value"] for project_id, order in orders.items()} == {
        project_id: count * Decimal("7.25") * Decimal("1250.50") for project_id, count in days.items()
    }
    assert writes(world).count(NEW_ORDER) == len(days)

    before, so_far = repr(orders), len(world.journal.entries)
    assert rig.state("week", rig.run("week")) == "success"
    assert writes(world, so_far) == []
    assert repr(orders_by_project(world)) == before
    assert world.journal.violations == []


def overlapping(spans: list[tuple[datetime | None, datetime | None]]) -> bool:
    known = sorted((start, end) for start, end in spans if start and end)
    assert len(known) == len(spans)
    return any(earlier[1] > later[0] for earlier, later in itertools.pairwise(known))


def test_won_orders_wait_in_the_triggerer_and_are_billed_once(rig: Rig) -> None:
    world = rig.world("billing")
    client_id = add_client(world, "Alfa AB")
    slow, refused = (add_project(world, client_id, name) for name in ("Slow", "Refused"))
    assert rig.state("billing", rig.run("billing")) == "success"
    orders = {project_id: order["id"] for project_id, order in orders_by_project(world).items()}
    # The app hears the salesperson's move and stays silent; on our save it refuses one of them.
    world.billing.delay_s, world.billing.mode = 0, "silent"
    # Some time ago, as settlement gives the app a while to answer a fresh move.
    with world.clock.frozen(world.clock.now() - timedelta(hours=1)):
        for order_id in orders.values():
            world.upsales.move(order_id, STAGE_WON)
    world.billing.order_modes[orders[refused]] = "fail"

    run_id = rig.run("billing")

    names = {
        project: f"Alfa AB: {name} (order {orders[project]})"
        for project, name in ((slow, "Slow"), (refused, "Refused"))
    }

    def states() -> dict[str | None, str | None]:
        return {ti.rendered_map_index: ti.state for ti in rig.instances("billing", run_id, SYNC)}

    rig.wait_until(lambda: states().get(names[slow]) == "deferred", "waiting in the triggerer")
    assert world.billing.invoices_of(orders[slow]) == []
    world.billing.order_modes[orders[slow]] = "ok"
    world.upsales.edit(orders[slow], description="Saved by a person, so that the app is called")

    assert rig.state("billing", run_id) == "failed"
    assert states() == {names[slow]: "success", names[refused]: "failed"}
    assert {ti.rendered_map_index for ti in rig.instances("billing", run_id, MARK)} == set(names.values())
    failed = next(ti for ti in rig.instances("billing", run_id, SYNC) if ti.state == "failed")
    assert world.billing.fail_message in rig.errors("billing", run_id, failed)
    assert failed.try_number == 1

    world.billing.order_modes[orders[refused]] = "ok"
    rig.api.clear_failed("billing", run_id, [(SYNC, failed.map_index)])

    assert rig.state("billing", run_id) == "success"
    for order_id in orders.values():
        assert len(world.billing.invoices_of(order_id)) == 1
    assert len(world.harvest.invoices) == 2
    assert not any(world.harvest.projects[project_id]["is_active"] for project_id in orders)
    assert world.journal.violations == []


def test_no_token_is_left_in_logs_or_the_metadata_database(rig: Rig) -> None:
    run_id = rig.run("refused")

    assert rig.state("refused", run_id) == "failed"
    (check,) = rig.instances("refused", run_id, "check_setup")
    assert check.try_number == 1, "a wrong token is not tried again"
    assert "Harvest" in rig.errors("refused", run_id, check)
    assert rig.home.database.exists()
    assert files_with(["harvest_refused"], rig.home.folder), "the search has to be able to find something"
    assert files_with([*SECRETS, WRONG_TOKEN], rig.home.folder) == []


def test_a_locked_database_delays_a_connection_and_does_not_lose_it(rig: Rig) -> None:
    record = {"conn_type": "http", "host": "127.0.0.1"}
    with (
        rig.only_writer(),
        closing(
            sqlite3.connect(rig.home.database, isolation_level=None, check_same_thread=False)
        ) as database,
    ):
        database.execute("BEGIN IMMEDIATE")
        unlock = Timer(LONGER_THAN_SQLITE_WAITS_S, database.execute, ["ROLLBACK"])
        unlock.start()
        began = time.monotonic()
        rig.api.make_connection("after_the_lock", record)
        waited = time.monotonic() - began
        unlock.join()

    assert LONGER_THAN_SQLITE_WAITS_S <= waited < AGAIN_FOR_S
    found = rig.api.call("GET", "/api/v2/connections/after_the_lock").json()
    assert (found["conn_type"], found["host"]) == ("http", "127.0.0.1")
    began = time.monotonic()
    with pytest.raises(ApiError, match="409"):
        rig.api.make_connection("after_the_lock", record)
    assert time.monotonic() - began < LONGER_THAN_SQLITE_WAITS_S, "a refusal is no reason to ask again"

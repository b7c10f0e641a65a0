"""The product on Celery, PostgreSQL and Redis, started by docker-compose.yaml's own commands and environment."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import psutil
import pytest
import yaml

from localrun.airflow_api import TaskInstance
from sandbox.journal import Moment
from sandbox.jsonio import Record
from sandbox.minimal import STAGE_WON
from sandbox.world import World
from tests.cluster.compose import AIRFLOW_SERVICES, ROOT
from tests.cluster.rig import Cluster
from tests.reliability.books import audit, keys

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

DAG_ID = "harvest_upsales"
DAY = timedelta(days=1)
WRITERS = frozenset(
    {"check_setup", "upsert_opportunities", "settle.mark_project_invoiced", "settle.sync_billing"}
)


def add_projects(world: World, *names: str) -> list[int]:
    """A project each, of one new client, with time on each day of the last week."""
    client = f"{names[0]} AB"
    world.upsales.add_company(client)
    client_id = world.harvest.add_client(client)
    found = []
    for name in names:
        project_id = world.harvest.add_project(client_id, name, hourly_rate="1250.50")
        for days_ago in range(1, 8):
            world.harvest.add_time(project_id, world.today - days_ago * DAY, "7.25")
        found.append(project_id)
    return found


def writes(world: World, method: str, path: str) -> int:
    """How many writes took effect."""
    return sum(
        e["took_effect"] and e["method"] == method and e["path"] == path for e in world.journal.entries
    )


def order_of(world: World, project_id: int) -> int:
    (found,) = [order_id for order_id, key in keys(world).items() if key.split(":")[1] == str(project_id)]
    return found


class Sender:
    """Whose write it is that took effect last; the sandbox tells."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._port: int | None = None

    def __call__(self, moment: Moment, entry: Record, port: int) -> bool:
        if moment is Moment.DONE and entry["path"] == self._path:
            self._port = port
        return False

    def program(self, cluster: Cluster) -> str | None:
        """The worker whose task waits for the answer."""
        pids = (
            connection.pid
            for connection in psutil.net_connections(kind="tcp4")
            if connection.laddr.port == self._port and connection.raddr and connection.pid
        )
        pid = next(pids, None)
        return None if pid is None else cluster.programs.name_of(pid)


def overlapping(instances: list[TaskInstance]) -> list[str]:
    """Writers of which one began before another had ended, in words.

    Those at try 0 never ran: the scheduler puts the moment down at which it left them out.
    """
    spans = sorted(
        (ti.start_date, ti.end_date, f"{ti.name}, {ti.state} at try {ti.try_number}")
        for ti in instances
        if ti.task_id in WRITERS and ti.try_number and ti.start_date and ti.end_date
    )
    return [
        f"{later[2]}: {later[0]}-{later[1]} began before the end of {earlier[2]}: {earlier[0]}-{earlier[1]}"
        for earlier, later in itertools.pairwise(spans)
        if later[0] < earlier[1]
    ]


def test_two_workers_share_a_run_and_one_writes_at_a_time(cluster: Cluster, world: World) -> None:
    projects = add_projects(world, "Alfa", "Beta", "Gamma", "Delta", "Epsilon")

    # The schedule's first run is under way at the same time.
    run_id = cluster.api.trigger(DAG_ID)
    assert cluster.state(DAG_ID, run_id) == "success"
    cluster.wait_until(lambda: all(run.end_date for run in cluster.api.runs(DAG_ID)), "all runs")

    assert {key.split(":")[1] for key in keys(world).values()} == {str(project_id) for project_id in projects}
    assert not audit(world)
    assert len([ti for ti in cluster.instances(DAG_ID) if ti.task_id == "upsert_opportunities"]) >= 3
    assert overlapping(cluster.instances(DAG_ID)) == []
    for name in ("worker-1", "worker-2"):
        assert "succeeded" in cluster.log_of(name), name


def test_schedule_and_backfill_at_once_end_in_one_state(cluster: Cluster, world: World) -> None:
    (project_id,) = add_projects(world, "Overlap")
    today = datetime.now(UTC).date()
    before = len(cluster.api.runs(DAG_ID))

    run_id = cluster.api.trigger(DAG_ID)
    # Each of four days has one run, none of them the last one, whose run the schedule made.
    cluster.backfill(DAG_ID, str(today - 7 * DAY), str(today - 3 * DAY))
    cluster.wait_until(
        lambda: len(runs := cluster.api.runs(DAG_ID)) == before + 5 and all(run.end_date for run in runs),
        "the run and four days of backfill",
    )

    runs = [run for run in cluster.api.runs(DAG_ID) if run.run_type == "backfill" or run.dag_run_id == run_id]
    assert {run.state for run in runs} == {"success"}
    assert overlapping(cluster.instances(DAG_ID)) == []
    assert world.upsales.orders[order_of(world, project_id)]["value"] == 7 * Decimal("7.25") * Decimal(
        "1250.50"
    )
    assert not audit(world)
    # What they handed to each other is gone; what stays is the count of requests.
    assert [path.name for path in cluster.staging.iterdir() if path.is_dir()] == []
    so_far = len(world.journal.entries)
    assert cluster.state(DAG_ID, cluster.api.trigger(DAG_ID)) == "success"
    assert not [e for e in world.journal.since(so_far) if e["is_write"]]


def test_a_won_order_is_settled_and_billed_once(cluster: Cluster, world: World) -> None:
    (project_id,) = add_projects(world, "Settled")
    assert cluster.state(DAG_ID, cluster.api.trigger(DAG_ID)) == "success"
    order_id = order_of(world, project_id)
    # The app hears the salesperson's move, some time ago, and stays silent: the wait for it leaves the worker.
    world.billing.delay_s, world.billing.mode = 0, "silent"
    with world.clock.frozen(world.clock.now() - timedelta(hours=1)):
        world.upsales.move(order_id, STAGE_WON)

    run_id = cluster.api.trigger(DAG_ID)
    cluster.wait_until(
        lambda: any(ti.state == "deferred" for ti in cluster.api.task_instances(DAG_ID, run_id)),
        "waiting in the triggerer",
    )
    world.billing.mode = "ok"
    world.upsales.edit(order_id, description="Saved by a person, so that the app is called")
    assert cluster.state(DAG_ID, run_id) == "success"

    world.billing.delay_s = 0.3
    (invoice,) = world.harvest.invoices.values()
    assert world.upsales.custom_value(order_id, "HARVEST_INVOICE") == str(invoice["id"])
    assert len(world.billing.invoices_of(order_id)) == 1
    assert not world.harvest.projects[project_id]["is_active"]
    assert not audit(world)


def test_each_part_is_well_by_its_own_health_check(cluster: Cluster) -> None:
    parts = {*AIRFLOW_SERVICES, "worker-1", "worker-2"} - {"airflow-worker"}
    assert cluster.health(*parts) == dict.fromkeys(parts, True)


def test_a_worker_killed_in_the_middle_of_a_write_is_made_good(cluster: Cluster, world: World) -> None:
    (project_id,) = add_projects(world, "Killed")
    made = writes(world, "POST", "/orders")
    # The order exists, and the answer is long in coming.
    world.faults.add(kind="stall", method="POST", path="^/orders$", answer_s=30, times=1)
    world.watcher = sender = Sender("/orders")

    run_id = cluster.api.trigger(DAG_ID)
    cluster.wait_until(lambda: sender.program(cluster) is not None, "the write was sent")
    worker = sender.program(cluster)
    assert worker in ("worker-1", "worker-2")
    cluster.kill(worker)
    assert cluster.health("worker-1", "worker-2") == {
        "worker-1": worker != "worker-1",
        "worker-2": worker != "worker-2",
    }

    assert cluster.state(DAG_ID, run_id) == "success"
    assert writes(world, "POST", "/orders") == made + 1
    assert world.upsales.orders[order_of(world, project_id)]["value"] == 7 * Decimal("7.25") * Decimal(
        "1250.50"
    )
    assert not audit(world)
    tries = {
        ti.try_number
        for ti in cluster.api.task_instances(DAG_ID, run_id)
        if ti.task_id == "upsert_opportunities"
    }
    assert max(tries) == 2
    world.watcher = None
    cluster.start_worker("worker-3")


def test_initialised_once_more_everything_stays_as_people_changed_it(cluster: Cluster) -> None:
    def found(path: str) -> dict[str, object]:
        return dict(cluster.api.call("GET", f"/api/v2/{path}").json())

    edited = {"connection_id": "harvest_default", "conn_type": "harvest", "description": "Ask Eva"}
    path, settings = "connections/harvest_default", "variables/harvest_upsales_settings"
    assert cluster.api.call("PATCH", f"/api/v2/{path}", edited, update_mask="description").ok
    before = found(path), found(settings)

    cluster.initialise()

    assert (found(path), found(settings)) == before
    assert before[0]["description"] == "Ask Eva"
    assert found("pools/upsales_writes")["slots"] == 1


def test_the_charts_migration_makes_the_pool(cluster: Cluster) -> None:
    pool = "pools/upsales_writes"
    assert cluster.api.call("DELETE", f"/api/v2/{pool}").ok
    values = yaml.safe_load((ROOT / "deploy" / "helm-values.yaml").read_text(encoding="utf-8"))

    cluster.run_once("chart-migration", values["migrateDatabaseJob"]["args"])

    assert cluster.api.call("GET", f"/api/v2/{pool}").json()["slots"] == 1


def test_no_secret_is_left_in_a_log(cluster: Cluster, world: World) -> None:
    from localrun.checks import files_with
    from localrun.sandbox_link import SECRETS

    passwords = [
        value for name, value in cluster.given.items() if name.endswith(("SECRET", "KEY", "PASSWORD"))
    ]
    assert files_with([*SECRETS, *(value for value in passwords if len(value) > 8)], cluster.logs) == []
    assert files_with(["upsert_opportunities"], cluster.logs), "the search has to be able to find something"

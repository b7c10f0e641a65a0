"""What people do in both services while the cluster runs, and what the tests then look at."""

from __future__ import annotations

import itertools
from datetime import timedelta
from decimal import Decimal

import psutil

from localrun.airflow_api import TaskInstance
from sandbox.journal import Moment
from sandbox.jsonio import Record
from sandbox.world import World
from tests.cluster.rig import Cluster
from tests.reliability.books import keys

DAG_ID = "harvest_upsales"
DAY = timedelta(days=1)
RATE = "1250.50"
WORTH = 7 * Decimal("7.25") * Decimal(RATE)
WRITERS = frozenset(
    {"check_setup", "upsert_opportunities", "settle.mark_project_invoiced", "settle.sync_billing"}
)


def add_projects(world: World, *names: str, hours: str = "7.25") -> list[int]:
    """A project each, of one new client, with time on each day of the last week."""
    client = f"{names[0]} AB"
    if client not in {company["name"] for company in world.upsales.companies.values()}:
        world.upsales.add_company(client)
    client_id = world.harvest.add_client(client)
    found = []
    for name in names:
        project_id = world.harvest.add_project(client_id, name, hourly_rate=RATE)
        for days_ago in range(1, 8):
            world.harvest.add_time(project_id, world.today - days_ago * DAY, hours)
        found.append(project_id)
    return found


def writes(world: World, method: str, path: str, since: int = 0) -> int:
    """How many writes took effect.

    :param since: entries of the journal that are left out
    """
    entries = world.journal.since(since)
    return sum(e["took_effect"] and e["method"] == method and e["path"] == path for e in entries)


def invoices_of(world: World, order_id: int) -> list[Record]:
    """The Harvest invoices of an order."""
    wanted = f"upsales-order-{order_id}"
    return [invoice for invoice in world.harvest.invoices.values() if invoice["purchase_order"] == wanted]


def order_of(world: World, project_id: int) -> int:
    """The one opportunity of a project."""
    wanted = f"{world.harvest.account_id}:{project_id}"
    (found,) = [order_id for order_id, key in keys(world).items() if key == wanted]
    return found


def value_of(world: World, project_id: int) -> Decimal:
    """What a project's opportunity is worth."""
    return Decimal(world.upsales.orders[order_of(world, project_id)]["value"])


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


def worker_in_the_middle_of_an_order(
    cluster: Cluster, world: World, name: str, answer_s: float
) -> tuple[int, str, str]:
    """Start a run of which the order of a new project exists, while the answer is long in coming.

    :return: the project's id, the run's id, and the worker that waits
    """
    cluster.wait_for_workers()
    # A run that is under way, such as the schedule's first one, might write it instead.
    cluster.wait_until(
        lambda: all(run.end_date for run in cluster.api.runs(DAG_ID)), "the runs before had ended"
    )
    (project_id,) = add_projects(world, name)
    world.faults.add(kind="stall", method="POST", path="^/orders$", answer_s=answer_s, times=1)
    world.watcher = sender = Sender("/orders")
    run_id = cluster.api.trigger(DAG_ID)
    cluster.wait_until(lambda: sender.program(cluster) is not None, "the write was sent")
    worker = sender.program(cluster)
    world.watcher = None
    assert worker in cluster.workers
    return project_id, run_id, worker


def tries(cluster: Cluster, run_id: str, task_id: str) -> set[int]:
    """How often a run's instances of a task were begun."""
    return {ti.try_number for ti in cluster.api.task_instances(DAG_ID, run_id) if ti.task_id == task_id}


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

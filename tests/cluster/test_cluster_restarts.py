"""Parts of the cluster end in the middle of a run; the run ends right all the same."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sandbox.minimal import STAGE_WON
from sandbox.world import World
from tests.cluster.actions import (
    DAG_ID,
    WORTH,
    add_projects,
    invoices_of,
    order_of,
    tries,
    value_of,
    worker_in_the_middle_of_an_order,
    writes,
)
from tests.cluster.rig import Cluster
from tests.reliability.books import audit

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]


def test_an_order_is_billed_once_where_the_triggerer_ends_while_it_waits(
    cluster: Cluster, world: World
) -> None:
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
    cluster.restart("airflow-triggerer")
    world.billing.mode = "ok"
    world.upsales.edit(order_id, description="Saved by a person, so that the app is called")
    assert cluster.state(DAG_ID, run_id) == "success"

    world.billing.delay_s = 0.3
    (invoice,) = invoices_of(world, order_id)
    assert world.upsales.custom_value(order_id, "HARVEST_INVOICE") == str(invoice["id"])
    assert len(world.billing.invoices_of(order_id)) == 1
    assert not world.harvest.projects[project_id]["is_active"]
    assert not audit(world)


def test_a_worker_killed_in_the_middle_of_a_write_is_made_good(cluster: Cluster, world: World) -> None:
    project_id, run_id, killed = worker_in_the_middle_of_an_order(cluster, world, "Killed", answer_s=30)
    so_far = len(world.journal.entries)
    cluster.kill(killed)
    workers = tuple(cluster.workers)
    cluster.workers.remove(killed)
    assert cluster.health(*workers) == {name: name != killed for name in workers}

    assert cluster.state(DAG_ID, run_id) == "success"
    cluster.start_worker()
    # It was there, and was found.
    assert writes(world, "POST", "/orders", so_far) == 0
    assert value_of(world, project_id) == WORTH
    assert not audit(world)
    assert max(tries(cluster, run_id, "upsert_opportunities")) == 2
    # What it had said is still there for people, as its machine is not asked for it.
    first_try = f"/api/v2/dags/{DAG_ID}/dagRuns/{run_id}/taskInstances/upsert_opportunities/logs/1"
    log = cluster.api.call("GET", first_try, map_index=0, full_content="true").text
    assert "Worker startup parse complete" in log


def test_a_worker_that_is_stopped_finishes_what_it_is_at(cluster: Cluster, world: World) -> None:
    # Longer than a container has by default.
    project_id, run_id, stopped = worker_in_the_middle_of_an_order(cluster, world, "Stopped", answer_s=15)

    ended = cluster.stop_worker(stopped)
    cluster.start_worker()

    assert ended
    assert cluster.state(DAG_ID, run_id) == "success"
    assert tries(cluster, run_id, "upsert_opportunities") == {1}
    assert value_of(world, project_id) == WORTH


def test_redis_started_anew_in_the_middle_of_a_run_loses_nothing(cluster: Cluster, world: World) -> None:
    from tests.cluster.servers import REDIS, start_redis

    if not cluster.programs.runs(REDIS):
        pytest.skip("The Redis that the environment names is not the tests' own to stop.")
    project_id, run_id, _ = worker_in_the_middle_of_an_order(cluster, world, "Broker", answer_s=5)

    cluster.programs.kill(REDIS)
    start_redis(cluster.programs, cluster.folder, cluster.given)

    assert cluster.state(DAG_ID, run_id) == "success"
    assert value_of(world, project_id) == WORTH
    assert not audit(world)

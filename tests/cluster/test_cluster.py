"""The product on Celery, PostgreSQL and Redis, started by docker-compose.yaml's own commands and environment."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sandbox.world import World
from tests.cluster.actions import DAG_ID, DAY, WORTH, add_projects, overlapping, value_of
from tests.cluster.compose import AIRFLOW_SERVICES
from tests.cluster.rig import Cluster
from tests.reliability.books import audit, keys

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]


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
    for name in cluster.workers:
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
    assert value_of(world, project_id) == WORTH
    assert not audit(world)
    so_far = len(world.journal.entries)
    assert cluster.state(DAG_ID, cluster.api.trigger(DAG_ID)) == "success"
    assert not [e for e in world.journal.since(so_far) if e["is_write"]]


def test_what_tasks_hand_on_lies_in_the_volume_until_the_run_ends(cluster: Cluster, world: World) -> None:
    add_projects(world, "Staged")
    staging = cluster.volume("staging")
    world.faults.add(kind="stall", method="POST", path="^/orders$", answer_s=3, times=1)

    run_id = cluster.api.trigger(DAG_ID)
    cluster.wait_until(lambda: any(staging.glob("*/*.json")), "something was staged")
    assert cluster.state(DAG_ID, run_id) == "success"

    # What stays is the count of requests, one for each service.
    assert [path.name for path in staging.iterdir() if path.is_dir()] == []
    assert len(list(staging.glob("requests-*.json"))) == 2
    # And nothing lies where only one container sees it.
    own = {
        path.name
        for path in (cluster.folder / "containers").glob("*/staging/*")
        if not path.parent.is_symlink()
    }
    assert own == set()


def test_each_part_is_well_by_its_own_health_check(cluster: Cluster) -> None:
    parts = {*AIRFLOW_SERVICES, *cluster.workers} - {"airflow-worker"}
    assert cluster.health(*parts) == dict.fromkeys(parts, True)

"""Staged files and XComs in a bucket, as where workers share no folder: a real S3 server on this machine.

The cluster that the other tests began goes on with it. So both ways are held to the same parts, and a second cluster
need not be started.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from localrun.sandbox_link import SECRETS
from sandbox.minimal import STAGE_WON
from sandbox.world import World
from tests.cluster.actions import DAG_ID, WORTH, add_projects, order_of, value_of
from tests.cluster.rig import Cluster
from tests.reliability.books import audit

if TYPE_CHECKING:
    from tests.cluster.servers import ObjectStore

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

CONNECTION = "bucket"
STAGING, XCOMS = "staging", "xcoms"


@pytest.fixture(scope="module")
def store(cluster: Cluster) -> ObjectStore:
    """The store, which the cluster uses from now on: the options that docs/deploy.md names, a connection in the UI."""
    from tests.cluster.servers import object_store

    running = object_store(cluster.programs, cluster.folder)
    for bucket in (STAGING, XCOMS):
        running.make(bucket)
    cluster.api.make_connection(CONNECTION, running.connection)
    cluster.change(
        {"STAGING_PATH": f"s3://{CONNECTION}@{STAGING}/harvest-upsales"},
        {
            "AIRFLOW__CORE__XCOM_BACKEND": "airflow.providers.common.io.xcom.backend.XComObjectStorageBackend",
            "AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_PATH": f"s3://{CONNECTION}@{XCOMS}/of-airflow",
            # All of them, the smallest too.
            "AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_THRESHOLD": "1",
        },
    )
    return running


def left_in(store: ObjectStore) -> list[str]:
    """What was staged for runs; the count of requests stays for the next one."""
    return [name for name in store.objects(STAGING) if not name.startswith("harvest-upsales/requests-")]


def test_a_run_hands_on_through_a_bucket_and_leaves_nothing_there(
    cluster: Cluster, world: World, store: ObjectStore
) -> None:
    projects = add_projects(world, "Uno", "Due", "Tre")
    world.faults.add(kind="stall", method="POST", path="^/orders$", answer_s=3, times=1)

    run_id = cluster.api.trigger(DAG_ID)
    cluster.wait_until(lambda: bool(left_in(store)), "something was staged")
    assert cluster.state(DAG_ID, run_id) == "success"

    assert {value_of(world, project_id) for project_id in projects} == {WORTH}
    assert not audit(world)
    assert left_in(store) == []
    xcoms = store.objects(XCOMS)
    assert {name.split("/")[3] for name in xcoms} >= {"check_setup", "extract_time", "upsert_opportunities"}
    secrets = [secret.encode() for secret in SECRETS]
    assert not [name for name, body in xcoms.items() if any(secret in body for secret in secrets)]

    order_id = order_of(world, projects[0])
    world.upsales.move(order_id, STAGE_WON)
    run_id = cluster.api.trigger(DAG_ID)
    assert cluster.state(DAG_ID, run_id) == "success"

    assert world.upsales.custom_value(order_id, "HARVEST_INVOICE")
    assert len(world.billing.invoices_of(order_id)) == 1
    assert not audit(world)
    assert left_in(store) == []
    # The page reads the same XComs.
    plan = cluster.api.call("GET", "/harvest-upsales/api/plan", dag_id=DAG_ID, run_id=run_id)
    assert [settled["order_id"] for settled in plan.json()["settlements"]] == [order_id]

"""What administrators do to a cluster that has been at work, and what it must not have left behind."""

from __future__ import annotations

import pytest
import yaml

from localrun.checks import files_with
from localrun.sandbox_link import SECRETS
from tests.cluster.compose import ROOT
from tests.cluster.rig import Cluster

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

POOL = "pools/upsales_writes"


def found(cluster: Cluster, path: str) -> dict[str, object]:
    """A record of Airflow's."""
    return dict(cluster.api.call("GET", f"/api/v2/{path}").json())


def test_initialised_once_more_all_stays_as_people_changed_it_but_the_pool(cluster: Cluster) -> None:
    edited = {"connection_id": "harvest_default", "conn_type": "harvest", "description": "Ask Eva"}
    path, settings = "connections/harvest_default", "variables/harvest_upsales_settings"
    assert cluster.api.call("PATCH", f"/api/v2/{path}", edited, update_mask="description").ok
    wider = {"name": "upsales_writes", "slots": 2, "include_deferred": True}
    assert cluster.api.call("PATCH", f"/api/v2/{POOL}", wider).ok
    before = found(cluster, path), found(cluster, settings)

    cluster.initialise()

    assert (found(cluster, path), found(cluster, settings)) == before
    assert before[0]["description"] == "Ask Eva"
    # One writer at a time, and one that waits for the billing app is none.
    pool = found(cluster, POOL)
    assert (pool["slots"], pool["include_deferred"]) == (1, False)


def test_the_charts_migration_makes_the_pool(cluster: Cluster) -> None:
    assert cluster.api.call("DELETE", f"/api/v2/{POOL}").ok
    values = yaml.safe_load((ROOT / "deploy" / "helm-values.yaml").read_text(encoding="utf-8"))

    cluster.run_once("chart-migration", values["migrateDatabaseJob"]["args"])

    assert found(cluster, POOL)["slots"] == 1


def test_no_secret_is_left_in_a_log(cluster: Cluster) -> None:
    passwords = [
        value for name, value in cluster.given.items() if name.endswith(("SECRET", "KEY", "PASSWORD"))
    ]
    secrets = [*SECRETS, *(value for value in passwords if len(value) > 8)]
    for folder in (cluster.logs, cluster.volume("logs")):
        assert files_with(secrets, folder) == []
    assert files_with(["upsert_opportunities"], cluster.volume("logs")), (
        "the search has to be able to find something"
    )

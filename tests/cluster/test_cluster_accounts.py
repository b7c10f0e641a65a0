"""Two DAGs of the factory: two Harvest accounts whose ids are the same, one Upsales account, one pool."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from localrun.sandbox_link import DEMO_SETTINGS
from sandbox.credentials import HARVEST_TOKEN
from sandbox.minimal import STAGE_WON, set_up_harvest
from sandbox.server import SandboxServer
from sandbox.world import World
from tests.cluster.actions import (
    DAG_ID,
    DAY,
    RATE,
    WORTH,
    add_projects,
    invoices_of,
    order_of,
    overlapping,
    value_of,
    writes,
)
from tests.cluster.rig import Cluster
from tests.reliability.books import audit

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

SECOND = "harvest_upsales_second"
SECOND_ACCOUNT = "2048000"
DAGS = (DAG_ID, SECOND)


@pytest.fixture(scope="module")
def second(cluster: Cluster, world: World) -> Iterator[World]:
    """The second Harvest account, beside the first one's Upsales account and billing app; its DAG is on."""
    other = World(world.today)
    set_up_harvest(other.harvest)
    other.harvest.account_id = SECOND_ACCOUNT
    other.upsales, other.billing = world.upsales, world.billing
    with SandboxServer(other, rate_limits=False) as server:
        harvest = {
            "conn_type": "harvest",
            "host": server.harvest_url,
            "login": SECOND_ACCOUNT,
            "password": HARVEST_TOKEN,
            "extra": {"contact": "time@sydlys.example"},
        }
        upsales = {
            "conn_type": "upsales",
            "host": cluster.given["UPSALES_HOST"],
            "password": cluster.given["UPSALES_API_KEY"],
            "extra": {"verify": str(cluster.volume("certificate") / "sandbox.pem")},
        }
        cluster.api.make_connection("harvest_second", harvest)
        cluster.api.make_connection("upsales_second", upsales)
        cluster.api.make_variable("harvest_upsales_settings_second", DEMO_SETTINGS)
        cluster.api.switch_on(SECOND)
        cluster.wait_until(lambda: bool(cluster.api.runs(SECOND)), "the schedule's first run")
        yield other
        assert cluster.api.call("PATCH", f"/api/v2/dags/{SECOND}", {"is_paused": True}).ok


def run_both(cluster: Cluster, run_id: str) -> None:
    """A run of each DAG at once; both have one id, as the runs of a schedule have."""
    for dag_id in DAGS:
        wish = {"dag_run_id": run_id, "logical_date": None, "conf": {}}
        assert cluster.api.call("POST", f"/api/v2/dags/{dag_id}/dagRuns", wish).ok
    assert {dag_id: cluster.state(dag_id, run_id) for dag_id in DAGS} == dict.fromkeys(DAGS, "success")


def test_two_accounts_feed_one_upsales_and_stay_apart(cluster: Cluster, world: World, second: World) -> None:
    elder, *projects = add_projects(world, "Elder", "Won Twin", "Open Twin")
    while second.harvest.next_id("project") < elder:
        pass
    assert add_projects(second, "Won Twin", "Open Twin", hours="3.5") == projects
    won, still_open = projects
    so_far = len(world.journal.entries)

    run_both(cluster, "both-new")
    theirs = 7 * Decimal("3.5") * Decimal(RATE)
    assert [value_of(world, project_id) for project_id in projects] == [WORTH, WORTH]
    assert [value_of(second, project_id) for project_id in projects] == [theirs, theirs]

    # Both won orders are settled; the open ones stay, where no time of their own account is added.
    world.harvest.add_time(still_open, world.today - DAY, "1")
    untouched = dict(world.upsales.orders[order_of(second, still_open)])
    for account in (world, second):
        world.upsales.move(order_of(account, won), STAGE_WON)
    run_both(cluster, "both-won")
    assert value_of(world, still_open) == WORTH + Decimal(RATE)
    assert world.upsales.orders[order_of(second, still_open)] == untouched
    for account in (world, second):
        order_id = order_of(account, won)
        (invoice,) = invoices_of(account, order_id)
        assert world.upsales.custom_value(order_id, "HARVEST_INVOICE") == str(invoice["id"])
        assert not account.harvest.projects[won]["is_active"]
        assert len(world.billing.invoices_of(order_id)) == 1
    assert len(second.harvest.invoices) == 1

    assert not audit(world)
    assert not audit(second)
    assert overlapping(cluster.instances(*DAGS)) == []
    # Of each account two, and the elder one.
    assert writes(world, "POST", "/orders", so_far) == 5
    assert {path.name.split("-")[0] for path in cluster.volume("staging").iterdir()} == {"requests"}


def test_each_dag_tells_its_own_assets(cluster: Cluster, world: World, second: World) -> None:
    answer = cluster.api.call("GET", "/api/v2/assets/events", limit=500, order_by="-timestamp")
    told = [e for e in answer.json()["asset_events"] if e["source_run_id"] == "both-won"]
    settled = {
        e["source_dag_id"]: (e["name"], e["extra"]["key"])
        for e in told
        if e["name"].endswith("/settled_orders")
    }
    assert {dag_id: name for dag_id, (name, _) in settled.items()} == {
        DAG_ID: f"{DAG_ID}/settled_orders",
        SECOND: f"{SECOND}/settled_orders",
    }
    accounts = {dag_id: key.split(":")[0] for dag_id, (_, key) in settled.items()}
    assert accounts == {DAG_ID: world.harvest.account_id, SECOND: SECOND_ACCOUNT}
    assert {(e["source_dag_id"], e["name"].split("/")[0]) for e in told} == {
        (dag_id, dag_id) for dag_id in DAGS
    }

"""A real Airflow in this process: its own database, DAGs folder, and the sandbox as both services."""

import datetime as dt
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.credentials import HARVEST_ACCOUNT_ID, HARVEST_TOKEN, UPSALES_TOKEN
from sandbox.minimal import BILLING_APP, PRODUCT_TIME, STAGE_VERBAL_AGREEMENT, USER_BRIDGE
from sandbox.server import SandboxServer
from sandbox.world import World

TODAY = dt.datetime.now(dt.UTC).date()
# One DAG as shipped, one that tries each task only once, so that a test of failures need not wait, and one that is
# composed by hand, with names of its own.
DAGS = '''
"""DAGs for the tests of Airflow."""
from airflow.sdk import DAG

from harvest_upsales.dag import harvest_upsales_dag
from harvest_upsales.operators.assets import opportunities_asset
from harvest_upsales.operators.check_setup_operator import CheckSetupOperator
from harvest_upsales.operators.extract_time_operator import ExtractTimeOperator
from harvest_upsales.operators.reconcile_operator import ReconcileOperator
from harvest_upsales.operators.retry_policy import RecoveryRetryPolicy
from harvest_upsales.operators.upsert_operator import UpsertOpportunitiesOperator

shipped: DAG = harvest_upsales_dag()
once: DAG = harvest_upsales_dag("once", default_args={"retries": 0, "retry_policy": RecoveryRetryPolicy()})
with DAG("own", default_args={"retries": 0}) as own:
    check = CheckSetupOperator(task_id="check_setup")
    time = ExtractTimeOperator(task_id="friday_time")
    upsert = UpsertOpportunitiesOperator.partial(task_id="friday_upsert").expand(batch=time.output)
    reconcile = ReconcileOperator(
        task_id="reconcile",
        extract_task_id="friday_time",
        upsert_task_id="friday_upsert",
        outlets=[opportunities_asset("own")],
        trigger_rule="all_done",
    )
    check >> time >> upsert >> reconcile
'''


@pytest.fixture(scope="session")
def dags_folder() -> Path:
    """A folder with the DAGs, and a database behind it."""
    folder = Path(os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tested_dags.py").write_text(DAGS)
    from airflow.utils import db

    db.initdb()
    return folder


@pytest.fixture
def dags(dags_folder: Path) -> dict[str, Any]:
    """The DAGs, parsed by Airflow; anew for each test, as a test run keeps its params on the DAG."""
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(str(dags_folder), bundle_name="dags-folder")
    assert bag.import_errors == {}
    return dict(bag.dags)


@pytest.fixture
def world() -> World:
    """A world with one client that Upsales knows, without time."""
    world = World.new(TODAY)
    world.billing.delay_s = 0
    return world


@pytest.fixture
def settings() -> dict[str, Any]:
    """Settings to change before a run."""
    return {
        "default_user_id": USER_BRIDGE,
        "default_stage_id": STAGE_VERBAL_AGREEMENT,
        "default_product_id": PRODUCT_TIME,
        "billing_integration_id": BILLING_APP,
        "billing_reference_field": "FORTNOX_ID",
    }


@pytest.fixture
def server(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[SandboxServer]:
    """The sandbox, with Airflow's connections pointing at it."""
    with SandboxServer(world, rate_limits=False) as running:
        harvest = {
            "conn_type": "harvest",
            "host": running.harvest_url,
            "login": HARVEST_ACCOUNT_ID,
            "password": HARVEST_TOKEN,
            "extra": {"contact": "ops@example.com"},
        }
        upsales = {"conn_type": "upsales", "host": running.upsales_url, "password": UPSALES_TOKEN}
        monkeypatch.setenv("AIRFLOW_CONN_HARVEST_DEFAULT", json.dumps(harvest))
        monkeypatch.setenv("AIRFLOW_CONN_UPSALES_DEFAULT", json.dumps(upsales))
        yield running


@pytest.fixture
def run(
    dags: dict[str, Any],
    server: SandboxServer,
    settings: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Any]:
    """Run a DAG whole, in this process: ``run("once", conf={"dry_run": True})``; later runs look at later hours.

    ``night=True`` runs it at the next night's hour that compares the whole history.
    """
    # After the hour whose run compares the whole history, whatever the time of day.
    began = dt.datetime.now(dt.UTC).replace(hour=4, minute=0, second=0, microsecond=0)
    hours = iter(range(1, 1000))

    def _run(dag_id: str = "once", *, conf: dict[str, Any] | None = None, night: bool = False) -> Any:
        monkeypatch.setenv("AIRFLOW_VAR_HARVEST_UPSALES_SETTINGS", json.dumps(settings))
        # A test run keeps its params on the DAG, in the database as well: say all of them each time.
        params = {"dry_run": False, "project_ids": [], "start_date": None, "end_date": None, **(conf or {})}
        at = began + dt.timedelta(hours=24 if night else next(hours))
        return dags[dag_id].test(logical_date=at, run_conf=params)

    return _run

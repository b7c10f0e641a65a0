"""What people and other DAGs rely on: names, schedule, pool, order of tasks."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import CronDataIntervalTimetable, TriggerRule

from harvest_upsales.dag import harvest_upsales_dag
from harvest_upsales.dag_docs import TASK_DOCS
from harvest_upsales.operators.retry_policy import RecoveryRetryPolicy

pytestmark = pytest.mark.airflow
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def dag(dags: dict[str, Any]) -> Any:
    return dags["harvest_upsales"]


def test_the_tasks_follow_each_other_as_promised(dag: Any) -> None:
    assert {task.task_id: task.downstream_task_ids for task in dag.tasks} == {
        "check_setup": {"extract_time"},
        "extract_time": {"upsert_opportunities"},
        "upsert_opportunities": {"find_won_orders", "reconcile"},
        "find_won_orders": {"settle.mark_project_invoiced"},
        "settle.mark_project_invoiced": {"settle.sync_billing"},
        "settle.sync_billing": {"reconcile"},
        "reconcile": set(),
    }


def test_runs_are_hourly_with_real_intervals_and_no_catchup(dag: Any) -> None:
    assert dag.timetable == CronDataIntervalTimetable("0 * * * *", timezone="UTC")
    assert dag.catchup is False
    assert dag.max_active_runs == 1


def test_all_that_writes_stands_in_the_pool_of_one_writer(dag: Any) -> None:
    in_pool = {task.task_id for task in dag.tasks if task.pool == "upsales_writes"}
    assert in_pool == {
        "check_setup",
        "upsert_opportunities",
        "settle.mark_project_invoiced",
        "settle.sync_billing",
    }


def test_each_task_says_what_its_failure_means(dag: Any) -> None:
    assert {task.task_id for task in dag.tasks} == set(TASK_DOCS)
    for task in dag.tasks:
        doc = task.partial_kwargs["doc_md"] if task.is_mapped else task.doc_md
        assert doc == TASK_DOCS[task.task_id].markdown
        assert f"1. **{task.task_id.rpartition('.')[2]}** {TASK_DOCS[task.task_id].does}." in dag.doc_md


def test_failures_stay_where_they_are(dag: Any) -> None:
    assert dag.get_task("find_won_orders").trigger_rule == TriggerRule.ALL_DONE
    assert dag.get_task("reconcile").trigger_rule == TriggerRule.ALL_DONE


def test_every_task_has_the_retry_policy_of_the_errors(dag: Any) -> None:
    for task in dag.tasks:
        policy = task.partial_kwargs["retry_policy"] if task.is_mapped else task.retry_policy
        assert isinstance(policy, RecoveryRetryPolicy), task.task_id


@pytest.mark.parametrize(
    ("name", "bad"),
    [("dry_run", "perhaps"), ("project_ids", [0]), ("project_ids", "7"), ("start_date", "1 October")],
)
def test_the_form_of_a_manual_run_checks_its_fields(dag: Any, name: str, bad: object) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    dag.params.update({"dry_run": True, "project_ids": [1, 2], "start_date": "2026-10-01", "end_date": None})
    dag.params.validate()
    with pytest.raises(ParamValidationError):
        dag.params[name] = bad


def test_parsing_reads_neither_database_nor_variables_nor_network() -> None:
    """The DAG file is parsed all the time: with no database, no connection and a closed network it still parses."""
    script = (
        "import socket\n"
        "def closed(*_args, **_kwargs): raise AssertionError('network while parsing')\n"
        "socket.socket.connect = closed\n"
        "from airflow.sdk import BaseHook, Variable\n"
        "BaseHook.get_connection = Variable.get = closed\n"
        "import harvest_upsales.dag as shipped\n"
        "assert shipped.harvest_upsales_dag().dag_id == 'harvest_upsales'\n"
    )
    env = {"PATH": "", "PYTHONPATH": str(ROOT / "plugins"), "AIRFLOW_HOME": "/nonexistent"}
    done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr[-2000:]


def test_airflow_finds_the_dag_in_the_shipped_folder() -> None:
    """Airflow skips files that do not hold its name, without a word."""
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(str(ROOT / "dags"), bundle_name="shipped")
    assert bag.import_errors == {}
    assert list(bag.dags) == ["harvest_upsales"]


def test_the_dags_own_arguments_decide_how_tasks_are_tried_again() -> None:
    said = {"retries": 7, "retry_delay": timedelta(seconds=5)}
    dag = harvest_upsales_dag("tries", default_args=said)
    assert {(task.retries, task.retry_delay) for task in dag.tasks} == {(7, timedelta(seconds=5))}
    assert {type(task.retry_policy) for task in dag.tasks} == {RecoveryRetryPolicy}


def test_the_factory_hands_each_task_its_accounts_settings_and_pool() -> None:
    dag = harvest_upsales_dag(
        "mine", "harvest_mine", "upsales_mine", "settings_mine", "writes_mine", "30 5 * * *"
    )

    assert (dag.dag_id, dag.timetable) == ("mine", CronDataIntervalTimetable("30 5 * * *", timezone="UTC"))
    # A mapped operator keeps its arguments until it is expanded.
    given = [getattr(task, "partial_kwargs", None) or vars(task) for task in dag.tasks]
    names = ("harvest_conn_id", "upsales_conn_id", "settings_variable")
    assert {tuple(each[name] for name in names) for each in given} == {
        ("harvest_mine", "upsales_mine", "settings_mine")
    }
    writers = {"check_setup", "upsert_opportunities", "settle.mark_project_invoiced", "settle.sync_billing"}
    assert {task.task_id for task in dag.tasks if task.pool == "writes_mine"} == writers

"""Which run the head of the page tells of, asked of Airflow's own database."""

import datetime as dt
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from harvest_upsales.web.newest_run import newest_run
from harvest_upsales.web.plugin_dags import PluginDag

pytestmark = pytest.mark.airflow
DAG_ID = "told_of"
NOON = dt.datetime(2026, 11, 2, 12, tzinfo=dt.UTC)
PLAN = {"dry_run": True}


def plugin_dag(*, dry_run_by_default: bool = False) -> PluginDag:
    return PluginDag(
        dag_id=DAG_ID,
        harvest_conn_id="",
        upsales_conn_id="",
        settings_variable="",
        pool="",
        tasks={},
        takes=frozenset({"dry_run"}),
        dry_run_by_default=dry_run_by_default,
        is_paused=False,
        has_import_errors=False,
    )


@pytest.fixture
def session(dags_folder: Path) -> Iterator[Session]:
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session

    with create_session() as session:
        yield session
        session.rollback()
        session.execute(delete(DagRun).where(DagRun.dag_id == DAG_ID))


def add(session: Session, *runs: tuple[str, dict[str, Any] | None]) -> None:
    """Runs by state and configuration, oldest first; they are called ``r0``, ``r1``, …"""
    from airflow.models.dagrun import DagRun

    for number, (state, conf) in enumerate(runs):
        run = DagRun(dag_id=DAG_ID, run_id=f"r{number}", state=state, run_type="manual", conf=conf)
        run.end_date = NOON if state in ("success", "failed") else None
        run.run_after = run.created_at = NOON - dt.timedelta(hours=number)
        session.add(run)
        session.flush()


def told(session: Session, dag: PluginDag | None = None) -> tuple[str, str] | None:
    found = newest_run(session, dag or plugin_dag())
    return found and (found.run_id, found.state)


def test_plans_and_waiting_runs_are_not_told_of(session: Session) -> None:
    assert told(session) is None
    add(session, ("success", None), ("failed", {"dry_run": False}), *[("success", PLAN)] * 50, ("queued", {}))

    found = newest_run(session, plugin_dag())

    assert found is not None
    assert (found.run_id, found.state, found.ended) == ("r1", "failed", NOON)
    assert found.url == f"/dags/{DAG_ID}/runs/r1"


def test_a_run_under_way_is_the_newest(session: Session) -> None:
    add(session, ("failed", {}), ("running", {}))

    found = newest_run(session, plugin_dag())

    assert found is not None
    assert (found.run_id, found.state, found.ended) == ("r1", "running", None)


def test_a_dag_that_only_plans_unless_told_otherwise(session: Session) -> None:
    add(session, ("success", {"dry_run": False}), ("failed", {}), ("failed", None))

    assert told(session, plugin_dag(dry_run_by_default=True)) == ("r0", "success")
    assert told(session) == ("r2", "failed")


def test_a_year_of_hourly_runs_costs_no_more_than_one(session: Session) -> None:
    add(session, *[("success", {})] * 9000, *[("success", PLAN)] * 100)
    began = time.perf_counter()

    assert told(session) == ("r8999", "success")
    assert time.perf_counter() - began < 0.05

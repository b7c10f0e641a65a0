"""The newest run of a DAG, whatever became of it. The board is that of the last run that got as far."""

from __future__ import annotations

from airflow.models.dagrun import DagRun
from airflow.utils.state import DagRunState
from sqlalchemy import select
from sqlalchemy.orm import Session

from harvest_upsales.web.airflow_links import run_page
from harvest_upsales.web.board_answer import NewestRun
from harvest_upsales.web.plugin_dags import PluginDag

# A run that waits has nothing to tell yet; the one before it has.
_BEGUN = (DagRunState.RUNNING, DagRunState.SUCCESS, DagRunState.FAILED)
_AT_ONCE = 20


def newest_run(session: Session, dag: PluginDag) -> NewestRun | None:
    """The run that was made last and has begun, plans left out; ``None`` where there is none.

    :param session: of Airflow's database
    """
    # By id, not by date: a backfill's runs are of the past, and the database has the ids in order.
    made_last = (
        select(DagRun.run_id, DagRun.state, DagRun.end_date, DagRun.conf)
        .where(DagRun.dag_id == dag.dag_id, DagRun.state.in_(_BEGUN))
        .order_by(DagRun.id.desc())
        .execution_options(yield_per=_AT_ONCE)
    )
    with session.execute(made_last) as runs:
        for run in runs:
            if not (run.conf or {}).get("dry_run", dag.dry_run_by_default):
                state = str(getattr(run.state, "value", run.state))
                return NewestRun(run.run_id, state, run_page(dag.dag_id, run.run_id), run.end_date)
    return None

"""The plugin's DAGs as Airflow's database has them: which connections, Variable and pool each uses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from airflow.api_fastapi.common.dagbag import create_dag_bag
from airflow.models.asset import AssetModel, TaskOutletAssetReference
from airflow.models.dag import DagModel
from airflow.models.dagbag import DBDagBag
from sqlalchemy import select
from sqlalchemy.orm import Session

from harvest_upsales.domain.asset_names import OPPORTUNITIES
from harvest_upsales.settings import SETTINGS_VARIABLE

_RECONCILES = "ReconcileOperator"
_WRITERS = ("CheckSetupOperator", "UpsertOpportunitiesOperator", "MarkProjectInvoicedOperator")


@dataclass(frozen=True, slots=True)
class PluginDag:
    """One DAG with the plugin's tasks.

    :param pool: of the tasks that write, empty where there are none
    :param tasks: task ids by operator class
    :param takes: names of the params that a run takes
    :param dry_run_by_default: a run that is not told otherwise only plans
    """

    dag_id: str
    harvest_conn_id: str
    upsales_conn_id: str
    settings_variable: str
    pool: str
    tasks: dict[str, tuple[str, ...]]
    takes: frozenset[str]
    dry_run_by_default: bool
    is_paused: bool
    has_import_errors: bool

    def task_ids(self, operator: str) -> tuple[str, ...]:
        """The tasks of an operator class, mapped or not."""
        return self.tasks.get(operator, ())


def dag_ids(session: Session) -> list[str]:
    """The DAGs whose last task updates opportunities; each has an asset of its own for that."""
    found = session.scalars(
        select(TaskOutletAssetReference.dag_id)
        .join(AssetModel, AssetModel.id == TaskOutletAssetReference.asset_id)
        .join(DagModel, DagModel.dag_id == TaskOutletAssetReference.dag_id)
        .where(AssetModel.name.endswith(OPPORTUNITIES), DagModel.is_stale.is_(False))
        .distinct()
        .order_by(TaskOutletAssetReference.dag_id)
    )
    # Other DAGs may have an asset of such a name; only the plugin's have its last task.
    return [dag_id for dag_id in found if find_dag(session, dag_id) is not None]


def opportunities_asset_id(session: Session, dag_id: str) -> int | None:
    """The asset in whose store a DAG leaves its board."""
    return session.scalar(
        select(AssetModel.id)
        .join(TaskOutletAssetReference, TaskOutletAssetReference.asset_id == AssetModel.id)
        .where(
            TaskOutletAssetReference.dag_id == dag_id,
            AssetModel.name.endswith(OPPORTUNITIES),
            AssetModel.active.has(),
        )
        .limit(1)
    )


def find_dag(session: Session, dag_id: str) -> PluginDag | None:
    """A DAG of the plugin, ``None`` for any other."""
    model = session.scalar(select(DagModel).where(DagModel.dag_id == dag_id, DagModel.is_stale.is_(False)))
    dag = None if model is None else dag_bag().get_latest_version_of_dag(dag_id, session=session)
    if model is None or dag is None:
        return None
    tasks: dict[str, tuple[str, ...]] = {}
    for task in dag.tasks:
        tasks[task.task_type] = (*tasks.get(task.task_type, ()), task.task_id)
    if _RECONCILES not in tasks:
        return None
    [last, *_] = (dag.get_task(task_id) for task_id in tasks[_RECONCILES])
    writers = (dag.get_task(task_id) for name in _WRITERS for task_id in tasks.get(name, ()))
    return PluginDag(
        dag_id=dag_id,
        harvest_conn_id=_text(last, "harvest_conn_id", "harvest_default"),
        upsales_conn_id=_text(last, "upsales_conn_id", "upsales_default"),
        settings_variable=_text(last, "settings_variable", SETTINGS_VARIABLE),
        pool=_first(str(task.pool) for task in writers),
        tasks=tasks,
        takes=frozenset(dag.params),
        dry_run_by_default="dry_run" in dag.params and bool(dag.params["dry_run"]),
        is_paused=bool(model.is_paused),
        has_import_errors=bool(model.has_import_errors),
    )


@cache
def dag_bag() -> DBDagBag:
    """Airflow's cache of serialised DAGs."""
    return create_dag_bag()


def _text(task: Any, name: str, default: str) -> str:
    value = getattr(task, name, None)
    return value if isinstance(value, str) and value else default


def _first(found: Iterable[str]) -> str:
    return next(iter(found), "")

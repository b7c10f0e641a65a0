"""Starting runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow.api.common.trigger_dag import trigger_dag
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.sdk.exceptions import AirflowException, ParamValidationError
from airflow.utils.types import DagRunTriggeredByType
from fastapi import HTTPException, status
from msgspec import Struct
from sqlalchemy.orm import Session

from harvest_upsales.web.airflow_links import run_page
from harvest_upsales.web.plugin_dags import PluginDag
from harvest_upsales.web.settings_store import read_settings


class StartedRun(Struct, frozen=True):
    """A run that was started.

    :param run_url: its page in Airflow, a path on this server
    """

    run_id: str
    run_url: str


def start_run(session: Session, dag: PluginDag, user: BaseUser, params: Mapping[str, Any]) -> StartedRun:
    """Start a run over everything, as it has no data interval.

    :raises HTTPException: 409 where the DAG can't run now, 400 where it refuses the params
    """
    if dag.has_import_errors:
        raise HTTPException(status.HTTP_409_CONFLICT, "The DAG's file has an import error: fix that first.")
    if dag.is_paused:
        raise HTTPException(status.HTTP_409_CONFLICT, _about_pause(dag))
    try:
        run = trigger_dag(
            dag.dag_id,
            triggered_by=DagRunTriggeredByType.UI,
            triggering_user_name=user.get_name(),
            conf=dict(params),
            session=session,
        )
    except (ParamValidationError, AirflowException, ValueError) as error:
        raise HTTPException(status.HTTP_400_BAD_REQUEST, str(error)) from error
    if run is None:
        raise HTTPException(status.HTTP_409_CONFLICT, f"Airflow did not start a run of {dag.dag_id}.")
    return StartedRun(run.run_id, run_page(dag.dag_id, run.run_id))


def _about_pause(dag: PluginDag) -> str:
    """Airflow lets no run of a paused DAG go; switching it on starts a run of its schedule at once."""
    if read_settings(dag.settings_variable).text is None:
        return (
            f"The DAG {dag.dag_id} is paused, so no run starts. Switch it on under Dags first: while no settings are "
            "saved, the runs of its schedule write nothing."
        )
    return (
        f"The DAG {dag.dag_id} is paused, so no run starts, and switching it on starts a run that writes. To plan "
        f"before that: airflow dags test {dag.dag_id} --conf '{{\"dry_run\": true}}'"
    )

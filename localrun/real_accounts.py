"""One run against the real services that the environment names; nobody plays a salesperson there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from localrun import airflow_parts
from localrun.airflow_api import AirflowApi
from localrun.airflow_home import CONNECTIONS, SETTINGS, AirflowHome
from localrun.failures import RunFailedError
from localrun.processes import Programs
from localrun.progress import Progress
from localrun.story import DAG_ID, run_once
from localrun.summary import real_table, totals_table

NEEDED = (*CONNECTIONS, SETTINGS)
Outcome = dict[str, Any]


class EnvironmentVariablesError(Exception):
    """Some of the three variables are set and others are not."""


def given_in(environment: Mapping[str, str]) -> dict[str, str]:
    """The connections and settings that the environment names; empty where it names none, for the sandbox.

    :raises EnvironmentVariablesError: names the missing ones
    """
    given = {name: environment[name] for name in NEEDED if environment.get(name)}
    if given and (missing := [name for name in NEEDED if name not in given]):
        msg = (
            f"{', '.join(given)} {'is' if len(given) == 1 else 'are'} set, but not {', '.join(missing)}. Set all three "
            "to run against real accounts, or none to run against the sandbox."
        )
        raise EnvironmentVariablesError(msg)
    return given


def tell(progress: Progress, folder: Path) -> int:
    """One run.

    :return: the exit code: 0 only where the run succeeded
    """
    with Programs(folder / "logs") as programs:
        home = AirflowHome(folder, own=given_in(os.environ))
        home.create()
        with progress.phase("Set-up"):
            airflow_parts.migrate(programs, home)
        with progress.phase("Airflow starts"):
            api = airflow_parts.start(programs, home, [DAG_ID])
        failed: RunFailedError | None = None
        with progress.phase("The run") as phase:
            try:
                run_once(programs, home, api)
                phase.told = "succeeded"
            except RunFailedError as error:
                failed, phase.told = error, "failed"
        report(progress, api)
        if failed:
            raise failed
        with progress.phase("Airflow stops"):
            programs.stop()
    return 0


def report(progress: Progress, api: AirflowApi) -> None:
    """What the only run's tasks returned, also where some of them failed."""
    run_id = api.runs(DAG_ID)[0].dag_run_id
    outcomes = [o for found in _returned(api, run_id, "upsert_opportunities", list[Outcome]) for o in found]
    settled = list(_returned(api, run_id, "settle.mark_project_invoiced", Outcome))
    if not any(instance.state == "success" for instance in api.task_instances(DAG_ID, run_id)):
        return
    progress.say(f"\n{real_table(outcomes, settled)}\n")
    for billed in _returned(api, run_id, "settle.sync_billing", Outcome):
        progress.say(f"order {billed['order_id']} ({billed['project']}): {billed['billing']}")
    for summary in _returned(api, run_id, "reconcile", Outcome):
        progress.say(totals_table(summary["totals"]) if summary["totals"] else "Nothing is uninvoiced.")


def _returned(api: AirflowApi, run_id: str, task_id: str, of: type[Any]) -> Iterator[Any]:
    for instance in api.task_instances(DAG_ID, run_id):
        if instance.task_id == task_id:
            value = api.xcom(DAG_ID, run_id, task_id, instance.map_index, of=of)
            if value is not None:
                yield value

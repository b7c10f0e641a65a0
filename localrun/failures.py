"""What went wrong in a run, in the words of its tasks' logs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from localrun.airflow_api import AirflowApi, TaskInstance


class RunFailedError(Exception):
    """A run of the DAG did not succeed."""


def check_run(api: AirflowApi, logs: Path, dag_id: str, run_id: str, state: str) -> None:
    """A run has to have succeeded.

    :raises RunFailedError: with the failing tasks' errors, and where their logs are
    """
    if state == "success":
        return
    failed = [ti for ti in api.task_instances(dag_id, run_id) if ti.state == "failed"]
    parts = [f"The run {run_id} of {dag_id} ended as {state}."]
    for instance in failed:
        log = task_log(logs, dag_id, run_id, instance)
        errors = "\n".join(f"    {line}" for line in dict.fromkeys(error_lines(log)))
        parts.append(f"{instance.name} failed; {log} says:\n{errors}")
    raise RunFailedError("\n".join(parts))


def task_log(logs: Path, dag_id: str, run_id: str, instance: TaskInstance) -> Path:
    """The log of a task instance's last try."""
    folder = logs / f"dag_id={dag_id}" / f"run_id={run_id}" / f"task_id={instance.task_id}"
    if instance.map_index >= 0:
        folder /= f"map_index={instance.map_index}"
    return folder / f"attempt={instance.try_number}.log"


def error_lines(log: Path) -> Iterator[str]:
    """What a task's log says went wrong; task logs are one JSON object a line."""
    if not log.exists():
        return
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and entry.get("level") in ("error", "critical"):
            details = entry.get("error_detail") or [{"exc_type": "", "exc_value": entry.get("event", "")}]
            for detail in details:
                yield from f"{detail.get('exc_type', '')}: {detail.get('exc_value', '')}".strip(
                    ": "
                ).splitlines()

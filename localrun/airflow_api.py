"""Airflow's REST API, as much of it as local runs and tests need."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
import requests
import tenacity
from msgspec import Struct

TIMEOUT_S = 30
POLL_S = 0.2
AGAIN_S = 0.5
AGAIN_FOR_S = 30.0
FINISHED = frozenset({"success", "failed"})
T = TypeVar("T")


class ApiError(Exception):
    """Airflow refused a request, or a run did not end in time."""


class ServerError(ApiError):
    """Airflow broke off (5xx), as where its database was locked. What it was asked for did not take place."""


# While Airflow starts, all its parts write to SQLite, which refuses who waits too long or began to read before another
# one wrote.
_again = tenacity.retry(
    retry=tenacity.retry_if_exception_type(ServerError),
    wait=tenacity.wait_fixed(AGAIN_S),
    stop=tenacity.stop_after_delay(AGAIN_FOR_S),
    reraise=True,
)


class TaskInstance(Struct, frozen=True):
    """One task instance of a run.

    :param map_index: -1 where the task is not mapped
    :param rendered_map_index: the readable name of a mapped instance
    """

    task_id: str
    map_index: int
    state: str | None
    try_number: int
    rendered_map_index: str | None = None
    start_date: dt.datetime | None = None
    end_date: dt.datetime | None = None

    @property
    def name(self) -> str:
        """Task and instance, as a person would say it."""
        mapped = self.rendered_map_index or (str(self.map_index) if self.map_index >= 0 else "")
        return f"{self.task_id} [{mapped}]" if mapped else self.task_id


class DagRun(Struct, frozen=True):
    """One run of a DAG."""

    dag_run_id: str
    state: str
    run_type: str
    start_date: dt.datetime | None = None
    end_date: dt.datetime | None = None


class _Runs(Struct, frozen=True):
    dag_runs: list[DagRun]


class _Instances(Struct, frozen=True):
    task_instances: list[TaskInstance]


class _Entry(Struct, frozen=True):
    value: Any = None


class AirflowApi:
    """A client that logs in by itself.

    :param url: address of the API server
    """

    def __init__(self, url: str, user: str, password: str) -> None:
        self._url = url
        self._login = {"username": user, "password": password}
        self._session = requests.Session()
        # Neither a proxy nor a .netrc of the shell has a say in talking to this machine.
        self._session.trust_env = False

    def log_in(self) -> None:
        """Get a token; it lasts for a day."""
        answer = self._session.post(f"{self._url}/auth/token", json=self._login, timeout=TIMEOUT_S)
        token = _checked(answer).json()["access_token"]
        self._session.headers["Authorization"] = f"Bearer {token}"

    def is_healthy(self) -> bool:
        """Whether every part sends its heartbeat."""
        try:
            answer = self._session.get(f"{self._url}/api/v2/monitor/health", timeout=TIMEOUT_S)
        except requests.ConnectionError:
            return False
        return answer.ok and all(part.get("status") == "healthy" for part in answer.json().values())

    def has_dag(self, dag_id: str) -> bool:
        """Whether the DAG was read.

        :raises ApiError: a DAG file does not load; the message says why
        """
        for error in self._get("/importErrors").json()["import_errors"]:
            msg = f"{error['filename']} does not load:\n{error['stack_trace']}"
            raise ApiError(msg)
        answer = self._session.get(f"{self._url}/api/v2/dags/{dag_id}", timeout=TIMEOUT_S)
        return answer.status_code != requests.codes.not_found and _checked(answer).ok

    def make_pool(self, name: str, slots: int) -> None:
        """Create a pool."""
        self._make("/pools", {"name": name, "slots": slots})

    def make_connection(self, connection_id: str, record: Mapping[str, Any]) -> None:
        """Create a connection in the metadata database.

        :param record: ``conn_type``, ``host`` and so on, as in an environment variable; ``extra`` is an object
        """
        extra = json.dumps(record["extra"]) if "extra" in record else None
        self._make("/connections", {**record, "connection_id": connection_id, "extra": extra})

    def make_variable(self, key: str, value: object) -> None:
        """Create a Variable that holds JSON."""
        self._make("/variables", {"key": key, "value": json.dumps(value)})

    @_again
    def switch_on(self, dag_id: str) -> None:
        """Let a paused DAG run: its schedule starts a run at once."""
        _checked(self.call("PATCH", f"/api/v2/dags/{dag_id}", {"is_paused": False}))

    def trigger(self, dag_id: str, **params: object) -> str:
        """Start a manual run, without a data interval.

        :return: the run's id
        """
        answer = self._post(f"/dags/{dag_id}/dagRuns", {"logical_date": None, "conf": params})
        return msgspec.json.decode(answer.content, type=DagRun).dag_run_id

    def trigger_interval(self, dag_id: str, start: dt.datetime, end: dt.datetime) -> str:
        """Start a manual run with a data interval, as the schedule gives one.

        :return: the run's id
        """
        interval = {"data_interval_start": start.isoformat(), "data_interval_end": end.isoformat()}
        answer = self._post(f"/dags/{dag_id}/dagRuns", {"logical_date": start.isoformat(), **interval})
        return msgspec.json.decode(answer.content, type=DagRun).dag_run_id

    def run(self, dag_id: str, run_id: str) -> DagRun:
        """One run as it is now."""
        return msgspec.json.decode(self._get(f"/dags/{dag_id}/dagRuns/{run_id}").content, type=DagRun)

    def runs(self, dag_id: str) -> list[DagRun]:
        """All runs of a DAG, at most a hundred."""
        found = self._get(f"/dags/{dag_id}/dagRuns", limit=100)
        return msgspec.json.decode(found.content, type=_Runs).dag_runs

    def wait_for_run(
        self, dag_id: str, run_id: str, *, timeout_s: float, each_time: Callable[[], object] = lambda: None
    ) -> str:
        """Wait until a run has ended.

        :param each_time: called before each look; what it raises ends the waiting
        :return: ``success`` or ``failed``
        :raises ApiError: it did not end in time
        """
        deadline = time.monotonic() + timeout_s
        while (state := self.run(dag_id, run_id).state) not in FINISHED:
            each_time()
            if time.monotonic() > deadline:
                waiting = [ti.name for ti in self.task_instances(dag_id, run_id) if ti.state not in FINISHED]
                msg = f"the run {run_id} of {dag_id} did not end within {timeout_s:.0f} s; unfinished: {waiting}"
                raise ApiError(msg)
            time.sleep(POLL_S)
        return state

    def task_instances(self, dag_id: str, run_id: str) -> list[TaskInstance]:
        """All task instances of a run, at most a thousand."""
        found = self._get(f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances", limit=1000)
        return msgspec.json.decode(found.content, type=_Instances).task_instances

    def xcom(self, dag_id: str, run_id: str, task_id: str, map_index: int = -1, *, of: type[T]) -> T | None:
        """What a task returned, ``None`` where it returned nothing."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/return_value"
        query: dict[str, str | int] = {"map_index": map_index, "stringify": "false"}
        answer = self._session.get(self._url + path, params=query, timeout=TIMEOUT_S)
        if answer.status_code == requests.codes.not_found:
            return None
        value = msgspec.json.decode(_checked(answer).content, type=_Entry).value
        return msgspec.convert(value, of, strict=False)

    def clear_failed(
        self, dag_id: str, run_id: str, task_ids: Sequence[str | tuple[str, int]]
    ) -> list[TaskInstance]:
        """Clear failed task instances, and the failed ones that depend on them, so that the run takes them up again.

        :param task_ids: tasks, or one mapped instance each as ``(task, map index)``
        :return: what was cleared
        """
        wish = {
            "dry_run": False,
            "dag_run_id": run_id,
            "task_ids": task_ids,
            "only_failed": True,
            "include_downstream": True,
            "reset_dag_runs": True,
        }
        answer = self._post(f"/dags/{dag_id}/clearTaskInstances", wish)
        return msgspec.json.decode(answer.content, type=_Instances).task_instances

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        **query: str | int,
    ) -> requests.Response:
        """Any request, whatever its answer; ``path`` is below the server's root."""
        return self._session.request(
            method, self._url + path, json=body, params=query, headers=headers, timeout=TIMEOUT_S
        )

    @_again
    def _make(self, path: str, body: object) -> None:
        """Create something."""
        self._post(path, body)

    def _get(self, path: str, **query: int) -> requests.Response:
        return _checked(self._session.get(f"{self._url}/api/v2{path}", params=query, timeout=TIMEOUT_S))

    def _post(self, path: str, body: object) -> requests.Response:
        return _checked(self._session.post(f"{self._url}/api/v2{path}", json=body, timeout=TIMEOUT_S))


def _checked(answer: requests.Response) -> requests.Response:
    if not answer.ok:
        msg = f"Airflow answered {answer.status_code} to {answer.request.method} {answer.url}: {answer.text[:300]}"
        raise (ServerError if answer.status_code >= requests.codes.server_error else ApiError)(msg)
    return answer

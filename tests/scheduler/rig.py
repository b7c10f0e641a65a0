"""Airflow's real parts with a sandbox for each DAG, and polling with deadlines."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from localrun.airflow_api import AirflowApi, TaskInstance
from localrun.airflow_home import AirflowHome
from localrun.failures import error_lines, task_log
from localrun.processes import Programs
from sandbox.server import SandboxServer
from sandbox.world import World

RUN_TIMEOUT_S = 120
POLL_S = 0.2
WRITERS = ("scheduler", "dag-processor", "triggerer")


@dataclass(frozen=True)
class Rig:
    """What the tests work with.

    :param servers: each DAG's sandbox, by DAG id; in this process, so that a test can change its world
    """

    home: AirflowHome
    programs: Programs
    api: AirflowApi
    servers: dict[str, SandboxServer]

    def world(self, dag_id: str) -> World:
        return self.servers[dag_id].world

    def run(self, dag_id: str) -> str:
        """Trigger a run over everything."""
        return self.api.trigger(dag_id)

    def state(self, dag_id: str, run_id: str) -> str:
        """How the run ends."""
        return self.api.wait_for_run(dag_id, run_id, timeout_s=RUN_TIMEOUT_S, each_time=self.programs.check)

    def wait_until(self, holds: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + RUN_TIMEOUT_S
        while not holds():
            self.programs.check()
            assert time.monotonic() < deadline, f"not within {RUN_TIMEOUT_S} s: {what}"
            time.sleep(POLL_S)

    @contextmanager
    def only_writer(self) -> Iterator[None]:
        """Let nobody else write to the metadata database for a while.

        SQLite refuses, at once, a transaction that began to read before another one wrote. Airflow's parts try again;
        ``airflow backfill create`` does not. On PostgreSQL and MySQL there is nothing to hold.
        """
        for _ in range(20):
            with self.programs.held(*WRITERS):
                if not self._is_locked():
                    yield
                    return
            time.sleep(POLL_S)
        pytest.fail("the metadata database was locked every time")

    def _is_locked(self) -> bool:
        with closing(sqlite3.connect(self.home.database, timeout=0.1, isolation_level=None)) as database:
            try:
                database.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return True
            database.execute("ROLLBACK")
            return False

    def instances(self, dag_id: str, run_id: str, task_id: str) -> list[TaskInstance]:
        """A task's instances, mapped or not."""
        return [ti for ti in self.api.task_instances(dag_id, run_id) if ti.task_id == task_id]

    def errors(self, dag_id: str, run_id: str, instance: TaskInstance) -> str:
        """What the instance's log says went wrong."""
        return "\n".join(error_lines(task_log(self.home.logs, dag_id, run_id, instance)))


def writes(world: World, since: int = 0) -> list[tuple[str, str]]:
    """Method and path of every write of Upsales' and Harvest's API that took effect, from a journal entry on."""
    entries: list[dict[str, Any]] = world.journal.since(since)
    return [(e["method"], e["path"]) for e in entries if e["is_write"] and e["took_effect"]]

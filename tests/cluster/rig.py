"""docker-compose.yaml without Docker: its services' own commands and environment, as processes of this machine.

They start in the order of the file's ``depends_on``. What containers keep apart is in :mod:`tests.cluster.container`.
"""

from __future__ import annotations

import base64
import re
import secrets
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from localrun.airflow_api import AirflowApi, TaskInstance
from localrun.airflow_home import free_port
from localrun.processes import Programs
from sandbox.credentials import HARVEST_ACCOUNT_ID, HARVEST_TOKEN, UPSALES_TOKEN
from sandbox.server import SandboxServer
from tests.cluster.compose import read_compose
from tests.cluster.container import Container

START_TIMEOUT_S = 180
RUN_TIMEOUT_S = 240
INIT_TIMEOUT_S = 180
HEALTH_TIMEOUT_S = 120
# As docker-compose.yaml has it.
HEALTH_RETRIES = 5
ADMINISTRATOR = "boss"
INIT, API_SERVER, WORKER = "airflow-init", "airflow-apiserver", "airflow-worker"
# The tests run them by themselves.
ELSEWHERE = frozenset({"postgres", "redis", "sandbox"})
WORKERS = 2
# Where people's browsers would come in, through a proxy. Nobody is there: no part may depend on it.
BASE_URL = "http://127.0.0.1:1"
CERTIFICATE = "/opt/airflow/certificate/sandbox.pem"


@dataclass
class Cluster:
    """A running cluster.

    :param folder: of all containers' folders, volumes and logs
    :param given: what .env holds
    :param added: what an administrator writes below each service's ``environment``
    """

    folder: Path
    programs: Programs
    given: dict[str, str]
    added: dict[str, str] = field(default_factory=dict)
    services: dict[str, Any] = field(init=False)
    workers: list[str] = field(default_factory=list)
    port: int = field(default_factory=free_port)
    scheduler_port: int = field(default_factory=free_port)
    _containers: dict[str, Container] = field(default_factory=dict)
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.given = {
            **self.given,
            "AIRFLOW_BASE_URL": BASE_URL,
            "AIRFLOW_ADMIN_USER": ADMINISTRATOR,
            # As awkward as a person may choose it.
            "AIRFLOW_ADMIN_PASSWORD": f"-{secrets.token_urlsafe(16)} %$'\"",
            "AIRFLOW_JWT_SECRET": secrets.token_hex(64),
            "AIRFLOW_API_SECRET_KEY": secrets.token_hex(32),
            "AIRFLOW_FERNET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        }
        self.services = read_compose(self.given)["services"]
        self.api = AirflowApi(
            f"http://127.0.0.1:{self.port}", ADMINISTRATOR, self.given["AIRFLOW_ADMIN_PASSWORD"]
        )

    def volume(self, name: str) -> Path:
        """A volume of the file."""
        return self.folder / "volumes" / name

    @property
    def logs(self) -> Path:
        """What the containers say."""
        return self.folder / "logs"

    # --- parts ------------------------------------------------------------------------------------------------

    def start(self, dag_ids: set[str]) -> None:
        """Start every part when the file lets it, and wait until they are well and have read the DAGs.

        :raises ProgramError: a part ended, or was not ready in time
        """
        # Docker keeps no order but that of depends_on; so what others might need comes as late as it may.
        waiting = sorted(self.services.keys() - ELSEWHERE, key=lambda name: (name == INIT, name))
        self.programs.wait_until(
            lambda: self._start_what_may(waiting), "Every part was started", START_TIMEOUT_S
        )
        self._wait_until_well()
        self.api.log_in()
        self.programs.wait_until(
            lambda: all(map(self.api.has_dag, dag_ids)), "The DAGs were read", START_TIMEOUT_S
        )

    def change(self, given: Mapping[str, str], added: Mapping[str, str]) -> None:
        """Let ``docker compose up`` take in a changed .env and file, in the parts that tasks or pages run in."""
        self.given |= given
        self.added |= added
        self.services = read_compose(self.given)["services"]
        for name in (API_SERVER, *self.workers):
            self.kill(name)
        self.workers.clear()
        waiting = [API_SERVER, WORKER]
        self.programs.wait_until(
            lambda: self._start_what_may(waiting), "Every part was started", START_TIMEOUT_S
        )
        self._wait_until_well()

    def _start_what_may(self, waiting: list[str]) -> bool:
        """Start the services whose conditions are met.

        :return: whether none is left
        """
        for service in [name for name in waiting if self._may_start(name)]:
            waiting.remove(service)
            if service == INIT:
                self.initialise()
            elif service == WORKER:
                for _ in range(WORKERS):
                    self.start_worker()
            else:
                self._start(service, service)
        return not waiting

    def _may_start(self, service: str) -> bool:
        needed = self.services[service].get("depends_on", {})
        return all(
            self._is_met(name, need["condition"]) for name, need in needed.items() if name not in ELSEWHERE
        )

    def _is_met(self, name: str, condition: str) -> bool:
        if name not in self._containers:
            return False
        return condition != "service_healthy" or self._health_check(name).wait(HEALTH_TIMEOUT_S) == 0

    def _wait_until_well(self) -> None:
        self.programs.wait_until(self.api.is_healthy, "Airflow was well", START_TIMEOUT_S)
        # Else all of the first run's tasks might go to the one that was sooner.
        self.wait_for_workers()

    def initialise(self) -> None:
        """What runs to its end at each start, before everything else."""
        self._run(self._container(INIT, INIT))

    def run_once(self, name: str, command: list[str]) -> None:
        """A command in a container of its own, to its end."""
        self._run(self._container("airflow-scheduler", name), command)

    def start_worker(self) -> str:
        """One more container of the service ``airflow-worker``.

        :return: its name
        """
        name = f"worker-{next(self._numbers)}"
        self._start(WORKER, name, "--celery-hostname", f"{name}@%h")
        self.workers.append(name)
        return name

    def wait_for_workers(self) -> None:
        """Wait until each of them takes tasks."""
        self.programs.wait_until(
            lambda: all(map(self._takes_tasks, self.workers)), "All workers were ready", START_TIMEOUT_S
        )

    def _takes_tasks(self, worker: str) -> bool:
        return re.search(rf"{worker}@\S+ ready", self.log_of(worker)) is not None

    def log_of(self, name: str) -> str:
        """What a container has said."""
        return (self.logs / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def health(self, *names: str) -> dict[str, bool]:
        """Ask each container's own health check, all at once and as often as an engine does."""
        well = dict.fromkeys(names, False)
        for _ in range(HEALTH_RETRIES):
            asked = {name: self._health_check(name) for name, is_well in well.items() if not is_well}
            well |= {name: process.wait(HEALTH_TIMEOUT_S) == 0 for name, process in asked.items()}
        return well

    def _health_check(self, name: str) -> subprocess.Popen[bytes]:
        container = self._containers[name]
        command = container.health_check(
            {
                "localhost:8080": f"127.0.0.1:{self.port}",
                "localhost:8974": f"127.0.0.1:{self.scheduler_port}",
            }
        )
        with (self.logs / f"health-{name}.log").open("ab") as log:
            return subprocess.Popen(
                command, env=container.environment(), cwd=container.home, stdout=log, stderr=log
            )

    def kill(self, name: str) -> None:
        """The container's machine is gone: every process of it at once, with no time to say anything."""
        self.programs.kill(name)

    def restart(self, name: str) -> None:
        """Kill a container, and let the file's restart policy start it anew."""
        assert self._containers[name].service["restart"] == "unless-stopped"
        self.kill(name)
        self._start(name, name)

    def stop_worker(self, name: str) -> bool:
        """``docker compose stop`` as far as the file lets the container end by itself.

        :return: whether it did
        """
        container = self._containers[name]
        self.workers.remove(name)
        return self.programs.end(
            name, with_all_it_started=container.asks_all_to_end(), grace_s=container.grace_s()
        )

    def stop(self) -> None:
        """End all parts, before the servers that they talk to. Nothing is kept, so they have nothing to finish."""
        for name in reversed(self._containers):
            self.kill(name)

    def _start(self, service: str, name: str, *arguments: str) -> None:
        container = self._container(service, name)
        command = [*container.command(), *arguments]
        self.programs.start(name, command, container.environment(), folder=container.home)

    def _run(self, container: Container, command: list[str] | None = None) -> None:
        self.programs.run(
            container.name, command or container.command(), container.environment(),
            folder=container.home, timeout_s=INIT_TIMEOUT_S,
        )  # fmt: skip

    def _container(self, service: str, name: str) -> Container:
        ports = {
            "AIRFLOW__API__PORT": str(self.port),
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT": str(self.scheduler_port),
        }
        container = Container(
            name, self.services[service], self.folder / "containers" / name, self.folder / "volumes",
            {f"{API_SERVER}:8080": f"127.0.0.1:{self.port}"}, {**ports, **self.added},
        )  # fmt: skip
        container.make_home()
        self._containers[name] = container
        return container

    # --- runs -------------------------------------------------------------------------------------------------

    def state(self, dag_id: str, run_id: str) -> str:
        """How the run ends."""
        return self.api.wait_for_run(dag_id, run_id, timeout_s=RUN_TIMEOUT_S, each_time=self.programs.check)

    def wait_until(self, holds: Callable[[], bool], what: str) -> None:
        self.programs.wait_until(holds, what, RUN_TIMEOUT_S)

    def backfill(self, dag_id: str, first: str, last: str) -> None:
        """``airflow backfill create``, three runs at a time."""
        dates = ("--from-date", first, "--to-date", last)
        command = ["airflow", "backfill", "create", "--dag-id", dag_id, *dates, "--max-active-runs", "3"]
        self.run_once("backfill", command)

    def instances(self, *dag_ids: str) -> list[TaskInstance]:
        """All task instances of all runs."""
        return [
            ti
            for dag_id in dag_ids
            for run in self.api.runs(dag_id)
            for ti in self.api.task_instances(dag_id, run.dag_run_id)
        ]


def accounts(server: SandboxServer, settings: str) -> Mapping[str, str]:
    """Both accounts as .env holds them."""
    return {
        "HARVEST_HOST": server.harvest_url,
        "HARVEST_ACCOUNT_ID": HARVEST_ACCOUNT_ID,
        "HARVEST_TOKEN": HARVEST_TOKEN,
        "HARVEST_CONTACT": "time@nordlys.example",
        "UPSALES_HOST": server.upsales_url,
        "UPSALES_API_KEY": UPSALES_TOKEN,
        "CONNECTIONS_CA_FILE": CERTIFICATE,
        "HARVEST_UPSALES_SETTINGS": settings,
    }

"""docker-compose.yaml without Docker: each service's own command and environment, as processes of this machine.

What containers keep apart (folders, ports, host names) is replaced; everything else is the file's.
"""

from __future__ import annotations

import base64
import datetime as dt
import os
import re
import secrets
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localrun.airflow_api import AirflowApi, TaskInstance
from localrun.airflow_home import free_port
from localrun.processes import Programs
from sandbox.credentials import HARVEST_ACCOUNT_ID, HARVEST_TOKEN, UPSALES_TOKEN
from sandbox.server import SandboxServer
from tests.cluster.compose import ROOT, read_compose

START_TIMEOUT_S = 180
RUN_TIMEOUT_S = 240
INIT_TIMEOUT_S = 180
HEALTH_TIMEOUT_S = 120
# As docker-compose.yaml has it.
HEALTH_RETRIES = 5
HOME_IN_IMAGE = "/opt/airflow"
ADMINISTRATOR = "boss"
DAGS = Path(__file__).with_name("dags")


@dataclass
class Cluster:
    """A running cluster.

    :param folder: what ``/opt/airflow`` is in the image
    :param given: what .env holds
    :param services: the compose file, its variables replaced
    """

    folder: Path
    programs: Programs
    given: dict[str, str]
    services: dict[str, Any] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    scheduler_port: int = field(default_factory=free_port)
    schedule: str = field(default_factory=lambda: daily_schedule())
    _started: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.given = {
            **self.given,
            "AIRFLOW_API_URL": self.url,
            "AIRFLOW_BASE_URL": self.url,
            "AIRFLOW_ADMIN_USER": ADMINISTRATOR,
            # As awkward as a person may choose it.
            "AIRFLOW_ADMIN_PASSWORD": f"-{secrets.token_urlsafe(16)} %$'\"",
            "AIRFLOW_JWT_SECRET": secrets.token_hex(64),
            "AIRFLOW_API_SECRET_KEY": secrets.token_hex(32),
            "AIRFLOW_FERNET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "STAGING_PATH": self.staging.as_uri(),
        }
        self.services = read_compose(self.given)["services"]
        self.api = AirflowApi(self.url, ADMINISTRATOR, self.given["AIRFLOW_ADMIN_PASSWORD"])

    @property
    def url(self) -> str:
        """Address of the UI and the REST API."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def logs(self) -> Path:
        """The shared volume ``logs``."""
        return self.folder / "logs"

    @property
    def staging(self) -> Path:
        """The shared volume ``staging``."""
        return self.folder / "staging"

    # --- parts ------------------------------------------------------------------------------------------------

    def start(self, dag_ids: set[str]) -> None:
        """Initialise, start every part, and wait until they are well and have read the DAGs.

        :raises ProgramError: a part ended, or was not ready in time
        """
        self.initialise()
        for name in ("airflow-apiserver", "airflow-scheduler", "airflow-dag-processor", "airflow-triggerer"):
            self._start(name, name)
        workers = ("worker-1", "worker-2")
        for name in workers:
            self.start_worker(name)
        self.programs.wait_until(self.api.is_healthy, "Airflow was well", START_TIMEOUT_S)
        # Else all of the first run's tasks might go to the one that was sooner.
        self.programs.wait_until(
            lambda: all(map(self._takes_tasks, workers)), "Both workers were ready", START_TIMEOUT_S
        )
        self.api.log_in()
        self.programs.wait_until(
            lambda: all(map(self.api.has_dag, dag_ids)), "The DAGs were read", START_TIMEOUT_S
        )

    def initialise(self) -> None:
        """What runs to its end at each start, before everything else."""
        command, environment = self._service("airflow-init")
        self.programs.run("airflow-init", command, environment, folder=self.folder, timeout_s=INIT_TIMEOUT_S)

    def run_once(self, name: str, command: list[str]) -> None:
        """A command in a container of its own, to its end."""
        _, environment = self._service("airflow-scheduler")
        self.programs.run(name, command, environment, folder=self.folder, timeout_s=INIT_TIMEOUT_S)

    def start_worker(self, name: str) -> None:
        """One more container of the service ``airflow-worker``."""
        self._start("airflow-worker", name, "--celery-hostname", f"{name}@%h")

    def _takes_tasks(self, worker: str) -> bool:
        return re.search(rf"{worker}@\S+ ready", self.log_of(worker)) is not None

    def log_of(self, name: str) -> str:
        """What a part has said."""
        return (self.logs / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def health(self, *names: str) -> dict[str, bool]:
        """Ask each service's own health check, all at once and as often as a container engine does.

        :param names: services, and workers by their own names
        """
        well = dict.fromkeys(names, False)
        for _ in range(HEALTH_RETRIES):
            asked = {name: self._health_check(name) for name, is_well in well.items() if not is_well}
            well |= {name: process.wait(HEALTH_TIMEOUT_S) == 0 for name, process in asked.items()}
        return well

    def _health_check(self, name: str) -> subprocess.Popen[bytes]:
        service = name if name in self.services else "airflow-worker"
        _, environment = self._service(service)
        kind, *command = self.services[service]["healthcheck"]["test"]
        if kind == "CMD-SHELL":
            command = ["sh", "-c", *command]
        here = {
            "localhost:8080": f"127.0.0.1:{self.port}",
            "localhost:8974": f"127.0.0.1:{self.scheduler_port}",
            "celery@": f"{name}@",
        }
        for there, instead in here.items():
            command = [part.replace(there, instead) for part in command]
        with (self.logs / f"health-{name}.log").open("ab") as log:
            return subprocess.Popen(command, env=environment, cwd=self.folder, stdout=log, stderr=log)

    def kill(self, name: str) -> None:
        """The container's machine is gone: every process of it at once, with no time to say anything."""
        self.programs.kill(name)

    def stop(self) -> None:
        """End all parts, before the servers that they talk to. Nothing is kept, so they have nothing to finish."""
        while self._started:
            self.programs.kill(self._started.pop())

    def _start(self, service: str, name: str, *arguments: str) -> None:
        command, environment = self._service(service)
        self._started.append(name)
        self.programs.start(name, [*command, *arguments], environment, folder=self.folder)

    def _service(self, name: str) -> tuple[list[str], dict[str, str]]:
        """The service's command and environment, here."""
        service = self.services[name]
        command = [part.replace(HOME_IN_IMAGE, str(ROOT)) for part in service["command"]]
        # The image's entrypoint puts `airflow` before everything but a shell and Python.
        if command[0] not in ("bash", "python"):
            command = [str(Path(sys.executable).with_name("airflow")), *command]
        own = {key: str(value) for key, value in service["environment"].items()}
        return command, {**self._machine(), **own, **self._apart()}

    def _machine(self) -> dict[str, str]:
        kept = ("HOME", "LANG", "TZ", "TMPDIR")
        binaries = str(Path(sys.executable).parent)
        return {
            **{name: os.environ[name] for name in kept if name in os.environ},
            "PATH": os.pathsep.join([binaries, os.environ.get("PATH", os.defpath)]),
            "AIRFLOW_HOME": str(self.folder),
            "NO_PROXY": "127.0.0.1,localhost",
        }

    def _apart(self) -> dict[str, str]:
        """What each container has of its own: folders, its name, and ports that would collide on one machine."""
        return {
            "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self.port),
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT": str(self.scheduler_port),
            "AIRFLOW__CORE__HOSTNAME_CALLABLE": "socket.gethostname",
            "HOSTNAME": socket.gethostname(),
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
            "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(free_port()),
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            # Nothing of what is tested: how soon the parts look again. A task holds its place on a worker until its
            # supervisor looks, five seconds by default.
            "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
            "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "5",
            "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
            "AIRFLOW__API__WORKERS": "1",
            "CLUSTER_SCHEDULE": self.schedule,
        }

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

    def instances(self, dag_id: str) -> list[TaskInstance]:
        """All task instances of all runs."""
        return [ti for run in self.api.runs(dag_id) for ti in self.api.task_instances(dag_id, run.dag_run_id)]


def daily_schedule() -> str:
    """Once a day, hours away from now: no run comes on schedule while the tests count runs, but the first."""
    return f"0 {6 if dt.datetime.now(dt.UTC).hour >= 12 else 18} * * *"


def accounts(server: SandboxServer, certificate: Path, settings: str) -> Mapping[str, str]:
    """Both accounts as .env holds them."""
    return {
        "HARVEST_HOST": server.harvest_url,
        "HARVEST_ACCOUNT_ID": HARVEST_ACCOUNT_ID,
        "HARVEST_TOKEN": HARVEST_TOKEN,
        "HARVEST_CONTACT": "time@nordlys.example",
        "UPSALES_HOST": server.upsales_url,
        "UPSALES_API_KEY": UPSALES_TOKEN,
        "CONNECTIONS_CA_FILE": str(certificate),
        "HARVEST_UPSALES_SETTINGS": settings,
    }

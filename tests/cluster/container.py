"""A container of docker-compose.yaml without Docker: what it sees of the file system, of its neighbours and of itself.

Each has a folder of its own for ``/opt/airflow``. It shares with others what the file's ``volumes`` share, and nothing
else; it reaches another service only where the file names it.
"""

from __future__ import annotations

import os
import re
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localrun.airflow_home import free_port
from tests.cluster.compose import ROOT

HOME_IN_IMAGE = "/opt/airflow"
DAGS = Path(__file__).with_name("dags")
# What the Dockerfile puts there. The DAGs are the tests' own.
FILES_IN_IMAGE = {f"{HOME_IN_IMAGE}/dags": DAGS, f"{HOME_IN_IMAGE}/deploy": ROOT / "deploy"}
FOLDERS_IN_IMAGE = ("logs", "staging", "certificate")
# Docker's own, where the file says nothing.
GRACE_S = 10


@dataclass(frozen=True)
class Container:
    """One container of a service.

    :param service: its part of the compose file, variables replaced
    :param home: what ``/opt/airflow`` is to it
    :param volumes: folder that holds one folder for each volume
    :param hosts: where services of the file listen here, by ``name:port``
    :param added: variables beside those of the file
    """

    name: str
    service: Mapping[str, Any]
    home: Path
    volumes: Path
    hosts: Mapping[str, str]
    added: Mapping[str, str]

    def make_home(self) -> None:
        """Volumes where the file mounts them; in their place the image's own folders where it does not."""
        self.home.mkdir(parents=True, exist_ok=True)
        for target, folder in self._mounts().items():
            folder.mkdir(parents=True, exist_ok=True)
            place = self.home / Path(target).relative_to(HOME_IN_IMAGE)
            if not place.is_symlink():
                place.symlink_to(folder)
        for name in FOLDERS_IN_IMAGE:
            (self.home / name).mkdir(exist_ok=True)

    def command(self) -> list[str]:
        """The service's command, as the image's entrypoint runs it."""
        command = [self.here(part) for part in self.service["command"]]
        # It puts `airflow` before everything but a shell and Python.
        if command[0] in ("bash", "python"):
            return command
        return [str(Path(sys.executable).with_name("airflow")), *command]

    def health_check(self, own_ports: Mapping[str, str]) -> list[str]:
        """The service's own question to itself.

        :param own_ports: where it listens here, by ``localhost:port``
        """
        kind, *command = self.service["healthcheck"]["test"]
        if kind == "CMD-SHELL":
            command = ["sh", "-c", *command]
        # Containers have host names of their own; here the workers have only names in Celery.
        here = {**own_ports, "celery@": f"{self.name}@"}
        return [_replaced(self.here(part), here) for part in command]

    def environment(self) -> dict[str, str]:
        """The service's environment on this machine."""
        own = {key: self.here(str(value)) for key, value in self.service["environment"].items()}
        return {**_machine(), "AIRFLOW_HOME": str(self.home), **own, **self.added, **_apart()}

    def grace_s(self) -> int:
        """How long it may take to end once it was asked to."""
        minutes, seconds = re.findall(r"(?:(\d+)m)?(?:(\d+)s)?", self.service.get("stop_grace_period", ""))[0]
        return int(minutes or 0) * 60 + int(seconds or 0) or GRACE_S

    def asks_all_to_end(self) -> bool:
        """Whether the image's ``dumb-init`` hands a signal on to every process, not only to the first."""
        return self.service["environment"].get("DUMB_INIT_SETSID") != "0"

    def here(self, text: str) -> str:
        """Folders and neighbours of the container, as this machine has them."""
        places = {**FILES_IN_IMAGE, **self._mounts(), HOME_IN_IMAGE: self.home}
        return _replaced(text, {**{target: str(place) for target, place in places.items()}, **self.hosts})

    def _mounts(self) -> dict[str, Path]:
        return {
            volume["target"]: self.volumes / volume["source"] for volume in self.service.get("volumes", ())
        }


def _replaced(text: str, here: Mapping[str, str]) -> str:
    """All at once, the longer first: what was put in is not replaced again."""
    pattern = "|".join(re.escape(there) for there in sorted(here, key=len, reverse=True))
    return re.sub(pattern, lambda found: here[found[0]], text)


def _machine() -> dict[str, str]:
    kept = ("HOME", "LANG", "TZ", "TMPDIR")
    binaries = str(Path(sys.executable).parent)
    return {
        **{name: os.environ[name] for name in kept if name in os.environ},
        "PATH": os.pathsep.join([binaries, os.environ.get("PATH", os.defpath)]),
        "NO_PROXY": "127.0.0.1,localhost",
    }


def _apart() -> dict[str, str]:
    """A name, ports that would collide on one machine, and how soon the parts look again."""
    return {
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__CORE__HOSTNAME_CALLABLE": "socket.gethostname",
        "HOSTNAME": socket.gethostname(),
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(free_port()),
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        # Nothing of what is tested. A task holds its place on a worker until its supervisor looks, five seconds by
        # default; the triggers of a triggerer that is gone wait for half a minute.
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "5",
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
        "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "2",
        "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "15",
        "AIRFLOW__API__WORKERS": "1",
    }

"""A fresh Airflow home: its folder, and the settings that make local runs quick, quiet and independent of the shell.

All settings are environment variables, as a dict: ``make run``, ``make up`` and the tests with the real scheduler
share them. What each is worth was measured on two cores; without them the first run takes about twice as long.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
USER = "admin"
CONNECTIONS = ("AIRFLOW_CONN_HARVEST_DEFAULT", "AIRFLOW_CONN_UPSALES_DEFAULT")
SETTINGS = "AIRFLOW_VAR_HARVEST_UPSALES_SETTINGS"


def free_port(preferred: int = 0) -> int:
    """A free port of 127.0.0.1: the preferred one where nobody listens on it."""
    for port in (preferred, 0):
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(sock.getsockname()[1])
    msg = "there is no free port on 127.0.0.1"
    raise OSError(msg)


@dataclass(frozen=True)
class AirflowHome:
    """An Airflow installation of its own in one folder, SQLite and LocalExecutor.

    :param folder: everything that Airflow writes goes below it
    :param dags: the DAGs folder
    :param own: environment of this installation's DAGs: connections and settings
    :param port: where the API server listens, on 127.0.0.1
    :param scheduled: whether schedules make runs; without, only what is triggered or backfilled runs
    :param others: roles of users beside the administrator, by name; all have the one password
    """

    folder: Path
    dags: Path = ROOT / "dags"
    own: Mapping[str, str] = field(default_factory=dict, repr=False)
    port: int = field(default_factory=free_port)
    scheduled: bool = False
    others: Mapping[str, str] = field(default_factory=dict)
    password: str = field(default_factory=lambda: secrets.token_urlsafe(12), repr=False)
    key: str = field(default_factory=lambda: secrets.token_hex(64), repr=False)

    @property
    def url(self) -> str:
        """Address of the UI and the REST API."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def logs(self) -> Path:
        """Logs of tasks and of Airflow's parts."""
        return self.folder / "logs"

    @property
    def database(self) -> Path:
        """The metadata database."""
        return self.folder / "airflow.db"

    @property
    def _passwords(self) -> Path:
        return self.folder / "passwords.json"

    def create(self) -> None:
        """Make the folder, and the file with the users' password."""
        self.logs.mkdir(parents=True)
        self._passwords.touch(mode=0o600)
        self._passwords.write_text(
            json.dumps(dict.fromkeys((USER, *self.others), self.password)), encoding="utf-8"
        )

    def environment(self) -> dict[str, str]:
        """Environment of every process of this Airflow: the shell's, without what it holds for other Airflows."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
        for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONHOME"):
            kept.pop(name, None)
        binaries = str(Path(sys.executable).parent)
        kept["PATH"] = os.pathsep.join([binaries, kept.get("PATH", os.defpath)])
        # Loopback is reached without the proxy that the shell may name.
        for name in ("NO_PROXY", "no_proxy"):
            kept[name] = ",".join(filter(None, [kept.get(name, ""), "127.0.0.1", "localhost"]))
        kept["AIRFLOW_HOME"] = str(self.folder)
        options = {**self._places(), **self._keys(), **self._pace()}
        return {**kept, **{f"AIRFLOW__{name}": value for name, value in options.items()}, **self.own}

    def _places(self) -> dict[str, str]:
        return {
            "CORE__DAGS_FOLDER": str(self.dags),
            "CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
            "CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.database}",
            "LOGGING__BASE_LOG_FOLDER": str(self.logs),
            "API__BASE_URL": self.url,
            "API__HOST": "127.0.0.1",
            "API__PORT": str(self.port),
        }

    def _keys(self) -> dict[str, str]:
        """Users with a password made for this home, and keys that all parts share."""
        users = {USER: "admin", **self.others}
        return {
            "CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{name}:{role}" for name, role in users.items()),
            "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(self._passwords),
            "CORE__FERNET_KEY": base64.urlsafe_b64encode(bytes.fromhex(self.key)[:32]).decode(),
            "API_AUTH__JWT_SECRET": self.key,
            "API__SECRET_KEY": self.key[::-1],
        }

    def _pace(self) -> dict[str, str]:
        return {
            "CORE__EXECUTOR": "LocalExecutor",
            "CORE__LOAD_EXAMPLES": "False",
            # 32 workers are forked otherwise.
            "CORE__PARALLELISM": "4",
            "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "CORE__TEST_CONNECTION": "Enabled",
            "API__WORKERS": "1",
            # Without it many a task holds its slot five seconds too long.
            "WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
            "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.1",
            "SCHEDULER__USE_JOB_SCHEDULE": str(self.scheduled),
            "DAG_PROCESSOR__REFRESH_INTERVAL": "5",
            "DAG_PROCESSOR__PARSING_PROCESSES": "1",
            "LOGGING__COLORED_CONSOLE_LOG": "False",
            "USAGE_DATA_COLLECTION__ENABLED": "False",
        }

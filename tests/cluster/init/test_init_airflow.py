"""deploy/init.sh as airflow-init runs it, with the compose file's environment, on SQLite."""

from __future__ import annotations

import base64
import json
import os
import secrets
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from cryptography.fernet import Fernet
from werkzeug.security import check_password_hash

from tests.cluster.compose import GIVEN, ROOT, read_compose

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]

SETTINGS = {"default_user_id": 1, "default_stage_id": 2, "default_product_id": 3}
BEFORE = {
    **GIVEN,
    "AIRFLOW_FERNET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    # As awkward as a person may choose it.
    "AIRFLOW_ADMIN_PASSWORD": f"-{secrets.token_urlsafe(12)} %$'\"",
    "HARVEST_HOST": "https://sandbox:8443/v2",
    "HARVEST_ACCOUNT_ID": "42",
    "HARVEST_TOKEN": f"old-{secrets.token_hex(12)}",
    "HARVEST_CONTACT": "you@example.com",
    "UPSALES_API_KEY": f"key-{secrets.token_hex(12)}",
    "CONNECTIONS_CA_FILE": "/opt/airflow/certificate/sandbox.pem",
    "HARVEST_UPSALES_SETTINGS": json.dumps(SETTINGS),
}
# Real accounts instead of the sandbox, and all else that may be corrected.
AFTER = {
    **BEFORE,
    "AIRFLOW_ADMIN_PASSWORD": f"new-{secrets.token_hex(12)}",
    "HARVEST_HOST": "",
    "HARVEST_TOKEN": f"new-{secrets.token_hex(12)}",
    "CONNECTIONS_CA_FILE": "",
    "HARVEST_UPSALES_SETTINGS": json.dumps({**SETTINGS, "default_stage_id": 9}),
    "WRITE_POOLS": "upsales_writes,upsales_writes_norway",
}
SECRETS = [
    each[name]
    for each in (BEFORE, AFTER)
    for name in ("AIRFLOW_ADMIN_PASSWORD", "HARVEST_TOKEN", "UPSALES_API_KEY")
]


@dataclass
class Home:
    """An Airflow home with its database."""

    folder: Path

    def init(self, given: dict[str, str], *arguments: str) -> tuple[int, str]:
        """Run to its end, while what ``ps`` shows is watched.

        :return: the exit code, and what was said
        """
        service = read_compose(given)["services"]["airflow-init"]
        bash, script = [part.replace("/opt/airflow", str(ROOT)) for part in service["command"]]
        environment = {name: str(value) for name, value in service["environment"].items()} | {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.defpath]),
            "HOME": str(self.folder),
            "AIRFLOW_HOME": str(self.folder),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.database}",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        }
        log = self.folder / "init.log"
        with log.open("wb") as out:
            running = subprocess.Popen(
                [bash, script, *arguments], env=environment, cwd=self.folder, stdout=out, stderr=out
            )
            while running.poll() is None:
                assert [secret for secret in SECRETS if secret in _shown_by_ps(running.pid)] == []
                time.sleep(0.1)
        return running.returncode, log.read_text(encoding="utf-8")

    @property
    def database(self) -> Path:
        return self.folder / "airflow.db"

    def rows(self, query: str, *values: str) -> list[dict[str, Any]]:
        """Records as they stand in the database, which the query may change."""
        with closing(sqlite3.connect(self.database)) as opened, opened:
            opened.row_factory = sqlite3.Row
            return [dict(row) for row in opened.execute(query, values)]

    def connection(self, conn_id: str) -> dict[str, Any]:
        (row,) = self.rows("SELECT * FROM connection WHERE conn_id = ?", conn_id)
        fields = ("conn_type", "host", "login", "description")
        return {name: row[name] for name in fields if row[name]} | {
            "password": _decrypted(row["password"]),
            "extra": json.loads(_decrypted(row["extra"])),
        }

    def settings(self) -> Any:
        (row,) = self.rows("SELECT val FROM variable WHERE key = 'harvest_upsales_settings'")
        return json.loads(_decrypted(row["val"]))

    def pools(self) -> dict[str, tuple[int, bool]]:
        rows = self.rows("SELECT * FROM slot_pool WHERE pool <> 'default_pool'")
        return {row["pool"]: (row["slots"], bool(row["include_deferred"])) for row in rows}

    def takes_password(self, password: str) -> bool:
        (row,) = self.rows("SELECT password FROM ab_user WHERE username = 'admin'")
        return check_password_hash(row["password"], password)


def _shown_by_ps(pid: int) -> str:
    shown = []
    try:
        for process in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
            shown += process.cmdline()
    except psutil.Error:  # it has ended meanwhile
        pass
    return "\n".join(shown)


def _decrypted(text: str) -> str:
    return Fernet(BEFORE["AIRFLOW_FERNET_KEY"]).decrypt(text.encode()).decode()


def told(said: str) -> list[str]:
    """The program's own lines."""
    return [line.removeprefix("init: ") for line in said.splitlines() if line.startswith("init: ")]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Initialised once, from nothing."""
    home = Home(tmp_path_factory.mktemp("first"))
    code, said = home.init(BEFORE)
    assert code == 0, said
    yield home
    shutil.rmtree(home.folder)


@pytest.fixture
def home(first: Home, tmp_path: Path) -> Home:
    """A copy that a test may change."""
    shutil.copy(first.database, tmp_path / "airflow.db")
    return Home(tmp_path)


def test_everything_is_made_from_env(home: Home) -> None:
    assert home.connection("harvest_default") == {
        "conn_type": "harvest",
        "host": "https://sandbox:8443/v2",
        "login": "42",
        "password": BEFORE["HARVEST_TOKEN"],
        "extra": {"contact": "you@example.com", "verify": "/opt/airflow/certificate/sandbox.pem"},
    }
    assert home.connection("upsales_default") == {
        "conn_type": "upsales",
        "password": BEFORE["UPSALES_API_KEY"],
        "extra": {"verify": "/opt/airflow/certificate/sandbox.pem"},
    }
    assert home.settings() == SETTINGS
    assert home.pools() == {"upsales_writes": (1, False)}
    assert home.takes_password(BEFORE["AIRFLOW_ADMIN_PASSWORD"])


def test_a_mistake_stops_it_before_anything_is_made(tmp_path: Path) -> None:
    home = Home(tmp_path)
    code, said = home.init({**BEFORE, "HARVEST_CONTACT": ""})
    assert code == 1
    assert "HARVEST_CONTACT: empty" in said
    assert not home.database.exists()


def test_what_people_changed_is_kept_and_told_but_for_the_pools_slot(home: Home) -> None:
    home.rows("UPDATE slot_pool SET slots = 5, include_deferred = 1 WHERE pool = 'upsales_writes'")
    before = home.connection("harvest_default"), home.connection("upsales_default"), home.settings()

    code, said = home.init(AFTER)

    assert code == 0, said
    assert before == (
        home.connection("harvest_default"),
        home.connection("upsales_default"),
        home.settings(),
    )
    assert home.takes_password(BEFORE["AIRFLOW_ADMIN_PASSWORD"])
    assert home.pools() == {"upsales_writes": (1, False), "upsales_writes_norway": (1, False)}
    warnings = [line for line in told(said) if line.startswith("WARNING: ")]
    for what, lines in (
        ("user admin", "AIRFLOW_ADMIN_PASSWORD"),
        ("harvest_default", "HARVEST_HOST, HARVEST_TOKEN, CONNECTIONS_CA_FILE"),
        ("upsales_default", "CONNECTIONS_CA_FILE"),
        ("harvest_upsales_settings", "HARVEST_UPSALES_SETTINGS"),
    ):
        (line,) = [line for line in warnings if what in line]
        assert f" another {lines}. " in line
        assert line.endswith("init.sh --replace")
    assert any("pool upsales_writes had 5 slots" in line for line in warnings)
    assert [secret for secret in SECRETS if secret in said] == []


def test_asked_to_replace_env_wins_and_nothing_is_told_after(home: Home) -> None:
    web_url = {"contact": "you@example.com", "verify": "/old.pem", "web_url": "https://example.com"}
    extra = Fernet(BEFORE["AIRFLOW_FERNET_KEY"]).encrypt(json.dumps(web_url).encode()).decode()
    home.rows(
        "UPDATE connection SET description = 'Ask Eva', extra = ? WHERE conn_id = 'harvest_default'", extra
    )

    code, said = home.init(AFTER, "--replace")

    assert code == 0, said
    assert home.connection("harvest_default") == {
        "conn_type": "harvest",
        "login": "42",
        "password": AFTER["HARVEST_TOKEN"],
        "description": "Ask Eva",
        "extra": {"contact": "you@example.com", "web_url": "https://example.com"},
    }
    assert home.connection("upsales_default")["extra"] == {}
    assert home.settings()["default_stage_id"] == 9
    assert home.takes_password(AFTER["AIRFLOW_ADMIN_PASSWORD"])
    assert [secret for secret in SECRETS if secret in said] == []

    code, said = home.init(AFTER)
    assert code == 0, said
    assert [line for line in told(said) if "WARNING" in line] == []
    assert len([line for line in told(said) if line.endswith("as in .env")]) == 4


def test_with_another_key_nothing_is_lost(home: Home) -> None:
    code, said = home.init({**BEFORE, "AIRFLOW_FERNET_KEY": Fernet.generate_key().decode()})
    assert code == 1
    assert told(said)[-1].startswith("ERROR: connection harvest_default was encrypted with another AIRFLOW_")
    assert home.connection("harvest_default")["password"] == BEFORE["HARVEST_TOKEN"]

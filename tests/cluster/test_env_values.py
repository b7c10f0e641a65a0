"""What deploy/init.sh makes of .env: mistakes are told before anything is made, the sandbox's values are complete."""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import sys
from typing import Any
from urllib.parse import urlsplit

import pytest

from localrun.sandbox_link import DEMO_SETTINGS
from sandbox.credentials import HARVEST_ACCOUNT_ID, HARVEST_TOKEN, UPSALES_TOKEN
from tests.cluster.compose import FILE, GIVEN, ROOT, SANDBOX_ENV, read_compose

SETTINGS = '{"default_user_id": 1, "default_stage_id": 2, "default_product_id": 3}'
COMPLETE = {
    "HARVEST_ACCOUNT_ID": "42",
    "HARVEST_TOKEN": "made-up-token",
    "HARVEST_CONTACT": "you@example.com",
    "UPSALES_API_KEY": "made-up-key",
    "HARVEST_UPSALES_SETTINGS": SETTINGS,
}


def check(environment: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    """What airflow-init does first, in its own environment."""
    return subprocess.run(
        [sys.executable, str(ROOT / "deploy" / "env_values.py")],
        env={"PATH": os.defpath, **{name: str(value) for name, value in environment.items()}},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def check_env(**given: str) -> subprocess.CompletedProcess[str]:
    services = read_compose({**GIVEN, **COMPLETE, **given})["services"]
    return check(services["airflow-init"]["environment"])


@pytest.mark.parametrize(
    "given",
    [
        {},
        dict.fromkeys(COMPLETE, ""),
        {"WRITE_POOLS": "upsales_writes, upsales_writes_norway"},
        # As people may choose it: it stands in no URL.
        {"AIRFLOW_ADMIN_PASSWORD": "-p@ss/w%rd#1 '\""},
        {"POSTGRES_HOST": "db.example.com", "POSTGRES_PASSWORD": "p%40ss"},
    ],
)
def test_what_can_be_set_up_is_let_through_in_silence(given: dict[str, str]) -> None:
    checked = check_env(**given)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("HARVEST_CONTACT", ""),
        ("HARVEST_CONTACT", " "),
        ("HARVEST_ACCOUNT_ID", ""),
        ("HARVEST_UPSALES_SETTINGS", "{default_user_id: 1}"),
        ("HARVEST_UPSALES_SETTINGS", "7"),
        ("HARVEST_UPSALES_SETTINGS", f"[{SETTINGS}]"),
        ("HARVEST_UPSALES_SETTINGS", SETTINGS.replace("stage", "stange")),
        ("WRITE_POOLS", "default_pool"),
        ("WRITE_POOLS", "upsales_writes;norway"),
        ("POSTGRES_PASSWORD", "p@ss/w%rd#1"),
        # In the container of its own it would be taken as it stands.
        ("POSTGRES_PASSWORD", "p%40ss"),
        ("REDIS_PASSWORD", "p:ss"),
    ],
)
def test_a_mistake_is_told_by_the_name_of_its_line(line: str, value: str) -> None:
    checked = check_env(**{line: value})
    assert checked.returncode == 1
    first, last = checked.stderr.splitlines()
    assert first.startswith(f"init: ERROR in .env: {line}: ")
    assert "nothing was made" in last
    assert not [secret for secret in ("p@ss", "p%40", "p:ss", "made-up") if secret in checked.stderr]


def test_all_mistakes_are_told_at_once() -> None:
    checked = check_env(HARVEST_CONTACT="", HARVEST_ACCOUNT_ID="", HARVEST_UPSALES_SETTINGS="x")
    told = re.findall(r"^init: ERROR in \.env: (.*?): ", checked.stderr, re.MULTILINE)
    assert told == ["HARVEST_ACCOUNT_ID and HARVEST_CONTACT", "HARVEST_UPSALES_SETTINGS"]


def test_the_sandboxs_values_are_the_sandboxs_own() -> None:
    read = read_compose(GIVEN, env_files=[SANDBOX_ENV], profiles=())
    given = read["services"]["airflow-init"]["environment"]
    assert check(given).returncode == 0
    assert (given["HARVEST_ACCOUNT_ID"], given["HARVEST_TOKEN"]) == (HARVEST_ACCOUNT_ID, HARVEST_TOKEN)
    assert given["UPSALES_API_KEY"] == UPSALES_TOKEN
    assert json.loads(given["HARVEST_UPSALES_SETTINGS"]) == DEMO_SETTINGS

    # One command starts it, and its volumes are no real installation's.
    command = read["services"]["sandbox"]["command"]
    told = dict(itertools.pairwise(command))
    for name in ("HARVEST_HOST", "UPSALES_HOST"):
        url = urlsplit(given[name])
        assert (url.scheme, url.hostname, str(url.port)) == ("https", told["--name"], told["--port"])
    assert given["CONNECTIONS_CA_FILE"] == told["--certificate"]
    assert read["name"] != read_compose(GIVEN)["name"]
    assert f"--env-file {SANDBOX_ENV.name}" in FILE.read_text(encoding="utf-8")


def test_no_password_stands_in_a_command() -> None:
    for file in ("init.sh", "helm-values.yaml"):
        assert "PASSWORD" not in (ROOT / "deploy" / file).read_text(encoding="utf-8")

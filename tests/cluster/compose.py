"""docker-compose.yaml as Docker Compose itself reads it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yaml"
EXAMPLE = ROOT / ".env.example"
SANDBOX_ENV = ROOT / ".env.sandbox"
AIRFLOW_SERVICES = (
    "airflow-apiserver", "airflow-scheduler", "airflow-dag-processor", "airflow-triggerer", "airflow-worker",
)  # fmt: skip
SECRETS = (
    "POSTGRES_PASSWORD", "REDIS_PASSWORD", "AIRFLOW_ADMIN_PASSWORD", "AIRFLOW_JWT_SECRET", "AIRFLOW_API_SECRET_KEY",
    "AIRFLOW_FERNET_KEY",
)  # fmt: skip
# Enough for the file to be read.
GIVEN = {name: f"made-up-{name.lower()}" for name in SECRETS}
# The program itself: the package's own command loses its exit code.
COMPOSE = resources.files("compose") / "docker-compose"


class ComposeError(Exception):
    """Docker Compose refuses the file; the message is its own."""


def read_compose(
    given: Mapping[str, str], *, env_files: Sequence[Path] = (), profiles: Sequence[str] = ("sandbox",)
) -> dict[str, Any]:
    """The whole file, its variables replaced.

    :param given: what .env would hold
    :param env_files: as of ``--env-file``; what is given wins
    :param profiles: as of ``--profile``
    :raises ComposeError: a variable is missing, or the file breaks the specification
    """
    options = ["--file", str(FILE)]
    for file in env_files or (Path(os.devnull),):
        options += ["--env-file", str(file)]
    for profile in profiles:
        options += ["--profile", profile]
    read = subprocess.run(
        [str(COMPOSE), *options, "config", "--format", "json"],
        env={"PATH": os.defpath, "HOME": os.environ.get("HOME", "/"), **given},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )  # fmt: skip
    if read.returncode:
        raise ComposeError(read.stderr)
    # What is printed could be read again: a dollar stands there twice.
    return dict(json.loads(read.stdout.replace("$$", "$")))


def names_in_example() -> dict[str, str]:
    """The variables of .env.example with what stands there, those in comments left out."""
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))

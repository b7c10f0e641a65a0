"""What the cluster talks to. PostgreSQL and Redis: those that the environment names, else servers of the tests' own.

``POSTGRES_HOST``, ``POSTGRES_PORT``, ``POSTGRES_USER``, ``POSTGRES_PASSWORD``, ``REDIS_HOST``, ``REDIS_PORT``,
``REDIS_PASSWORD`` and ``REDIS_DATABASE`` name running ones, as in ``.env``. The user has to be allowed to make
databases.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import psycopg2
from psycopg2 import sql
from redis import Redis

from localrun.airflow_home import free_port
from localrun.processes import Programs

START_TIMEOUT_S = 30
# Debian keeps the server's programs out of PATH.
POSTGRES_FOLDERS = "/usr/lib/postgresql"
# PostgreSQL refuses to run as root.
SERVER_USER = "nobody"
# The name of the program; there is none where the environment names a Redis.
REDIS = "redis"
REGION = "us-east-1"
STORE_KEY = "made-up-store-key"


class NotInstalledError(Exception):
    """A server's program is missing; the message says which package has it."""


class InUseError(Exception):
    """The named server serves others; the message says what to name instead."""


@contextmanager
def postgres(programs: Programs) -> Iterator[dict[str, str]]:
    """A database of its own, as the variables that .env would hold; dropped at the end."""
    given = {name: os.environ[name] for name in os.environ if name.startswith("POSTGRES_")}
    folder = Path(tempfile.mkdtemp(prefix="harvest-upsales-postgres-"))
    server = given if "POSTGRES_HOST" in given else _own_postgres(programs, folder)
    name = f"airflow_{secrets.token_hex(6)}"
    where = {
        "POSTGRES_PORT": "5432", "POSTGRES_USER": "postgres", "POSTGRES_PASSWORD": "none", **server,
        "POSTGRES_DB": name,
    }  # fmt: skip
    _administer(where, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield where
    finally:
        _administer(where, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
        # A server of our own still runs, and does without its files until it is stopped.
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def redis(programs: Programs, folder: Path) -> Iterator[dict[str, str]]:
    """A broker's empty database, as the variables that .env would hold; emptied at the end."""
    given = {name: os.environ[name] for name in os.environ if name.startswith("REDIS_")}
    where = {
        "REDIS_PORT": "6379", "REDIS_PASSWORD": "none", "REDIS_DATABASE": "0",
        **(given if "REDIS_HOST" in given else _own_redis(programs, folder)),
    }  # fmt: skip
    database = Redis(
        host=where["REDIS_HOST"], port=int(where["REDIS_PORT"]), password=where["REDIS_PASSWORD"],
        db=int(where["REDIS_DATABASE"]),
    )  # fmt: skip
    with database:
        # Another Airflow's tasks would be taken from it, and ours by its workers.
        if database.dbsize():
            number = where["REDIS_DATABASE"]
            msg = f"Database {number} of the named Redis is in use: name an empty one in REDIS_DATABASE."
            raise InUseError(msg)
        try:
            yield where
        finally:
            database.flushdb()


def _own_redis(programs: Programs, folder: Path) -> dict[str, str]:
    where = {
        "REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(free_port()), "REDIS_PASSWORD": secrets.token_hex(16),
    }  # fmt: skip
    start_redis(programs, folder, where)
    return where


def start_redis(programs: Programs, folder: Path, where: Mapping[str, str]) -> None:
    """A Redis of our own, which keeps nothing, as docker-compose.yaml has it.

    :param where: the variables of .env that say where it listens
    """
    port = where["REDIS_PORT"]
    command = [
        _program("redis-server", "redis-server"), "--bind", "127.0.0.1", "--port", port,
        "--requirepass", where["REDIS_PASSWORD"], "--save", "", "--appendonly", "no",
    ]  # fmt: skip
    programs.start(REDIS, command, os.environ, folder=folder)
    programs.wait_until(lambda: _listens(int(port)), "Redis was ready", START_TIMEOUT_S)


@dataclass(frozen=True)
class ObjectStore:
    """An S3 server on this machine; who asks needs no right, but some key.

    :param url: where it listens
    """

    url: str

    @property
    def connection(self) -> dict[str, Any]:
        """Airflow's connection to it."""
        extra = {"region_name": REGION, "endpoint_url": self.url}
        return {"conn_type": "aws", "login": STORE_KEY, "password": STORE_KEY, "extra": extra}

    def make(self, bucket: str) -> None:
        """An empty bucket."""
        self._client().create_bucket(Bucket=bucket)

    def objects(self, bucket: str) -> dict[str, bytes]:
        """All that a bucket holds, by name."""
        client = self._client()
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        names = [found["Key"] for page in pages for found in page.get("Contents", ())]
        return {name: client.get_object(Bucket=bucket, Key=name)["Body"].read() for name in names}

    def _client(self) -> Any:
        return boto3.client(
            "s3", endpoint_url=self.url, region_name=REGION,
            aws_access_key_id=STORE_KEY, aws_secret_access_key=STORE_KEY,
        )  # fmt: skip


def object_store(programs: Programs, folder: Path) -> ObjectStore:
    """Start one; it ends with all other programs."""
    port = free_port()
    command = [str(Path(sys.executable).with_name("moto_server")), "--host", "127.0.0.1", "--port", str(port)]
    programs.start("object-store", command, os.environ, folder=folder)
    programs.wait_until(lambda: _listens(port), "The object store was ready", START_TIMEOUT_S)
    return ObjectStore(f"http://127.0.0.1:{port}")


def _own_postgres(programs: Programs, folder: Path) -> dict[str, str]:
    port = free_port()
    prefix: list[str] = []
    if os.geteuid() == 0:
        user = pwd.getpwnam(SERVER_USER)
        os.chown(folder, user.pw_uid, user.pw_gid)
        prefix = [
            _program("setpriv", "util-linux"),
            f"--reuid={user.pw_uid}",
            f"--regid={user.pw_gid}",
            "--clear-groups",
        ]
    environment = {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}
    data = str(folder / "data")
    # Only loopback is listened at, and only for as long as the tests run.
    initdb = [_postgres("initdb"), "--pgdata", data, "--username", "postgres", "--auth", "trust", "--no-sync"]
    programs.run("initdb", [*prefix, *initdb], environment, folder=folder, timeout_s=60)
    options = ("listen_addresses=127.0.0.1", f"port={port}", f"unix_socket_directories={folder}", "fsync=off")
    server = [_postgres("postgres"), "-D", data, *(part for option in options for part in ("-c", option))]
    programs.start("postgres", [*prefix, *server], environment, folder=folder)
    # It listens before it lets anybody in.
    ready = [_postgres("pg_isready"), "--quiet", "--host", "127.0.0.1", "--port", str(port)]
    programs.wait_until(
        lambda: subprocess.run(ready, check=False).returncode == 0, "PostgreSQL was ready", START_TIMEOUT_S
    )
    return {"POSTGRES_HOST": "127.0.0.1", "POSTGRES_PORT": str(port)}


def _administer(where: dict[str, str], statement: sql.Composed) -> None:
    connection = psycopg2.connect(
        host=where["POSTGRES_HOST"], port=where["POSTGRES_PORT"], user=where["POSTGRES_USER"],
        password=where["POSTGRES_PASSWORD"], dbname="postgres", connect_timeout=START_TIMEOUT_S,
    )  # fmt: skip
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.close()


def _postgres(name: str) -> str:
    versions = sorted(
        Path(POSTGRES_FOLDERS).glob("*/bin"), key=lambda folder: float(folder.parent.name), reverse=True
    )
    return _program(name, "postgresql", os.pathsep.join([os.environ.get("PATH", ""), *map(str, versions)]))


def _program(name: str, package: str, path: str | None = None) -> str:
    found = shutil.which(name, path=path)
    if found is None:
        msg = (
            f"{name} is not installed. Install it (Debian, Ubuntu: apt install {package}), or name a running server in "
            "the environment."
        )
        raise NotInstalledError(msg)
    return found


def _listens(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0

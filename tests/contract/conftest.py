"""The hooks' peers over real HTTP: the sandbox, and a server that answers exactly what a test scripts."""

import functools
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from harvest_upsales.api import transport
from harvest_upsales.hooks import service_hook
from harvest_upsales.hooks.harvest_hook import HarvestHook
from harvest_upsales.hooks.upsales_hook import UpsalesHook
from sandbox.credentials import HARVEST_ACCOUNT_ID, HARVEST_TOKEN, UPSALES_TOKEN
from sandbox.server import SandboxServer
from sandbox.world import World

TODAY = date(2026, 11, 22)


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(World.new(TODAY), rate_limits=False) as server:
        yield server


@pytest.fixture
def world(sandbox: SandboxServer) -> World:
    return sandbox.world


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that the hooks would have waited; nothing really waits."""
    waited: list[float] = []
    quick = functools.partial(transport.Transport, sleep=waited.append)
    monkeypatch.setattr(service_hook, "Transport", quick)
    return waited


Connect = Callable[..., None]


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Define both connections, as a person does it with environment variables."""

    def define(harvest_url: str, upsales_url: str, **changes: dict[str, Any]) -> None:
        harvest = {
            "conn_type": "harvest",
            "host": harvest_url,
            "login": HARVEST_ACCOUNT_ID,
            "password": HARVEST_TOKEN,
            "extra": {"contact": "time@nordlys.example"},
        }
        upsales = {"conn_type": "upsales", "host": upsales_url, "password": UPSALES_TOKEN}
        for name, fields in (("harvest", harvest), ("upsales", upsales)):
            value = json.dumps(fields | changes.get(name, {}))
            monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}_DEFAULT", value)

    return define


@pytest.fixture
def harvest(sandbox: SandboxServer, connect: Connect, waits: list[float]) -> Iterator[HarvestHook]:
    connect(sandbox.harvest_url, sandbox.upsales_url)
    hook = HarvestHook()
    yield hook
    hook.close()


@pytest.fixture
def upsales(sandbox: SandboxServer, connect: Connect, waits: list[float]) -> Iterator[UpsalesHook]:
    connect(sandbox.harvest_url, sandbox.upsales_url)
    hook = UpsalesHook()
    yield hook
    hook.close()


@dataclass
class Scripted:
    """A server that gives its answers in order, the last one for ever.

    :param url: where it listens
    :param answers: (status, headers, body) of each answer
    :param asked: method, path and query, headers of each request
    """

    url: str
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    def say(self, body: object, status: int = 200, **headers: str) -> None:
        """Add an answer in JSON."""
        self.answers.append(
            (status, {"Content-Type": "application/json", **headers}, json.dumps(body).encode())
        )


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            script.asked.append((self.command, self.path, dict(self.headers)))
            status, headers, body = script.answers.pop(0) if len(script.answers) > 1 else script.answers[0]
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    script = Scripted(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield script
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def unused_url() -> Iterator[str]:
    """An address at which nobody listens: bound, but not listening, so that nobody else takes it."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"

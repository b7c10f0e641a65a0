"""The sandbox as a real HTTP server, in a thread of its own."""

import asyncio
import socket
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox.app import build_app
from sandbox.certificate import write_certificate
from sandbox.world import World

START_LIMIT_S = 10


class CuttableProtocol(H11Protocol):
    """Hands the connection's transport to the application, so that a fault can cut it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        app = self.app

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            scope["sandbox.transport"] = transport
            await app(scope, receive, send)

        self.app = with_transport


class SandboxServer:
    """Both services and the control API at one port; running once it is constructed.

    :param world: the state to serve; without one, a set-up but empty world of the real current date.
    :param rate_limits: False lets any number of requests through.
    :param port: 0 = any free one.
    :param host: address to listen at; other machines reach it only at another one than loopback.
    :param certificate: file that gets a certificate for the names that follow, and https is served; without, http.
    :param names: host names at which clients ask, the first of them in the addresses below.
    """

    def __init__(
        self, world: World | None = None, *, rate_limits: bool = True, port: int = 0, host: str = "127.0.0.1",
        certificate: Path | None = None, names: Sequence[str] = ("127.0.0.1", "localhost"),
    ) -> None:  # fmt: skip
        self.world = world or World.new(datetime.now(UTC).date())
        self.world.limits.enabled = rate_limits
        # The protocol is named so that asyncio turns Nagle's algorithm off: it would cost 40 ms an answer.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((host, port))
        self.port: int = self._socket.getsockname()[1]
        key = write_certificate(certificate, names) if certificate else None
        base = f"{'https' if certificate else 'http'}://{names[0]}:{self.port}"
        self.harvest_url, self.upsales_url, self.control_url = (
            f"{base}/v2",
            f"{base}/api/v2",
            f"{base}/control",
        )
        config = uvicorn.Config(
            build_app(self.world), http=CuttableProtocol, ws="none", lifespan="off", loop="asyncio",
            ssl_certfile=certificate, ssl_keyfile=key, log_config=None, access_log=False,
            proxy_headers=False, timeout_keep_alive=60, timeout_graceful_shutdown=1,
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="sandbox", daemon=True
        )
        self._thread.start()
        self._wait_until_started()

    def _wait_until_started(self) -> None:
        deadline = time.monotonic() + START_LIMIT_S
        while not self._server.started:
            if time.monotonic() > deadline or not self._thread.is_alive():
                raise RuntimeError("the sandbox server did not start")
            time.sleep(0.005)

    def stop(self) -> None:
        """Stop serving; a second call does nothing."""
        self._server.should_exit = True
        self._thread.join(START_LIMIT_S)
        self._socket.close()
        self.world.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

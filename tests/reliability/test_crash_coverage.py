"""The scenes of the crash matrix leave out no write of the product: neither a route nor a place that calls it."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from harvest_upsales.api.transport import Transport
from harvest_upsales.flows.billing_sync import call_again
from sandbox.server import SandboxServer
from sandbox.world import World
from tests.flows.run_harness import EVERYTHING, Bench
from tests.reliability import crash_product
from tests.reliability.books import audit
from tests.reliability.crash_points import Watcher
from tests.reliability.crash_scenes import SCENES, Scene


class Provoked:
    """What the scenes make the product write.

    :ivar routes: method and path
    :ivar places: module and function that asked for it
    """

    def __init__(self) -> None:
        self.routes: set[str] = set()
        self.places: set[str] = set()

    def listen_to(self, transport: Transport) -> None:
        """Note who writes; nothing else of the transport changes."""
        transport.write = self._noting(transport.write)  # type: ignore[method-assign]
        transport.write_decoded = self._noting(transport.write_decoded)  # type: ignore[method-assign]

    def _noting(self, send: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(send)
        def noting(*args: Any, **kwargs: Any) -> Any:
            self.places.add(place_of(sys._getframe(1)))
            return send(*args, **kwargs)

        return noting


def place_of(frame: FrameType | None) -> str:
    """The innermost function above ``api``."""
    while frame is not None and Path(frame.f_code.co_filename).parent.name == "api":
        frame = frame.f_back
    assert frame is not None
    return f"{Path(frame.f_code.co_filename).stem}.{frame.f_code.co_qualname.split('.<locals>')[0]}"


def play(scene: Scene, provoked: Provoked) -> None:
    """The scene in this process."""
    with SandboxServer(World.new(dt.datetime.now(dt.UTC).date()), rate_limits=False) as server:
        bench, world = Bench(server), server.world
        scene.set_the_stage(bench)
        world.watcher = watcher = Watcher(world)
        first = len(world.journal.entries)
        for client in (bench.harvest, bench.upsales):
            provoked.listen_to(client.transport)
        run = bench.run(EVERYTHING, **scene.settings)
        if scene.mend is not None:
            scene.mend(world)
            (order,) = run.billing
            call_again(bench.services(**scene.settings), order)
        scene.expect(world)
        assert not audit(world)
        provoked.routes |= {" ".join(label.split()[1:3]) for label in watcher.labels}
        sent = [entry for entry in world.journal.since(first) if entry["is_write"]]
        assert len(watcher.points(scene.name)) == len(sent), "a write of the journal is no write point"
        bench.close()


@pytest.fixture(scope="module")
def provoked() -> Provoked:
    noted = Provoked()
    for scene in SCENES.values():
        play(scene, noted)
    return noted


def test_every_route_that_the_product_writes_is_provoked(provoked: Provoked) -> None:
    assert provoked.routes == crash_product.routes()


def test_every_place_that_writes_is_provoked(provoked: Provoked) -> None:
    assert provoked.places == crash_product.places()


def test_only_the_transport_sends_requests() -> None:
    """Else a write could pass by what the other tests here look at."""
    assert crash_product.senders() == {"transport.py"}

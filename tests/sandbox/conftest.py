"""A fresh world behind a real server for each test."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sandbox.server import SandboxServer
from sandbox.world import World
from tests.sandbox.service_client import HARVEST_HEADERS, TODAY, UPSALES_HEADERS, Service


@pytest.fixture
def world() -> World:
    return World.new(TODAY)


@pytest.fixture
def server(world: World) -> Iterator[SandboxServer]:
    with SandboxServer(world) as running:
        yield running


@pytest.fixture
def harvest(server: SandboxServer) -> Service:
    return Service(server.harvest_url, HARVEST_HEADERS)


@pytest.fixture
def upsales(server: SandboxServer) -> Service:
    return Service(server.upsales_url, UPSALES_HEADERS)


@pytest.fixture
def control(server: SandboxServer) -> Service:
    return Service(server.control_url, {})


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], None]:
    """Wait until something holds; fail when it does not within five seconds."""

    def wait(holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 5
        while not holds():
            assert time.monotonic() < deadline, "it did not happen within five seconds"
            time.sleep(0.01)

    return wait


@pytest.fixture
def project_id(world: World) -> int:
    """A project with project pricing, 1250.50 SEK an hour."""
    client_id = world.harvest.add_client("Fjällräven & Co")
    return world.harvest.add_project(
        client_id, "Webb", code="W-1", hourly_rate="1250.50", starts_on="2026-01-01"
    )


@pytest.fixture
def order_body(world: World) -> dict[str, Any]:
    """What a POST of an order must hold."""
    company_id = world.upsales.add_company("Fjällräven & Co")
    return {
        "client": {"id": company_id},
        "user": {"id": 2},
        "stage": {"id": 11},
        "date": "2026-11-30",
        "orderRow": [{"product": {"id": 2}, "quantity": 7.25, "price": 1250.5}],
        "notify": False,
    }

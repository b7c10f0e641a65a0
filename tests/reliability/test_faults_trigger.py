"""The same faults on the one call of the trigger that waits for the billing app, which must not block or write."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from harvest_upsales.api.async_reader import AsyncUpsalesReader
from harvest_upsales.errors import HarvestUpsalesError, NotFoundError
from harvest_upsales.records.upsales_records import Order
from sandbox.credentials import UPSALES_TOKEN
from sandbox.server import SandboxServer
from sandbox.world import World
from tests.reliability.faults_matrix import FAULTS, READ_TIMEOUT_S, Case, Endpoint, check_errors
from tests.reliability.figures import Figures

PART = "trigger's faults"
READ = Endpoint("upsales", "GET", "/orders/{id}")


def reader_of(server: SandboxServer) -> AsyncUpsalesReader:
    """As the trigger makes it, with little patience and no pauses."""

    async def no_pause(seconds: float) -> None:
        await asyncio.sleep(0)

    return AsyncUpsalesReader(
        server.upsales_url,
        headers={"Cookie": f"token={UPSALES_TOKEN}"},
        params={},
        timeout_s=(5, READ_TIMEOUT_S),
        secrets=(UPSALES_TOKEN,),
        sleep=no_pause,
    )


async def read_twice(server: SandboxServer, order_id: int) -> list[Any]:
    """Two looks of one trigger."""
    async with reader_of(server) as reader:
        return [await _look(reader, order_id) for _ in range(2)]


async def _look(reader: AsyncUpsalesReader, order_id: int) -> Order | HarvestUpsalesError:
    try:
        return await reader.read_order(order_id)
    except HarvestUpsalesError as error:
        return error


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    """Both services with one order, whose id is the lowest."""
    world = World.new(date(2026, 11, 22))
    with SandboxServer(world, rate_limits=False) as running:
        world.upsales.add_order(world.upsales.add_company("Fjord AB"), stage_id=11)
        yield running


@pytest.mark.parametrize("position", ["first", "second", "every"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_look_ends_right_or_says_what_is_wrong(
    server: SandboxServer, figures: Figures, fault: str, position: str
) -> None:
    case, world = Case("trigger", READ, fault, position), server.world
    world.faults.clear()
    rule = world.faults.add(**case.rule)

    looks = asyncio.run(read_twice(server, min(world.upsales.orders)))

    assert rule.fired
    errors = [look for look in looks if isinstance(look, HarvestUpsalesError)]
    check_errors(case, errors)
    assert not any(isinstance(error, NotFoundError) for error in errors)
    assert all(look.probability == Decimal(90) for look in looks if isinstance(look, Order))
    assert position == "every" or len(errors) <= 1
    assert not any(entry["is_write"] for entry in world.journal.entries)
    figures.add(PART, "cases")
    figures.add(PART, "ended right", int(not errors))
    figures.add(PART, "failed with a named error", int(bool(errors)))

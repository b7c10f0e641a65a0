"""A service whose certificate only the connection's extra ``verify`` vouches for: worker and triggerer reach it."""

import asyncio
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from harvest_upsales.errors import SetupError
from harvest_upsales.hooks.harvest_hook import HarvestHook
from harvest_upsales.hooks.upsales_hook import UpsalesHook, async_reader
from sandbox.server import SandboxServer
from sandbox.world import World


def test_it_is_reached_with_the_file_and_only_with_it(connect: Callable[..., None], tmp_path: Path) -> None:
    file = tmp_path / "own.pem"
    world = World.new(date(2026, 11, 22))
    order_id = world.upsales.add_order(world.upsales.add_company("Fjäll & Sjö AB"), stage_id=11)

    with SandboxServer(world, certificate=file, names=("localhost",)) as server:
        verify = {"verify": str(file)}
        connect(
            server.harvest_url,
            server.upsales_url,
            harvest={"extra": {"contact": "time@nordlys.example", **verify}},
            upsales={"extra": verify},
        )
        with closing(HarvestHook()) as harvest, closing(UpsalesHook()) as upsales:
            assert harvest.client.company().invoice_feature
            assert upsales.client.order(order_id).id == order_id

        async def read() -> int:
            async with async_reader(upsales.connection) as reader:
                return (await reader.read_order(order_id)).id

        assert asyncio.run(read()) == order_id

        connect(server.harvest_url, server.upsales_url)
        with closing(UpsalesHook()) as upsales, pytest.raises(SetupError, match="verify"):
            upsales.client.owner()

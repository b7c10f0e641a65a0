"""Worlds behind a real server; nothing waits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from sandbox.world import World
from tests.flows.run_harness import Bench, serve

TODAY = date(2026, 11, 22)


@pytest.fixture
def bench() -> Iterator[Bench]:
    """A set-up world without clients; the billing app answers at once."""
    world = World.new(TODAY)
    world.billing.delay_s = 0
    yield from serve(world)
    assert world.journal.violations == []

"""Orders bring their notes along, wanted or not: a list of them must never be in memory as a whole."""

import tracemalloc

import pytest

from harvest_upsales.api import upsales_envelope
from harvest_upsales.hooks.upsales_hook import UpsalesHook
from harvest_upsales.records.upsales_records import Order, OrderBrief
from sandbox.world import World

NOTES = "x" * 60_000
ORDERS = 400


@pytest.mark.parametrize("of", [Order, OrderBrief])
def test_a_list_of_orders_takes_the_memory_of_some_pages(
    upsales: UpsalesHook,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    of: type[Order] | type[OrderBrief],
) -> None:
    monkeypatch.setattr(upsales_envelope, "_DEFAULT_PAGE", 10)
    monkeypatch.setattr(upsales_envelope, "_PAGE_BYTES", 10 * len(NOTES))
    company_id = world.upsales.add_company("Fjord AB")
    for _ in range(ORDERS):
        world.upsales.add_order(company_id, stage_id=11, notes=NOTES)

    tracemalloc.start()
    try:
        found = sum(1 for _ in upsales.client.orders(of))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert found == ORDERS
    # The sandbox's own copies of a page are in this process, too.
    assert peak < ORDERS * len(NOTES) / 3

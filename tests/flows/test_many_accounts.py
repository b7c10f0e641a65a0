"""Two Harvest accounts whose projects even have the same ids, into one Upsales account."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date

import pytest

from sandbox.server import SandboxServer
from sandbox.world import World
from tests.flows.run_harness import EVERYTHING, Bench
from tests.reliability.books import audit, keys

TODAY = date(2026, 11, 22)


@pytest.fixture
def pair() -> Iterator[tuple[Bench, Bench]]:
    """Two Harvest accounts; the second one's time goes into the first one's Upsales."""
    with ExitStack() as stack:
        group, studio = World.new(TODAY), World.new(TODAY)
        studio.harvest.account_id = "2048000"
        group.billing.delay_s = 0
        servers = [stack.enter_context(SandboxServer(world, rate_limits=False)) for world in (group, studio)]
        benches = Bench(servers[0]), Bench(servers[1], upsales_of=servers[0])
        for bench in benches:
            stack.callback(bench.close)
        yield benches


def test_their_keys_do_not_collide_and_neither_touches_the_others_orders(pair: tuple[Bench, Bench]) -> None:
    group, studio = pair
    first = group.add_project("Webb", client=group.add_client("Alfa AB"))
    second = studio.add_project("Webb", client=studio.world.harvest.add_client("Alfa AB"))
    assert first == second, "the ids have to be able to collide"
    group.add_time(first, 2)
    studio.add_time(second, 5)

    group.run(EVERYTHING)
    studio.run(EVERYTHING)

    assert sorted(keys(group.world).values()) == [f"1029384:{first}", f"2048000:{second}"]
    values = {
        key: group.world.upsales.orders[order_id]["value"] for order_id, key in keys(group.world).items()
    }
    assert values == {f"1029384:{first}": 2000, f"2048000:{second}": 5000}
    assert group.run(EVERYTHING).writes == []
    assert studio.run(EVERYTHING).writes == []

    mine = next(order_id for order_id, key in keys(group.world).items() if key.startswith("2048000"))
    group.win(mine)
    assert group.run(EVERYTHING).settled == {}, "another account's order"
    assert group.world.harvest.invoices == {}
    assert studio.run(EVERYTHING).settled[mine].invoice_id in studio.world.harvest.invoices
    assert studio.world.upsales.orders == {}
    assert not audit(group.world, settled=False)

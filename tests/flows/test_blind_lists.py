"""Upsales lists none of our orders although there are some: none of them is made a second time."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from harvest_upsales.errors import HarvestUpsalesError, SetupError
from harvest_upsales.flows.blind_lists import KnownOrders
from harvest_upsales.flows.upsert import Upsert
from tests.flows.run_harness import EVERYTHING, Bench
from tests.flows.test_new_opportunities import NONE_LISTED

LISTS, BY_ID = "^/orders$", r"^/orders/\d+$"
NOT_FOUND = '{"error": {"key": "NotFound"}, "metadata": null}'


def projects(bench: Bench, number: int = 3) -> list[int]:
    found = [bench.add_project(f"Nr {each}") for each in range(number)]
    for project in found:
        bench.add_time(project, 2)
    return found


def blind(bench: Bench, *, by_id: bool = False) -> None:
    """All lists of orders come back empty; orders that are asked for by their ids are not found either."""
    faults = bench.world.faults
    faults.add(service="upsales", kind="status", status=200, method="GET", path=LISTS, body=NONE_LISTED)
    if by_id:
        faults.add(service="upsales", kind="status", status=404, method="GET", path=BY_ID, body=NOT_FOUND)


def run_each_batch(bench: Bench, ids: list[int], *, by_hand: bool = False) -> list[HarvestUpsalesError]:
    """Batches of one project each, as Airflow runs them: the failure of one stops none of the others."""
    errors: list[HarvestUpsalesError] = []
    for project in ids:
        services, memory = bench.services(), replace(bench.memory, by_hand=by_hand)
        try:
            list(Upsert(services, [project], memory=memory).run())
        except HarvestUpsalesError as error:
            errors.append(error)
    return errors


def made(bench: Bench) -> Counter[str]:
    """How many orders there are with each key."""
    return Counter(bench.key_of(order) for order in bench.world.upsales.orders.values())


def test_lists_that_turn_blind_let_nothing_be_made(bench: Bench) -> None:
    ids = projects(bench)
    bench.run()
    before = made(bench)
    blind(bench)
    for _ in range(2):
        with pytest.raises(SetupError, match=r"lists none of our orders, but order \d+ is there"):
            bench.run(EVERYTHING)
        assert len(run_each_batch(bench, ids)) == 3
    assert made(bench) == before
    bench.world.faults.clear()
    assert bench.run(EVERYTHING).writes == []


def test_lists_that_turn_blind_between_two_batches_let_nothing_be_made(bench: Bench) -> None:
    ids = projects(bench)
    assert run_each_batch(bench, ids[:1]) == []
    blind(bench)
    assert len(run_each_batch(bench, ids)) == 3
    assert len(made(bench)) == 1


@pytest.mark.parametrize("by_id", [False, True], ids=["shown by id", "shown nowhere"])
def test_a_key_that_was_blind_from_the_beginning_makes_one_order_in_all(bench: Bench, by_id: bool) -> None:
    """Whatever batches, retries and runs come after."""
    ids = projects(bench)
    blind(bench, by_id=by_id)
    for _ in range(3):
        errors = run_each_batch(bench, ids)
        assert len(errors) == 3
        assert all(isinstance(error, SetupError) for error in errors)
        with pytest.raises(SetupError):
            bench.run(EVERYTHING)
    assert sum(made(bench).values()) == 1

    bench.world.faults.clear()
    run = bench.run(EVERYTHING)
    assert run.failures == []
    assert sorted(made(bench).values()) == [1, 1, 1]
    assert bench.memory.read() == KnownOrders(seen=tuple(sorted(bench.world.upsales.orders, reverse=True)))


def test_orders_that_people_deleted_are_made_anew(bench: Bench) -> None:
    ids = projects(bench)
    bench.run()
    for order in [*bench.world.upsales.orders]:
        bench.world.upsales.delete_order(order)
    assert bench.run(EVERYTHING).failures == []
    assert len(made(bench)) == len(ids)


def test_another_account_that_has_orders_with_the_same_ids_is_a_new_one(bench: Bench) -> None:
    ids = projects(bench)
    bench.run()
    for order in bench.world.upsales.orders.values():
        order["custom"] = []
    assert bench.run(EVERYTHING).failures == []
    assert len(bench.world.upsales.orders) == 2 * len(ids)


def test_where_the_only_order_was_shown_nowhere_a_person_decides(bench: Bench) -> None:
    ids = projects(bench)
    blind(bench, by_id=True)
    run_each_batch(bench, ids)
    bench.world.faults.clear()
    (stray,) = bench.world.upsales.orders
    bench.world.upsales.delete_order(stray)

    errors = run_each_batch(bench, ids)
    assert all(f"did not show the last that were created ({stray})" in error.message for error in errors)
    assert len(errors) == 3
    assert run_each_batch(bench, ids, by_hand=True) == []
    assert sorted(made(bench).values()) == [1, 1, 1]
    assert bench.run(EVERYTHING).writes == []
    assert bench.memory.read().hidden == ()


def test_a_key_field_that_is_hidden_makes_one_order_in_all(bench: Bench) -> None:
    """It can be written, but neither lists nor orders show it."""
    ids = projects(bench)

    def hide(answer: dict[str, Any]) -> None:
        for order in answer["data"] if isinstance(answer["data"], list) else [answer["data"]]:
            order["custom"] = []

    for method in ("GET", "POST"):
        bench.world.moments.change("upsales", "^/orders", hide, nth=None, method=method)
    for _ in range(2):
        assert len(run_each_batch(bench, ids)) == 3
    assert len(bench.world.upsales.orders) == 1


def test_a_healthy_account_is_asked_for_no_order_by_its_id(bench: Bench) -> None:
    ids = projects(bench)
    bench.run()
    bench.add_time(bench.add_project("New"), 1)
    run = bench.run()
    assert len(ids) + 1 == len(made(bench))
    assert [
        e["path"] for e in run.requests if e["method"] == "GET" and e["path"].startswith("/orders/")
    ] == []

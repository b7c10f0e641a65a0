"""The billing app: called by saves at 100 %, answers on the order, and makes one customer invoice."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from sandbox.world import World
from tests.sandbox.service_client import Service

Eventually = Callable[[Callable[[], bool]], None]


@pytest.fixture
def order_id(world: World) -> int:
    company = world.upsales.add_company("Kund AB")
    return world.upsales.add_order(company, stage_id=11, rows=[(2, "7.25", "1250.50")])


def status(world: World, order_id: int) -> list[dict[str, Any]]:
    statuses: list[dict[str, Any]] = world.upsales.orders[order_id]["lastIntegrationStatus"]
    return statuses


def test_it_answers_after_a_while(world: World, order_id: int, eventually: Eventually) -> None:
    world.billing.delay_s = 0.05
    world.upsales.move(order_id, 12)
    assert status(world, order_id) == []
    eventually(lambda: status(world, order_id) != [])
    assert (status(world, order_id)[0]["integrationId"], status(world, order_id)[0]["callbackStatus"]) == (
        284,
        1,
    )
    (invoice,) = world.billing.invoices_of(order_id)
    assert world.upsales.custom_value(order_id, "FORTNOX_ID") == invoice["number"]


def test_below_a_hundred_per_cent_it_hears_nothing(world: World, order_id: int) -> None:
    world.billing.delay_s = 0
    world.upsales.edit(order_id, probability=99)
    assert world.billing.calls == []


def test_a_second_save_is_an_update(world: World, order_id: int) -> None:
    world.billing.delay_s = 0
    world.upsales.move(order_id, 12)
    world.upsales.edit(order_id, description="Nytt namn")
    world.upsales.add_row(order_id, 3, 1, 100)
    assert [call["outcome"] for call in world.billing.calls] == ["created", "unchanged", "updated"]
    assert len(world.billing.invoices_of(order_id)) == 1
    assert len(status(world, order_id)) == 1


def test_a_naive_app_invoices_twice_when_called_twice_before_its_answer(
    world: World, order_id: int, eventually: Eventually
) -> None:
    world.billing.naive, world.billing.delay_s = True, 0.05
    world.upsales.move(order_id, 12)
    world.upsales.edit(order_id, notes="Sparad igen")
    eventually(lambda: all(call["outcome"] for call in world.billing.calls))
    assert len(world.billing.invoices_of(order_id)) == 2


def test_a_naive_app_leaves_a_document_number_alone(world: World, order_id: int) -> None:
    world.billing.naive, world.billing.delay_s = True, 0
    world.upsales.move(order_id, 12)
    world.upsales.edit(order_id, notes="Sparad igen")
    assert len(world.billing.invoices_of(order_id)) == 1


def test_a_failure_carries_the_apps_message(world: World, order_id: int) -> None:
    world.billing.delay_s, world.billing.mode = 0, "fail"
    world.upsales.move(order_id, 12)
    assert status(world, order_id)[0]["callbackStatus"] == 3
    assert "customer is missing" in status(world, order_id)[0]["callbackMessage"]
    assert world.upsales.custom_value(order_id, "FORTNOX_ID") is None


def test_one_order_may_fare_differently(world: World, order_id: int) -> None:
    other = world.upsales.add_order(1, stage_id=11)
    world.billing.delay_s, world.billing.order_modes[order_id] = 0, "silent"
    for each in (order_id, other):
        world.upsales.move(each, 12)
    assert (status(world, order_id), len(status(world, other))) == ([], 1)


def test_its_clock_may_lag(world: World, order_id: int) -> None:
    world.billing.delay_s, world.billing.clock_behind = 0, timedelta(hours=1)
    world.upsales.move(order_id, 12)
    saved = datetime.fromisoformat(world.upsales.orders[order_id]["modDate"])
    answered = datetime.fromisoformat(status(world, order_id)[0]["callbackDate"])
    assert timedelta(minutes=59) < saved - answered < timedelta(minutes=61)


@pytest.mark.parametrize(("ignores", "calls"), [(False, 1), (True, 0)])
def test_whether_it_hears_the_api_is_a_switch(
    upsales: Service, world: World, order_id: int, ignores: bool, calls: int
) -> None:
    world.billing.ignores_api_saves = ignores
    sent = {"stage": {"id": 12}, "probability": 100, "notify": False}
    assert upsales.put(f"/orders/{order_id}", sent).status_code == 200
    assert len(world.billing.calls) == calls

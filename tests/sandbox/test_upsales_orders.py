"""Writing orders: what is required, what is kept, and what a PUT does to the rest."""

from decimal import Decimal
from typing import Any

import pytest

from sandbox.jsonio import decode
from sandbox.world import World
from tests.sandbox.service_client import Service


def created(upsales: Service, body: dict[str, Any]) -> dict[str, Any]:
    answer = upsales.post("/orders", body)
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = decode(answer.content)["data"]
    return data


def test_an_order_is_worth_its_rows_exactly(upsales: Service, order_body: dict[str, Any]) -> None:
    order = created(upsales, order_body)
    assert order["value"] == Decimal("9066.125")
    assert (order["probability"], order["closeDate"], order["currency"]) == (90, None, "SEK")
    assert order["regBy"]["email"].endswith("@api.upsales.com")
    assert decode(upsales.get(f"/orders/{order['id']}").content)["data"] == order
    assert decode(upsales.get("/opportunities").content)["data"] == [order]


@pytest.mark.parametrize("name", ["client", "user", "stage", "date", "orderRow"])
def test_a_missing_attribute_is_named(
    upsales: Service, world: World, order_body: dict[str, Any], name: str
) -> None:
    del order_body[name]
    answer = upsales.post("/orders", order_body)
    assert answer.status_code == 400
    assert name in answer.json()["error"]["msg"]
    assert world.upsales.orders == {}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"client": {"id": 999}}, "client.id"), ({"user": {"id": 3}}, "user.id"), ({"stage": {"id": 1}},
        "stage.id"),
        ({"orderRow": [{"product": {"id": 1}}]}, "product.id"), ({"orderRow": [{"quantity": 1}]},
        "product.id"),
        ({"orderRow": [{"product": {"id": 2}, "price": "100"}]}, "price"), ({"currency": "DKK"}, "currency"),
        ({"description": "x" * 131}, "description"), ({"notes": "x" * 65_536}, "notes"),
        ({"custom": [{"fieldId": 99, "value": "x"}]}, "custom.fieldId"), ({"probability": 101},
        "probability"),
        ({"date": "soon"}, "date"), ({"value": 1}, "value"), ({"id": 7}, "id"), ({"regDate": "2026-01-01"},
        "regDate"),
    ],
)  # fmt: skip
def test_a_wrong_attribute_is_named_and_nothing_is_kept(
    upsales: Service, world: World, order_body: dict[str, Any], changes: dict[str, Any], named: str
) -> None:
    answer = upsales.post("/orders", order_body | changes)
    assert answer.status_code == 400
    assert named in answer.json()["error"]["msg"]
    assert world.upsales.orders == {}


def test_read_only_attributes_are_violations(
    upsales: Service, world: World, order_body: dict[str, Any]
) -> None:
    order = created(upsales, order_body)
    assert upsales.put(f"/orders/{order['id']}", {"modDate": order["modDate"]}).status_code == 400
    assert "modDate" in world.journal.violations[0]["detail"]


def test_inactive_companies_get_no_orders(upsales: Service, world: World, order_body: dict[str, Any]) -> None:
    order_body["client"]["id"] = world.upsales.add_company("Nedlagd AB", active=False)
    assert upsales.post("/orders", order_body).status_code == 400


def test_strings_are_trimmed_and_prices_keep_two_decimals(
    upsales: Service, world: World, order_body: dict[str, Any]
) -> None:
    order_body |= {
        "description": "  Webb \n",
        "orderRow": [{"product": {"id": 2}, "quantity": 3, "price": 10.005}],
    }
    order = created(upsales, order_body)
    assert (order["description"], order["value"]) == ("Webb", Decimal("30.03"))
    world.upsales.price_decimals = 3
    assert created(upsales, order_body)["value"] == Decimal("30.015")


@pytest.mark.parametrize(("sent", "notified"), [({"notify": False}, 0), ({"notify": True}, 1), ({}, 1)])
def test_people_are_notified_unless_told_not_to(
    upsales: Service, world: World, order_body: dict[str, Any], sent: dict[str, bool], notified: int
) -> None:
    del order_body["notify"]
    order = created(upsales, order_body | sent)
    assert len(world.upsales.notifications) == notified
    assert "notify" not in order


def test_rows_sent_replace_all_rows_and_get_new_ids(
    upsales: Service, world: World, order_body: dict[str, Any]
) -> None:
    order = created(upsales, order_body)
    row = order["orderRow"][0]
    kept = {"id": row["id"], "product": {"id": 2}, "quantity": 1, "price": 9000}
    other = {"product": {"id": 3}, "quantity": 2, "price": 2000}
    after = upsales.put(f"/orders/{order['id']}", {"orderRow": [kept, other], "notify": False}).json()["data"]
    assert after["value"] == 13000
    assert row["id"] not in [each["id"] for each in after["orderRow"]]


def test_fields_not_sent_stay(upsales: Service, world: World, order_body: dict[str, Any]) -> None:
    order = created(upsales, order_body | {"description": "Webb", "notes": "Ring!"})
    after = decode(upsales.put(f"/orders/{order['id']}", {"notes": "Ringt", "notify": False}).content)["data"]
    assert (after["description"], after["notes"], after["value"]) == ("Webb", "Ringt", order["value"])


def test_where_a_put_replaces_the_whole_peoples_work_is_lost(
    upsales: Service, world: World, order_body: dict[str, Any]
) -> None:
    order = created(upsales, order_body | {"description": "Webb", "notes": "Ring!", "probability": 75})
    world.upsales.put_replaces_whole = True
    after = upsales.put(f"/orders/{order['id']}", {"date": "2026-12-01", "notify": False}).json()["data"]
    assert (after["description"], after["notes"], after["orderRow"], after["value"]) == ("", None, [], 0)
    assert after["probability"] == 90


@pytest.mark.parametrize(("replaces", "left"), [(True, {"6"}), (False, {"5", "6"})])
def test_custom_values_sent_replace_or_merge(
    upsales: Service, world: World, order_body: dict[str, Any], replaces: bool, left: set[str]
) -> None:
    world.upsales.custom_put_replaces = replaces
    order = created(upsales, order_body | {"custom": [{"fieldId": 5, "value": "5"}]})
    sent = {"custom": [{"fieldId": 6, "value": " 6 "}], "notify": False}
    after = upsales.put(f"/orders/{order['id']}", sent).json()["data"]
    assert {item["value"] for item in after["custom"]} == left


def test_an_empty_custom_value_takes_the_value_away(
    upsales: Service, world: World, order_body: dict[str, Any]
) -> None:
    order = created(upsales, order_body | {"custom": [{"fieldId": 5, "value": "5"}]})
    sent = {"custom": [{"fieldId": 5, "value": ""}], "notify": False}
    assert upsales.put(f"/orders/{order['id']}", sent).json()["data"]["custom"] == []


def test_obligatory_fields_are_enforced_when_switched_on(
    upsales: Service, world: World, order_body: dict[str, Any]
) -> None:
    field = world.upsales.add_order_field("Kostnadsställe", obligatoryField=1)
    assert upsales.post("/orders", order_body).status_code == 200
    world.upsales.enforce_obligatory = True
    assert upsales.post("/orders", order_body).status_code == 400
    order_body["custom"] = [{"fieldId": field, "value": "100"}]
    assert upsales.post("/orders", order_body).status_code == 200


def test_the_close_date_is_set_at_the_ends_and_cleared_between(
    upsales: Service, world: World, order_body: dict[str, Any]
) -> None:
    world.billing.connected = False
    order_id = created(upsales, order_body)["id"]
    for stage_id, closed in ((12, "2026-11-22"), (10, None), (7, "2026-11-22")):
        world.upsales.move(order_id, stage_id)
        order = upsales.get(f"/orders/{order_id}").json()["data"]
        assert (order["closeDate"], order["stage"]["id"]) == (closed, stage_id)


def test_a_foreign_order_carries_its_rate(upsales: Service, order_body: dict[str, Any]) -> None:
    order = created(upsales, order_body | {"currency": "EUR", "currencyRate": 0.1})
    assert (order["value"], order["currencyRate"]) == (Decimal("9066.125"), Decimal("0.1"))
    assert order["valueInMasterCurrency"] == Decimal("90661.25")


def test_a_locked_order_is_not_changed(upsales: Service, world: World, order_body: dict[str, Any]) -> None:
    order_id = created(upsales, order_body)["id"]
    world.upsales.edit(order_id, locked=1)
    assert upsales.put(f"/orders/{order_id}", {"notes": "x"}).status_code == 400


def test_orders_are_deleted(upsales: Service, world: World, order_body: dict[str, Any]) -> None:
    order_id = created(upsales, order_body)["id"]
    assert upsales.delete(f"/orders/{order_id}").json() == {"error": None}
    assert world.upsales.orders == {}

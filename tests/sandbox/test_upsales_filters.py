"""Upsales' list parameters, beside what plain Python finds."""

import operator
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.server import SandboxServer
from sandbox.world import World
from tests.sandbox.service_client import TODAY, UPSALES_HEADERS, Service

STAGES = {25: 9, 50: 10, 90: 11, 100: 12, 0: 7}
OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq, "ne": operator.ne, "gt": operator.gt, "gte": operator.ge, "lt": operator.lt,
    "lte": operator.le,
}  # fmt: skip


def ids(answer: Any) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [record["id"] for record in answer.json()["data"]]


def orders(world: World, count: int, **kw: Any) -> list[int]:
    company = world.upsales.add_company("Kund")
    return [world.upsales.add_order(company, stage_id=11, rows=[(2, 1, 100)], **kw) for _ in range(count)]


def test_lists_are_in_id_order_only_when_asked(upsales: Service, world: World) -> None:
    made = orders(world, 30)
    assert ids(upsales.get("/orders")) != made
    assert sorted(ids(upsales.get("/orders"))) == made
    assert ids(upsales.get("/orders", sort="id")) == made
    assert ids(upsales.get("/orders", sort="-id")) == made[::-1]


def test_limit_offset_and_total(upsales: Service, world: World) -> None:
    made = orders(world, 7)
    answer = upsales.get("/orders", sort="id", limit=3, offset=5)
    assert ids(answer) == made[5:]
    assert answer.json()["metadata"] == {"total": 7, "limit": 3, "offset": 5}
    assert upsales.get("/orders").json()["metadata"]["limit"] == 1000
    assert upsales.get("/orders", limit=2001).status_code == 400
    assert upsales.get("/orders", limit="all").status_code == 400


def test_walking_by_id_finds_every_order_once(upsales: Service, world: World) -> None:
    made, seen, last = orders(world, 11), [], 0
    while page := ids(upsales.get("/orders", sort="id", limit=4, id=f"gt:{last}")):
        seen += page
        last = page[-1]
    assert seen == made


@settings(max_examples=25, deadline=None)
@given(
    probabilities=st.lists(st.sampled_from(sorted(STAGES)), min_size=1, max_size=8),
    name=st.sampled_from(sorted(OPERATORS)), wanted=st.integers(0, 100),
    upper=st.integers(0, 100),
)  # fmt: skip
def test_operators_agree_with_plain_python(
    probabilities: list[int], name: str, wanted: int, upper: int
) -> None:
    world = World.new(TODAY)
    world.billing.connected = False
    company = world.upsales.add_company("Kund")
    made = {world.upsales.add_order(company, stage_id=STAGES[p]): p for p in probabilities}
    expected = {i for i, p in made.items() if OPERATORS[name](p, wanted) and p <= upper}
    with SandboxServer(world) as server:
        upsales = Service(server.upsales_url, UPSALES_HEADERS)
        found = ids(upsales.get("/orders", probability=[f"{name}:{wanted}", f"lte:{upper}"]))
    assert set(found) == expected


def test_a_comma_means_any_of_them_and_with_ne_none_of_them(upsales: Service, world: World) -> None:
    made = orders(world, 4)
    assert set(ids(upsales.get("/orders", id=f"{made[0]},{made[2]}"))) == {made[0], made[2]}
    assert set(ids(upsales.get("/orders", id=f"ne:{made[0]},{made[2]}"))) == {made[1], made[3]}


def test_related_records_and_texts(upsales: Service, world: World) -> None:
    (made,) = orders(world, 1, description="Webb: fas 2")
    for params in (
        {"client.id": world.upsales.orders[made]["client"]["id"]}, {"stage.id": 11}, {"user.id": 1},
        {"product.id": 2}, {"description": "Webb: fas 2"}, {"description": "src:FAS"},
        {"modDate": "gte:2026-11-22"}, {"date": "2026-11-22"},
    ):  # fmt: skip
        assert ids(upsales.get("/orders", **params)) == [made], params
    assert ids(upsales.get("/orders", **{"user.id": 2})) == []


def test_custom_values_may_hold_colons(upsales: Service, world: World) -> None:
    field = world.upsales.add_order_field("Harvest", "HARVEST_KEY")
    first, second, bare = orders(world, 3)
    world.upsales.set_custom(first, "HARVEST_KEY", "1029384:1:2026-10")
    world.upsales.set_custom(second, "HARVEST_KEY", "1029384:2")
    assert ids(upsales.get("/orders", custom=f"eq:{field}:1029384:1:2026-10")) == [first]
    both = upsales.get("/orders", custom=f"eq:{field}:1029384:1:2026-10,1029384:2", sort="id")
    assert ids(both) == [first, second]
    assert ids(upsales.get("/orders", custom=f"ne:{field}:1029384:2")) == [first]
    world.upsales.custom_ne_matches_missing = True
    assert ids(upsales.get("/orders", custom=f"ne:{field}:1029384:2", sort="id")) == [first, bare]


@pytest.mark.parametrize("params", [{"harvestKey": "1"}, {"client.colour": "1"}, {"sort": "-colour"}])
def test_an_unknown_attribute_is_named(upsales: Service, world: World, params: dict[str, str]) -> None:
    error = upsales.get("/orders", **params).json()["error"]
    assert (error["key"], error["errorCode"]) == ("FailedValidation", 26)
    assert error["msg"].startswith("No such attribute: ")
    assert len(world.journal.violations) == 1


@pytest.mark.parametrize("custom", ["5:value", "eq:5", "eq:999:value", "like:5:value"])
def test_a_malformed_custom_filter_is_refused(upsales: Service, custom: str) -> None:
    assert upsales.get("/orders", custom=custom).status_code == 400

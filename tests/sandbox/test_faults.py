"""Each kind of fault, as a client meets it, and what has happened behind it."""

import time
from typing import Any

import pytest
import requests

from sandbox.journal import Moment
from sandbox.world import World
from tests.sandbox.service_client import Service


def post(upsales: Service, body: dict[str, Any]) -> requests.Response:
    return upsales.post("/orders", body)


def test_a_status_is_answered_and_nothing_is_done(
    upsales: Service, world: World, order_body: dict[str, Any]
) -> None:
    world.faults.add(
        kind="status", method="POST", path="^/orders$", status=503, headers={"X-Why": "maintenance"}
    )
    answer = post(upsales, order_body)
    assert (answer.status_code, answer.headers["X-Why"]) == (503, "maintenance")
    assert world.upsales.orders == {}


def test_a_status_may_hide_that_it_was_done(
    upsales: Service, world: World, order_body: dict[str, Any]
) -> None:
    world.faults.add(kind="status", status=502, processed=True)
    assert post(upsales, order_body).status_code == 502
    assert len(world.upsales.orders) == 1
    assert world.journal.entries[-1]["took_effect"]


@pytest.mark.parametrize(("kind", "made"), [("cut_before", 0), ("cut_after", 1)])
def test_the_connection_is_cut(
    upsales: Service, world: World, order_body: dict[str, Any], kind: str, made: int
) -> None:
    world.faults.add(kind=kind, nth=1)
    with pytest.raises(requests.ConnectionError):
        post(upsales, order_body)
    assert len(world.upsales.orders) == made
    entry = world.journal.entries[-1]
    assert (entry["status"], entry["took_effect"], entry["fault"]) == (None, bool(made), kind)
    assert upsales.get("/orders").status_code == 200


def test_a_cut_answer_breaks_off_in_the_middle(
    upsales: Service, world: World, order_body: dict[str, Any]
) -> None:
    world.faults.add(kind="truncate")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        post(upsales, order_body)
    assert len(world.upsales.orders) == 1


def test_a_cut_answer_may_look_complete(upsales: Service, world: World, order_body: dict[str, Any]) -> None:
    world.faults.add(kind="truncate", short=True)
    answer = post(upsales, order_body)
    assert answer.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def test_answers_that_are_not_what_they_seem(upsales: Service, world: World) -> None:
    for kind in ("html200", "wrong_content_type", "empty_envelope"):
        world.faults.add(kind=kind, times=1)
        answer = upsales.get("/users")
        world.faults.clear()
        assert answer.status_code == 200
        assert ("text/html" in answer.headers["Content-Type"]) == (kind != "empty_envelope")
        assert (answer.text == "{}") == (kind == "empty_envelope")


def test_a_delay_is_only_late(harvest: Service, world: World) -> None:
    world.faults.add(kind="delay", service="harvest", delay_s=0.2)
    begun = time.monotonic()
    assert harvest.get("/users/me").status_code == 200
    assert time.monotonic() - begun >= 0.2


@pytest.mark.parametrize(("kind", "made"), [("cut_before", 0), ("cut_after", 1)])
def test_the_connection_is_reset(
    upsales: Service, world: World, order_body: dict[str, Any], kind: str, made: int
) -> None:
    world.faults.add(kind=kind, reset=True)
    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        post(upsales, order_body)
    assert len(world.upsales.orders) == made


def test_a_stalled_answer_is_late_and_the_deed_is_not(
    upsales: Service, world: World, order_body: dict[str, Any]
) -> None:
    world.faults.add(kind="stall", answer_s=0.3)
    with pytest.raises(requests.Timeout):
        upsales.call("POST", "/orders", json=order_body, timeout=0.1)
    assert len(world.upsales.orders) == 1


def test_a_late_request_is_carried_out_when_it_is_told(
    upsales: Service, world: World, order_body: dict[str, Any]
) -> None:
    world.faults.add(kind="late", times=1)
    with pytest.raises(requests.Timeout):
        upsales.call("POST", "/orders", json=order_body, timeout=0.1)
    assert world.upsales.orders == {}
    assert world.faults.carry_out_late() == 1
    assert len(world.upsales.orders) == 1
    assert world.journal.entries[-1]["took_effect"]
    assert world.faults.carry_out_late() == 0


def test_an_answer_dribbles(upsales: Service, world: World) -> None:
    world.faults.add(kind="dribble", answer_s=0.2)
    begun = time.monotonic()
    assert upsales.call("GET", "/users", timeout=0.1).json()["data"]
    assert time.monotonic() - begun >= 0.2


def test_rules_choose_their_calls(harvest: Service, upsales: Service, world: World) -> None:
    world.faults.add(kind="status", service="upsales", path="^/users", every=2)
    world.faults.add(kind="status", service="harvest", method="GET", nth=2, status=500)
    assert [upsales.get("/users").status_code for _ in range(4)] == [200, 500, 200, 500]
    assert [harvest.get("/users/me").status_code for _ in range(3)] == [200, 500, 200]
    assert upsales.get("/products").status_code == 200


def test_an_answer_may_come_without_its_envelope(harvest: Service, upsales: Service, world: World) -> None:
    users, me = upsales.get("/users").json()["data"], harvest.get("/users/me").json()
    world.faults.add(kind="bare")
    assert upsales.get("/users").json() == users
    assert harvest.get("/users/me").json() == [me]
    assert harvest.get("/projects").json() == []


@pytest.mark.parametrize(
    ("gone_at", "told", "made", "answered"),
    [
        (Moment.ARRIVED, [Moment.ARRIVED], 0, False),
        (Moment.DONE, [Moment.ARRIVED, Moment.DONE], 1, False),
        (Moment.ANSWERED, list(Moment), 1, True),
    ],
)
def test_a_client_that_is_gone_gets_no_further(
    upsales: Service,
    world: World,
    order_body: dict[str, Any],
    gone_at: Moment,
    told: list[Moment],
    made: int,
    answered: bool,
) -> None:
    moments: list[Moment] = []

    def watch(moment: Moment, entry: dict[str, Any], port: int) -> bool:
        assert (entry["method"], entry["path"]) == ("POST", "/orders")
        assert port > 0
        moments.append(moment)
        return moment is gone_at

    world.watcher = watch
    if answered:
        assert post(upsales, order_body).status_code == 200
    else:
        with pytest.raises(requests.ConnectionError):
            post(upsales, order_body)
    upsales.get("/orders")
    assert moments == told
    assert len(world.upsales.orders) == made

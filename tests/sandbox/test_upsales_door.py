"""Upsales' envelopes, credentials and limits."""

import pytest
import requests

from sandbox.credentials import UPSALES_TOKEN
from sandbox.limits import FixedWindows
from sandbox.world import World
from tests.sandbox.service_client import UPSALES_HEADERS, Service


def test_the_token_goes_in_the_cookie_or_in_the_query(upsales: Service, world: World) -> None:
    assert upsales.get("/self").json()["errors"] is None
    assert upsales.call("GET", "/users", headers={}, params={"token": UPSALES_TOKEN}).status_code == 200
    assert UPSALES_TOKEN not in str(world.journal.entries)


@pytest.mark.parametrize(
    "headers", [{}, {"Cookie": "token=wrong"}, {"Authorization": f"Bearer {UPSALES_TOKEN}"}]
)
def test_without_the_token_the_answer_is_plain_text(upsales: Service, headers: dict[str, str]) -> None:
    answer = upsales.call("GET", "/self", headers=headers)
    assert (answer.status_code, answer.text) == (401, "Unauthorized")
    assert answer.headers["Content-Type"].startswith("text/plain")


def test_paths_are_the_same_in_any_case(upsales: Service) -> None:
    assert upsales.get("/orderStages").json() == upsales.get("/orderstages/").json()
    assert upsales.get("/customFields/Order").status_code == 200


def test_an_unknown_route_is_an_html_page(upsales: Service, world: World) -> None:
    answer = upsales.get("/invoices")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "unknown route" in world.journal.violations[0]["detail"]


def test_an_unknown_record_is_a_json_error(upsales: Service) -> None:
    answer = upsales.get("/orders/999")
    assert answer.status_code == 404
    assert answer.json()["error"]["key"] == "NotFound"


def test_currencies_come_without_metadata(upsales: Service) -> None:
    answer = upsales.get("/currencies")
    assert "metadata" not in answer.json()
    assert '"rate":0.091776799' in answer.text


def test_rate_headers_are_missing_now_and_then_and_the_reset_may_be_negative(upsales: Service) -> None:
    with requests.Session() as session:
        answers = [session.get(f"{upsales.url}/self", headers=UPSALES_HEADERS, timeout=5) for _ in range(201)]
    with_headers = [answer for answer in answers if "X-RateLimit-Limit" in answer.headers]
    assert len(with_headers) == 134
    assert any(int(answer.headers["X-RateLimit-Reset"]) < 0 for answer in with_headers)
    last = answers[-1]
    assert last.status_code == 429
    assert (last.json()["error"]["key"], last.json()["error"]["errorCode"]) == ("ThrottleLimit", 4)
    assert "Retry-After" not in last.headers


def test_the_old_harvest_app_is_there_but_not_active(upsales: Service) -> None:
    apps = {app["id"]: app for app in upsales.get("/standardIntegration").json()["data"]}
    assert (apps[19]["active"], apps[284]["active"]) == (False, True)
    assert upsales.get("/standardIntegrationSettings/284").json()["data"]["active"] is True


def test_companies_and_contacts_are_created(upsales: Service, world: World) -> None:
    company = upsales.post("/accounts", {"name": "  Ny Kund AB "}).json()["data"]
    assert (company["name"], company["active"]) == ("Ny Kund AB", 1)
    contact = upsales.post(
        "/contacts", {"name": "Åsa Ek", "email": "a@b.example", "client": {"id": company["id"]}}
    )
    assert contact.json()["data"]["client"]["id"] == company["id"]
    found = upsales.get("/contacts", email="a@b.example").json()["data"]
    assert [each["name"] for each in found] == ["Åsa Ek"]
    assert upsales.put(f"/accounts/{company['id']}", {"email": "x"}).status_code == 400
    assert upsales.post("/accounts", {"name": "x" * 101}).status_code == 400
    assert len(world.journal.violations) == 1


def test_order_fields_are_created_changed_and_deleted(upsales: Service, world: World) -> None:
    body = {"name": "Harvest", "datatype": "String", "alias": "HARVEST_KEY"}
    field = upsales.post("/customfields/order", body).json()["data"]
    assert (field["alias"], field["visible"], field["maxLength"]) == ("HARVEST_KEY", 1, 65535)
    assert field["id"] > 1
    assert upsales.post("/customfields/order", body).status_code == 400
    assert upsales.put(f"/customfields/order/{field['id']}", {"name": "Harvest"}).status_code == 400
    renamed = upsales.put(f"/customfields/order/{field['id']}", {**body, "name": "Harvest key"}).json()[
        "data"
    ]
    assert renamed["name"] == "Harvest key"
    assert upsales.delete(f"/customfields/order/{field['id']}").json() == {"error": None}
    assert world.upsales.field_id("HARVEST_KEY") is None


def test_writes_have_windows_of_their_own_beside_those_of_every_call() -> None:
    seconds = 0.0
    windows = FixedWindows(lambda: seconds)
    for _ in range(10):
        assert all(windows.take(is_write=True) for _ in range(200))
        assert not windows.take(is_write=False)
        seconds += 10
    # 2,000 writes are sent by now, in less than ten minutes.
    assert not windows.take(is_write=True)
    assert windows.take(is_write=False)
    assert windows.tightest(is_write=True).limit == 2_000
    seconds = 600.0
    assert windows.take(is_write=True)

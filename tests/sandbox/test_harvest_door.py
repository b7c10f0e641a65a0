"""Harvest lets in only who identifies itself, and nothing unknown."""

import pytest
import requests

from sandbox.world import World
from tests.sandbox.service_client import HARVEST_HEADERS, Service


def without(name: str) -> dict[str, str | None]:
    return {**HARVEST_HEADERS, name: None}  # None keeps requests from sending its own


@pytest.mark.parametrize("agent", ["python-requests/2.32", ""])
def test_a_user_agent_without_contact_is_a_bad_request(harvest: Service, agent: str) -> None:
    answer = harvest.call("GET", "/company", headers={**HARVEST_HEADERS, "User-Agent": agent})
    assert answer.status_code == 400


@pytest.mark.parametrize("name", ["Authorization", "Harvest-Account-Id"])
def test_missing_credentials_are_an_invalid_token(harvest: Service, name: str) -> None:
    answer = harvest.call("GET", "/company", headers=without(name))
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_token"


def test_another_account_is_refused(harvest: Service) -> None:
    answer = harvest.call("GET", "/company", headers={**HARVEST_HEADERS, "Harvest-Account-Id": "1"})
    assert answer.status_code == 401


def test_an_unknown_query_parameter_is_refused_and_remembered(harvest: Service, world: World) -> None:
    assert harvest.get("/projects", active="true").status_code == 422
    assert "active" in world.journal.violations[0]["detail"]


def test_an_unknown_field_is_refused_and_remembered(harvest: Service, world: World, project_id: int) -> None:
    assert harvest.patch(f"/projects/{project_id}", {"archived": True}).status_code == 422
    assert "archived" in world.journal.violations[0]["detail"]
    assert world.harvest.projects[project_id]["is_active"]


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/invoice"), ("POST", "/company"), ("GET", "/projects/")]
)
def test_an_unknown_route_is_not_found(harvest: Service, world: World, method: str, path: str) -> None:
    answer = harvest.call(method, path)
    assert answer.status_code == 404
    assert answer.json()["error"] == "Not Found"
    assert "unknown route" in world.journal.violations[0]["detail"]


def test_an_unknown_id_is_not_found_and_no_violation(harvest: Service, world: World) -> None:
    assert harvest.get("/projects/1").status_code == 404
    assert world.journal.violations == []


def test_the_company_is_for_administrators_only(harvest: Service, world: World) -> None:
    assert harvest.get("/company").json()["invoice_feature"] is True
    world.harvest.me["access_roles"] = ["manager"]
    assert harvest.get("/company").status_code == 403
    assert harvest.get("/users/me").json()["access_roles"] == ["manager"]


def test_rates_are_hidden_from_who_may_not_see_them(harvest: Service, world: World, project_id: int) -> None:
    world.harvest.add_time(project_id, "2026-11-20", 1)
    assert harvest.get("/time_entries").json()["time_entries"][0]["billable_rate"] == 1250.5
    world.harvest.hide_rates = True
    assert harvest.get("/time_entries").json()["time_entries"][0]["billable_rate"] is None


def test_the_hundred_and_first_call_within_fifteen_seconds_must_wait(
    harvest: Service, control: Service
) -> None:
    with requests.Session() as session:
        answers = [
            session.get(f"{harvest.url}/users/me", headers=HARVEST_HEADERS, timeout=5) for _ in range(101)
        ]
    assert [answer.status_code for answer in answers] == [200] * 100 + [429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 15
    control.post("/reset_rate_limits", {})
    assert harvest.get("/users/me").status_code == 200

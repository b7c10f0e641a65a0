"""The settings: what is saved is what a run accepts, and a plan tries them without saving."""

from collections.abc import Iterator
from typing import Any

import pytest

from localrun.sandbox_link import DEMO_SETTINGS
from sandbox.credentials import UPSALES_TOKEN
from sandbox.minimal import PRODUCT_INACTIVE, STAGE_WON, USER_INACTIVE
from tests.web.conftest import DAG, OTHER, Person, Site, save_settings

pytestmark = pytest.mark.scheduler


@pytest.fixture(autouse=True)
def saved_settings(site: Site) -> Iterator[None]:
    save_settings(site, DEMO_SETTINGS)
    yield
    save_settings(site, DEMO_SETTINGS)


def stored(admin: Person) -> dict[str, Any]:
    values: dict[str, Any] = admin.get("/api/settings").json()["values"]
    return values


def test_saved_settings_are_shown_with_their_form(admin: Person) -> None:
    told = admin.get("/api/settings").json()

    assert told["values"] == DEMO_SETTINGS
    assert (told["variable"], told["can_edit"], told["problem"]) == ("harvest_upsales_settings", True, None)


def test_choices_are_upsales_own(site: Site, admin: Person) -> None:
    upsales = site.world().upsales
    told = admin.get("/api/choices").json()

    assert told["problem"] is None
    assert {each["id"]: (each["name"], each["active"]) for each in told["users"]} == {
        user["id"]: (user["name"], bool(user["active"])) for user in upsales.users.values()
    }
    assert [each["id"] for each in told["stages"]] == [
        stage["id"] for stage in sorted(upsales.stages.values(), key=lambda s: (s["probability"], s["id"]))
    ]
    assert {each["id"] for each in told["products"]} == set(upsales.products)
    assert not {"HARVEST_KEY", "HARVEST_INVOICE"} & {each["id"] for each in told["order_fields"]}
    assert {"id": "FORTNOX_ID", "alias": "FORTNOX_ID", "name": "Fakturanummer"} in told["order_fields"]
    assert DEMO_SETTINGS["billing_integration_id"] in {each["id"] for each in told["billing_apps"]}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("default_user_id", USER_INACTIVE),
        ("default_user_id", 999),
        ("default_stage_id", STAGE_WON),
        ("default_product_id", PRODUCT_INACTIVE),
        ("billing_integration_id", 7777),
        ("billing_reference_field", "NO_SUCH_FIELD"),
        ("company_map", {"7": 424242}),
        ("batch_size", 0),
        ("late_time", "perhaps"),
    ],
)
def test_what_a_run_would_refuse_is_told_at_its_field_and_not_saved(
    admin: Person, key: str, value: Any
) -> None:
    values = {**DEMO_SETTINGS, key: value}

    verdict = admin.send("POST", "/api/settings/check", {"values": values}).json()
    refused = admin.send("PUT", "/api/settings", {"values": values})

    assert verdict["ok"] is False
    assert [error["key"] for error in verdict["errors"]] == [key]
    assert refused.status_code == 422
    assert refused.json()["detail"]["errors"] == verdict["errors"]
    assert stored(admin) == DEMO_SETTINGS


def test_saving_writes_the_variable_and_says_so_in_the_audit_log(site: Site, admin: Person) -> None:
    values = {**DEMO_SETTINGS, "batch_size": 50, "company_map": {}}

    verdict = admin.send("PUT", "/api/settings", {"values": values}).json()

    assert (verdict["ok"], verdict["errors"]) == (True, [])
    assert stored(admin) == values
    found = site.airflow("GET", "/eventLogs?event=harvest_upsales.settings&order_by=-when&limit=1").json()
    [event] = found["event_logs"]
    assert (event["owner"], event["dag_id"]) == ("admin", DAG)
    assert "batch_size" in event["extra"]


def test_settings_kept_elsewhere_are_shown_and_not_written(admin: Person) -> None:
    told = admin.get("/api/settings", dag_id=OTHER).json()

    assert told["values"] == DEMO_SETTINGS
    assert told["can_edit"] is False
    assert "AIRFLOW_VAR_HARVEST_UPSALES_SETTINGS_OTHER" in told["problem"]
    assert admin.send("PUT", "/api/settings", {"values": DEMO_SETTINGS}, dag_id=OTHER).status_code == 409


def test_settings_that_no_run_accepts_are_shown_with_the_problem(site: Site, admin: Person) -> None:
    save_settings(site, {"default_user_id": 2, "batchsize": 3})

    told = admin.get("/api/settings").json()

    assert (told["values"], told["unknown_keys"]) == ({"default_user_id": 2}, ["batchsize"])
    assert "batchsize" in told["problem"]
    saved = {"values": DEMO_SETTINGS, "digest": told["digest"]}
    verdict = admin.send("PUT", "/api/settings", saved).json()
    after = admin.get("/api/settings").json()
    assert (verdict["ok"], after["unknown_keys"], after["problem"]) == (True, [], None)
    assert after["digest"] == verdict["digest"]


def test_a_save_or_plan_on_top_of_somebody_elses_change_is_refused(site: Site, admin: Person) -> None:
    read = admin.get("/api/settings").json()
    theirs = {**DEMO_SETTINGS, "batch_size": 7}
    save_settings(site, theirs)

    body = {"values": read["values"], "digest": read["digest"]}
    for method, path in (("PUT", "/api/settings"), ("POST", "/api/settings/plan")):
        refused = admin.send(method, path, body)
        assert (refused.status_code, "Load them again" in refused.json()["detail"]) == (409, True)
    assert stored(admin) == theirs


def test_half_a_character_is_not_understood(admin: Person) -> None:
    values = {**DEMO_SETTINGS, "billing_reference_field": "\ud800"}

    assert admin.send("POST", "/api/settings/check", {"values": values}).status_code == 422


@pytest.mark.parametrize("body", [{}, {"values": []}, {"values": "x"}, [], "x"])
def test_a_body_of_another_shape_is_refused_without_an_echo(admin: Person, body: object) -> None:
    answer = admin.send("POST", "/api/settings/check", body)

    assert answer.status_code == 422
    assert isinstance(answer.json()["detail"], str)


def test_a_plan_tries_settings_without_saving_them(site: Site, admin: Person) -> None:
    wrong = {**DEMO_SETTINGS, "default_stage_id": STAGE_WON}

    started = admin.send("POST", "/api/settings/plan", {"values": wrong}).json()
    site.ended(started["run_id"])
    plan = admin.get("/api/plan", run_id=started["run_id"]).json()

    assert plan["state"] == "failed"
    assert ["default_stage_id" in failure["reason"] for failure in plan["failures"]] == [True]
    assert stored(admin) == DEMO_SETTINGS


def test_a_run_that_writes_takes_no_settings(site: Site, admin: Person) -> None:
    body = {"logical_date": None, "conf": {"dry_run": False, "settings": DEMO_SETTINGS}}
    run_id = site.airflow("POST", f"/dags/{DAG}/dagRuns", body).json()["dag_run_id"]

    assert site.ended(run_id) == "failed"
    [failure] = admin.get("/api/plan", run_id=run_id).json()["failures"]
    assert "dry run only" in failure["reason"]


def set_slots(site: Site, slots: int) -> None:
    pool = {"pool": "upsales_writes", "slots": slots, "include_deferred": False}
    site.airflow("PATCH", "/pools/upsales_writes", pool)


def test_checks_say_what_is_missing_and_what_to_do(site: Site, admin: Person) -> None:
    upsales = site.world().upsales
    lines = {line["name"]: line for line in admin.get("/api/checks").json()}
    assert {line["state"] for line in lines.values()} <= {"green", "grey"}

    set_slots(site, 3)
    site.airflow("PATCH", f"/dags/{DAG}", {"is_paused": True})
    site.world().harvest.company["invoice_feature"] = False
    save_settings(site, {**DEMO_SETTINGS, "default_user_id": USER_INACTIVE})
    try:
        lines = {line["name"]: line for line in admin.get("/api/checks").json()}
        refused = admin.send("POST", "/api/runs", {"dry_run": True})
    finally:
        set_slots(site, 1)
        site.airflow("PATCH", f"/dags/{DAG}", {"is_paused": False})
        site.world().harvest.company["invoice_feature"] = True

    red = {name for name, line in lines.items() if line["state"] == "red"}
    assert red == {"Pool", "Invoicing in Harvest", "Ids in the settings"}
    assert all(lines[name]["to_do"] for name in red)
    assert lines["DAG"]["state"] == "grey"
    assert "once the plan looks right" in lines["DAG"]["text"]
    assert refused.status_code == 409
    assert "airflow dags test harvest_upsales" in refused.json()["detail"]
    assert upsales.orders == {}


@pytest.mark.parametrize("status", [401, 503])
def test_a_service_that_can_not_be_asked_is_told_soon_and_without_a_secret(
    site: Site, admin: Person, status: int
) -> None:
    faults = site.world().faults
    faults.add(kind="status", service="upsales", status=status, body="who are you?")
    try:
        lines = admin.get("/api/checks")
        choices = admin.get("/api/choices")
    finally:
        faults.clear()

    states = {line["name"]: line["state"] for line in lines.json()}
    assert states["Upsales connection"] == "red"
    assert states["Harvest connection"] == "green"
    assert states["Upsales rights"] == states["Billing app"] == "grey"
    assert choices.json()["users"] == []
    assert choices.json()["problem"]
    assert choices.elapsed.total_seconds() < 10
    for secret in (UPSALES_TOKEN, "who are you?"):
        assert secret not in lines.text + choices.text


@pytest.mark.parametrize(("status", "to_do"), [(401, "Correct the connection"), (403, "has all rights")])
def test_a_refused_key_is_told_from_a_missing_right(
    site: Site, admin: Person, status: int, to_do: str
) -> None:
    faults = site.world().faults
    faults.add(kind="status", service="upsales", status=status, path="^/customfields")
    try:
        lines = {line["name"]: line for line in admin.get("/api/checks").json()}
    finally:
        faults.clear()

    assert lines["Order fields"]["state"] == "red"
    assert to_do in lines["Order fields"]["to_do"]

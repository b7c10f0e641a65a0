"""The board after real runs: its figures are those of the services' own records."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from localrun.sandbox_link import DEMO_SETTINGS
from sandbox.credentials import HARVEST_TOKEN, UPSALES_TOKEN
from sandbox.minimal import STAGE_LOST, STAGE_WON
from sandbox.world import World
from tests.web.conftest import OTHER, Person, Site, save_settings

pytestmark = pytest.mark.scheduler
TODAY = dt.datetime.now(dt.UTC).date()
MARKUP = '<img src=x onerror="alert(1)">'
RATE = "1250.50"


def add_project(world: World, client: str, *, known: bool = True) -> int:
    """A project with 2.25 hours 40 days ago and 1.5 today."""
    client_id = world.harvest.add_client(client)
    if known:
        world.upsales.add_company(client.upper())
    project_id = world.harvest.add_project(client_id, f"Work for {client}", hourly_rate=RATE, code="W-1")
    for day, hours in ((TODAY - dt.timedelta(days=40), "2.25"), (TODAY, "1.5")):
        world.harvest.add_time(project_id, day.isoformat(), hours, rate=RATE)
    return project_id


def order_of(world: World, project_id: int) -> dict[str, Any]:
    """The opportunity of a project."""
    [found] = [
        order
        for order in world.upsales.orders.values()
        if any(str(value.get("value")).endswith(f":{project_id}") for value in order["custom"])
    ]
    return found


def run(site: Site, person: Person, dag_id: str = OTHER) -> str:
    """A run that the page starts, to its end."""
    started = person.send("POST", "/api/runs", {"dry_run": False}, dag_id=dag_id).json()
    assert started["run_url"].startswith(f"/dags/{dag_id}/runs/manual__")
    return site.ended(started["run_id"], dag_id)


@pytest.mark.timeout(400)
def test_the_board_says_what_both_services_say(site: Site, admin: Person) -> None:
    world = site.world(OTHER)
    world.billing.delay_s = 0
    tracked, sold, timed, lost = (add_project(world, name) for name in ("Fjord", "Gran", f"Å {MARKUP}", "Ek"))
    failing = add_project(world, "Nobody", known=False)
    assert run(site, admin) == "failed"
    for project_id, stage in ((sold, STAGE_WON), (timed, STAGE_WON), (lost, STAGE_LOST)):
        world.upsales.move(order_of(world, project_id)["id"], stage)
    world.harvest.add_time(timed, TODAY.isoformat(), "0.5", rate=RATE, is_running=True)

    assert run(site, admin) == "failed"
    answer = admin.get("/api/board", dag_id=OTHER)
    board = answer.json()
    assert (board["newest_run"]["run_id"], board["newest_run"]["state"]) == (board["run_id"], "failed")
    rows = {row["project_id"]: row for row in board["rows"]}

    assert {project_id: row["state"] for project_id, row in rows.items()} == {
        tracked: "tracking",
        sold: "billing_sent",
        timed: "held",
        lost: "lost",
        failing: "failed",
    }
    assert "timer is running" in rows[timed]["why"]
    assert "Nobody" in rows[failing]["why"]
    assert rows[timed]["client"] == f"Å {MARKUP}"
    [invoice] = world.harvest.invoices.values()
    assert rows[sold]["invoice_id"] == str(invoice["id"])
    for project_id in (tracked, sold, timed, lost):
        order, row = order_of(world, project_id), rows[project_id]
        assert row["order_id"] == order["id"]
        assert (row["stage"], Decimal(row["probability"])) == (order["stage"]["name"], order["probability"])
        assert abs(Decimal(row["amount"]) - order["value"]) < Decimal("0.01")
        assert row["code"] == "W-1"
    [sums] = board["totals"]["currencies"]
    uninvoiced = Decimal("4689.38")
    assert Decimal(sums["harvest"]) == 3 * uninvoiced
    assert Decimal(sums["upsales"]) == 2 * uninvoiced
    assert Decimal(sums["drift"]) == uninvoiced == Decimal(rows[failing]["drift"])
    months = {each["month"]: Decimal(each["amount"]) for each in board["by_month"]}
    assert sum(months.values()) == pytest.approx(3 * uninvoiced, abs=Decimal("0.02"))
    assert months[f"{TODAY:%Y-%m}"] >= 2 * Decimal("1.5") * Decimal(RATE)
    for secret in (HARVEST_TOKEN, UPSALES_TOKEN, "Greta Lind", "Nordlys Time"):
        assert secret not in answer.text

    again = admin.get("/api/board", headers={"If-None-Match": answer.headers["ETag"]}, dag_id=OTHER)
    assert (again.status_code, again.content) == (304, b"")
    a_plan_leaves_the_board_as_it_is(site, admin, answer.headers["ETag"])


def a_plan_leaves_the_board_as_it_is(site: Site, admin: Person, etag: str) -> None:
    before = len(site.world(OTHER).journal.entries)
    started = admin.send("POST", "/api/runs", {"dry_run": True}, dag_id=OTHER).json()
    site.ended(started["run_id"], OTHER)

    plan = admin.get("/api/plan", run_id=started["run_id"], dag_id=OTHER).json()

    assert [entry for entry in site.world(OTHER).journal.entries[before:] if entry["method"] != "GET"] == []
    assert {failure["task"] for failure in plan["failures"]} == {
        "upsert_opportunities",
        "settle.mark_project_invoiced",
    }
    assert admin.get("/api/board", headers={"If-None-Match": etag}, dag_id=OTHER).status_code == 304
    assert site.person("vera").get("/api/plan", run_id=started["run_id"], dag_id=OTHER).json() == plan
    assert admin.get("/api/plan", run_id=started["run_id"]).status_code == 404


def test_a_board_that_no_run_has_left_is_empty_and_says_so(admin: Person) -> None:
    board = admin.get("/api/board").json()

    assert (board["as_of"], board["rows"], board["totals"]) == (None, [], {"currencies": [], "stages": []})


def test_a_run_that_leaves_no_board_is_told_of_all_the_same(site: Site, admin: Person) -> None:
    before = admin.get("/api/board").headers["ETag"]
    save_settings(site, {**DEMO_SETTINGS, "default_stage_id": STAGE_WON})
    try:
        started = admin.send("POST", "/api/runs", {"dry_run": False}).json()
        assert site.ended(started["run_id"]) == "failed"
    finally:
        save_settings(site, DEMO_SETTINGS)

    answer = admin.get("/api/board", headers={"If-None-Match": before})
    board = answer.json()

    assert (board["as_of"], board["run_id"], board["rows"]) == (None, None, [])
    ended = dt.datetime.fromisoformat(board["newest_run"].pop("ended"))
    assert dt.timedelta(0) <= dt.datetime.now(dt.UTC) - ended < dt.timedelta(minutes=5)
    assert board["newest_run"] == {
        "run_id": started["run_id"],
        "state": "failed",
        "url": started["run_url"],
    }

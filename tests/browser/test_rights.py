"""Who may look, who may change, and that the routes refuse what the page does not offer."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.desk import NOBODY, VIEWER, Desk
from tests.browser.visitor import PAGE, Visitor

pytestmark = pytest.mark.scheduler
JSON = {"Content-Type": "application/json"}
OWN = {**JSON, "X-Harvest-Upsales": "page"}
ADMINISTRATORS = [
    ("GET", "settings"),
    ("GET", "choices"),
    ("GET", "checks"),
    ("PUT", "settings"),
    ("POST", "settings/check"),
    ("POST", "settings/plan"),
]


def test_a_viewer_may_look_and_nothing_else(desk: Desk) -> None:
    with desk.visit(VIEWER) as visitor:
        visitor.open()
        page = visitor.page
        expect(page.get_by_role("table", name="Projects")).to_be_visible()
        expect(page.get_by_role("button", name="Run now")).to_have_count(0)
        expect(page.get_by_role("button", name="Plan")).to_have_count(0)
        for tab in ("Settings", "Set-up check"):
            page.get_by_role("tab", name=tab).click()
            panel = page.get_by_role("tabpanel", name=tab)
            expect(panel.get_by_text("need an administrator of this Airflow")).to_be_visible()
        expect(page.get_by_role("button", name="Save")).to_have_count(0)
    assert desk.ask("GET", "board", VIEWER).status_code == 200


@pytest.mark.parametrize(("method", "route"), [*ADMINISTRATORS, ("POST", "runs")])
def test_the_routes_refuse_a_viewer(desk: Desk, method: str, route: str) -> None:
    before, runs = desk.settings(), desk.runs_by_hand()
    body: dict[str, Any] = {"values": {**before, "batch_size": 7}, "dry_run": True}
    answer = desk.ask(method, route, VIEWER, json=body if method != "GET" else None, headers=OWN)
    assert answer.status_code == 403
    assert (desk.settings(), desk.runs_by_hand()) == (before, runs)


@pytest.mark.parametrize(("method", "route"), [("GET", "board"), *ADMINISTRATORS, ("POST", "runs")])
@pytest.mark.parametrize("user", [NOBODY, None], ids=["without rights", "not logged in"])
def test_others_are_refused_everything(desk: Desk, user: str | None, method: str, route: str) -> None:
    body = {"values": {}, "dry_run": True} if method != "GET" else None
    answer = desk.ask(method, route, user, json=body, headers=OWN)
    # A write without a login is refused for either reason, whichever is seen first.
    assert answer.status_code in ((403,) if user else (401, 403))
    assert set(answer.json()) == {"detail"}


def test_the_scripts_are_not_for_everybody(desk: Desk) -> None:
    assert desk.ask("GET", "../static/page.js", None).status_code == 401


def test_without_rights_there_is_no_such_page(desk: Desk) -> None:
    with desk.visit(NOBODY, refused=(403,)) as visitor:
        page = visitor.page
        page.goto(f"{visitor.url}{PAGE}")
        expect(page.get_by_text("Page Not Found")).to_be_visible()
        expect(page.get_by_role("link", name="Harvest", exact=True)).to_have_count(0)
        expect(page.locator("main.harvest-upsales")).to_have_count(0)


def test_another_sites_page_can_not_write(desk: Desk) -> None:
    """The browser is logged in; what a foreign page can make it send lacks the header."""
    with desk.visit(refused=(403, 415)) as visitor:
        visitor.open()
        runs = desk.runs_by_hand()
        assert sent(visitor, OWN | {"Content-Type": "text/plain"})[0] == 415
        assert sent(visitor, JSON)[0] == 403
        assert desk.runs_by_hand() == runs
        status, started = sent(visitor, OWN)
        assert status == 200
        assert desk.runs_by_hand() == runs + 1
    desk.end_of(started["run_id"])


def sent(visitor: Visitor, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
    """Ask for a plan from within the browser: status and answer."""
    ask = """async (headers) => {
        const url = "/harvest-upsales/api/runs", body = '{"dry_run": true}';
        const answer = await fetch(url, { method: "POST", headers, body });
        return [answer.status, await answer.json()];
    }"""
    status, answer = visitor.page.evaluate(ask, headers)
    return status, answer

"""The head of the page: which DAG is shown, whose run it tells of, and what became of the newest run."""

import json
import re
from urllib.parse import quote

import pytest
from playwright.sync_api import Request, Route, expect

from localrun.story import DAG_ID
from sandbox.minimal import STAGE_WON
from tests.browser.desk import RUN_TIMEOUT_S, VIEWER, Desk
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.scheduler
OTHER = "another_customer"
EMPTY = {"dag_id": OTHER, "as_of": None, "run_id": None, "rows": [], "totals": []}


def offer_another_dag(desk: Desk, visitor: Visitor) -> None:
    """A second DAG of the plugin, beside the real one."""
    me = desk.read("me")
    visitor.answered("me*", me | {"dags": [*me["dags"], OTHER]})


def test_a_run_belongs_to_the_dag_that_it_was_started_for(desk: Desk) -> None:
    with desk.visit() as visitor:
        page = visitor.page
        offer_another_dag(desk, visitor)
        visitor.answered(f"board?dag_id={OTHER}", EMPTY)
        asked: list[str] = []

        def hear(request: Request) -> None:
            if f"/dags/{OTHER}/" in request.url:
                asked.append(request.url)

        page.on("request", hear)
        visitor.open()
        page.get_by_role("button", name="Plan", exact=True).click()
        notice = page.locator("[data-run-state]")
        expect(notice).to_be_visible()
        expect(page.get_by_role("button", name="Run now")).to_be_disabled()
        dags = page.get_by_label("DAG", exact=True)
        dags.select_option(OTHER)
        expect(page.get_by_role("heading", name="No run yet")).to_be_visible()
        expect(notice).to_have_count(0)
        expect(page.get_by_role("button", name="Run now")).to_be_enabled()
        dags.select_option(DAG_ID)
        expect(notice).to_contain_text("The plan is ready", timeout=RUN_TIMEOUT_S * 1000)
        href = notice.get_by_role("link").get_attribute("href") or ""
        assert f"/dags/{DAG_ID}/runs/" in href
        expect(page.get_by_role("table", name="Projects")).to_be_visible()
    assert asked == []


def test_no_dag_shows_the_board_of_another(desk: Desk) -> None:
    with desk.visit(refused=(502,)) as visitor:
        page = visitor.page
        offer_another_dag(desk, visitor)
        held: list[Route] = []
        page.route(f"**/harvest-upsales/api/board?dag_id={OTHER}", lambda route: held.append(route))
        visitor.open()
        expect(page.get_by_role("table", name="Projects")).to_be_visible()
        page.get_by_label("DAG", exact=True).select_option(OTHER)
        expect(page.get_by_label("Loading the board")).to_be_visible()
        while not held:
            page.wait_for_timeout(20)
        expect(page.locator("[data-project]")).to_have_count(0)
        expect(page.locator("main header").get_by_role("link", name="the last run")).to_have_count(0)
        held[0].fulfill(
            status=502, body=json.dumps({"detail": "It is not there."}), content_type="application/json"
        )
        expect(page.get_by_role("alert")).to_contain_text("It is not there.")
        expect(page.locator("[data-project]")).to_have_count(0)
        page.get_by_label("DAG", exact=True).select_option(DAG_ID)
        expect(page.locator("[data-project]").first).to_be_visible()


def test_a_run_of_somebody_else_is_told_of_and_its_board_comes_by_itself(desk: Desk) -> None:
    with desk.visit(VIEWER) as visitor:
        page = visitor.page
        told = page.locator("main header").get_by_role("link", name="A run is under way")
        # Neither service answers as long as somebody looks.
        with desk.world.lock:
            run_id = desk.api.trigger(DAG_ID)
            desk.programs.wait_until(
                lambda: desk.api.run(DAG_ID, run_id).state == "running", "The run began", RUN_TIMEOUT_S
            )
            visitor.open()
            expect(told).to_have_attribute("href", re.compile(f"/dags/{DAG_ID}/runs/"))
        assert desk.end_of(run_id) == "success"
        expect(told).to_have_count(0)
        left = page.get_by_role("link", name="the last run", exact=True)
        expect(left).to_have_attribute("href", re.compile(re.escape(quote(run_id, safe=""))))


def test_a_failed_run_is_told_of_in_the_head(desk: Desk) -> None:
    """It failed before it could leave a board: what is shown is still that of the run before."""
    settings = desk.settings()
    with desk.visit() as visitor:
        page = visitor.page
        visitor.open()
        told = page.locator("main header").get_by_role("link", name="The last run failed")
        expect(page.get_by_role("table", name="Projects")).to_be_visible()
        expect(told).to_have_count(0)
        before = page.get_by_role("link", name="the last run", exact=True).get_attribute("href")
        try:
            desk.save_text(json.dumps({**settings, "default_stage_id": STAGE_WON}))
            page.get_by_role("button", name="Run now").click()
            expect(page.locator("[data-run-state=failed]")).to_be_visible(timeout=RUN_TIMEOUT_S * 1000)
            # At the full hour, the schedule's run comes after it, and fails like it.
            expect(told).to_have_attribute("href", re.compile(f"/dags/{DAG_ID}/runs/"))
            expect(page.get_by_role("link", name="the last run", exact=True)).to_have_attribute(
                "href", before or ""
            )
            # Where no run has left a board yet, it is told of as well.
            visitor.answered("board*", desk.read("board") | {"as_of": None, "run_id": None, "rows": []})
            visitor.open()
            expect(page.get_by_role("heading", name="No run yet")).to_be_visible()
            expect(told).to_be_visible()
        finally:
            desk.save_text(json.dumps(settings))
        page.unroute_all(behavior="wait")
        assert desk.run() == "success"
        visitor.open()
        expect(page.get_by_role("table", name="Projects")).to_be_visible()
        expect(told).to_have_count(0)

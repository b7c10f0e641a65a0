"""The head of the page: which DAG is shown, whose run it tells of, and what became of the newest run."""

import json

import pytest
from playwright.sync_api import Page, Request, Route, expect

from localrun.story import DAG_ID
from tests.browser.desk import RUN_TIMEOUT_S, Desk
from tests.browser.test_board import answering

pytestmark = pytest.mark.scheduler
OTHER = "another_customer"
EMPTY = {"dag_id": OTHER, "as_of": None, "run_id": None, "rows": [], "totals": []}


def with_another_dag(page: Page) -> None:
    """Offer a second DAG of the plugin, beside the real one."""

    def alter(route: Route) -> None:
        answer = route.fetch()
        me = answer.json()
        me["dags"] = [*me["dags"], OTHER]
        route.fulfill(response=answer, json=me)

    page.route("**/harvest-upsales/api/me*", alter)


def test_a_run_belongs_to_the_dag_that_it_was_started_for(desk: Desk) -> None:
    with desk.visit() as visitor:
        page = visitor.page
        with_another_dag(page)
        page.route(f"**/harvest-upsales/api/board?dag_id={OTHER}", lambda route: route.fulfill(json=EMPTY))
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
        with_another_dag(page)
        held: list[Route] = []
        page.route(f"**/harvest-upsales/api/board?dag_id={OTHER}", lambda route: held.append(route))
        visitor.open()
        expect(page.get_by_role("table", name="Projects")).to_be_visible()
        with page.expect_request(f"**/harvest-upsales/api/board?dag_id={OTHER}"):
            page.get_by_label("DAG", exact=True).select_option(OTHER)
        expect(page.get_by_label("Loading the board")).to_be_visible()
        expect(page.locator("[data-project]")).to_have_count(0)
        expect(page.get_by_role("banner").get_by_role("link", name="the last run")).to_have_count(0)
        held[0].fulfill(
            status=502, body=json.dumps({"detail": "It is not there."}), content_type="application/json"
        )
        expect(page.get_by_role("alert")).to_contain_text("It is not there.")
        expect(page.locator("[data-project]")).to_have_count(0)
        page.get_by_label("DAG", exact=True).select_option(DAG_ID)
        expect(page.locator("[data-project]").first).to_be_visible()


@pytest.mark.parametrize("has_board", [True, False], ids=["with a board", "before the first board"])
def test_a_failed_run_is_told_of_in_the_head(desk: Desk, has_board: bool) -> None:
    newest = {"run_id": "manual__1", "state": "failed", "url": "", "ended": "2026-01-01T00:00:00Z"}

    def change(board: dict[str, object]) -> None:
        board["newest_run"] = newest
        if not has_board:
            board.update(as_of=None, run_id=None, rows=[])

    with desk.visit() as visitor:
        answering(visitor.page, change)
        visitor.open()
        told = visitor.page.get_by_role("link", name="The last run failed")
        expect(told).to_be_visible()
        assert (told.get_attribute("href") or "").endswith(f"/dags/{DAG_ID}/runs/manual__1")
        newest["state"] = "success"
        visitor.open()
        expect(visitor.page.get_by_role("tab", name="Board")).to_be_visible()
        expect(visitor.page.get_by_text("Loading the board")).to_have_count(0)
        expect(told).to_have_count(0)

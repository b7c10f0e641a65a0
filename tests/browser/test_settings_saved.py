"""The settings' form over what is saved already: text that is no JSON, names nobody knows, somebody else's change."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.desk import RUN_TIMEOUT_S, Desk
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.scheduler
BROKEN = '{"default_user_id": 2, "company_map": {"77": 1},}'
Answer = dict[str, Any]


@pytest.fixture(autouse=True)
def kept(desk: Desk) -> Iterator[Answer]:
    """The settings are at the end what they were before."""
    before = desk.settings()
    yield before
    desk.save_text(json.dumps(before))


def altered(page: Page, change: Callable[[Answer], None], path: str = "settings") -> None:
    """Let a route's answer be another one: ``change`` alters the real answer."""

    def alter(route: Route) -> None:
        if route.request.method != "GET":
            route.continue_()
            return
        answer = route.fetch()
        found = answer.json()
        change(found)
        route.fulfill(response=answer, json=found)

    page.route(f"**/harvest-upsales/api/{path}?*", alter)


def save_unseen(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name="Save without looking").click()


def choose_the_required(visitor: Visitor, values: Answer) -> None:
    for key in ("default_user_id", "default_stage_id", "default_product_id"):
        visitor.setting(key).get_by_role("combobox").select_option(str(values[key]))


def test_text_that_is_no_json_is_shown_and_only_replaced_when_confirmed(desk: Desk, kept: Answer) -> None:
    desk.save_text(BROKEN)

    def tell(answer: Answer) -> None:
        answer["raw"], answer["exists"] = BROKEN, True

    with desk.visit() as visitor:
        page = visitor.page
        altered(page, tell)
        visitor.open("settings")
        problem = page.get_by_role("alert").filter(has_text="What is saved can't be read")
        expect(problem.locator("[data-raw]")).to_have_text(BROKEN)
        expect(page.get_by_text("Nothing is saved yet")).to_have_count(0)
        choose_the_required(visitor, kept)
        page.get_by_role("button", name="Save", exact=True).click()
        asked = page.get_by_role("alert").filter(has_text="This replaces what is saved")
        asked.get_by_role("button", name="Leave it as it is").click()
        expect(asked).to_have_count(0)
        assert desk.saved_text() == BROKEN
        page.unroute_all()
        page.get_by_role("button", name="Save", exact=True).click()
        asked.get_by_role("button", name="Replace it").click()
        page.get_by_role("button", name="Save without looking").click()
        expect(page.get_by_text("Nothing to save")).to_be_visible()
        expect(problem).to_have_count(0)
    assert desk.settings()["default_user_id"] == kept["default_user_id"]


def test_names_that_no_setting_has_can_be_removed(desk: Desk, kept: Answer) -> None:
    desk.save_text(json.dumps({**kept, "default_currency": "SEK"}))
    with desk.visit() as visitor:
        page = visitor.page
        visitor.open("settings")
        unknown = page.locator("[data-unknown]")
        expect(unknown).to_contain_text("default_currency")
        unknown.get_by_role("button", name="Remove default_currency").click()
        expect(unknown).to_have_count(0)
        page.get_by_role("button", name="Discard").click()
        unknown.get_by_role("button", name="Remove default_currency").click()
        save_unseen(page)
        expect(page.get_by_text("Nothing to save")).to_be_visible()
        expect(unknown).to_have_count(0)
    assert desk.settings() == kept


def test_two_lines_for_one_client_are_refused_at_the_field(desk: Desk, kept: Answer) -> None:
    with desk.visit() as visitor:
        page = visitor.page
        visitor.open("settings")
        lines = visitor.setting("company_map")
        for line, company in ((1, "1"), (2, "2")):
            lines.get_by_role("button", name="Add a client").click()
            lines.get_by_label(f"Harvest client id, line {line}").fill("77")
            lines.get_by_label(f"Upsales company id, line {line}").fill(company)
        save_unseen(page)
        expect(lines.get_by_role("alert")).to_contain_text("77: more than one line")
    assert desk.settings() == kept


def test_what_somebody_else_saved_meanwhile_stays(desk: Desk, kept: Answer) -> None:
    theirs = {**kept, "batch_size": 40}

    def tell(answer: Answer) -> None:
        answer["digest"] = str(answer["values"].get("batch_size"))

    def refuse(route: Route) -> None:
        if route.request.method == "PUT":
            route.fulfill(status=409, json={"detail": "The settings have changed."})
        else:
            route.fallback()

    with desk.visit(refused=(409,)) as visitor:
        page = visitor.page
        altered(page, tell)
        page.route("**/harvest-upsales/api/settings?*", refuse)
        visitor.open("settings")
        size = visitor.setting("batch_size").get_by_role("textbox")
        size.fill("50")
        desk.save_text(json.dumps(theirs))
        save_unseen(page)
        stale = page.get_by_role("alert").filter(has_text="Somebody else saved meanwhile")
        stale.get_by_role("button", name="Load anew").click()
        expect(size).to_have_value("40")
        expect(stale).to_have_count(0)
    assert desk.settings() == theirs


def test_a_plan_says_what_it_would_undo(desk: Desk, kept: Answer) -> None:
    undo = {
        "order_id": 42,
        "project": "Website",
        "amount": "1200.50",
        "done": ["delete the draft invoice", "reopen the project"],
    }

    def tell(answer: Answer) -> None:
        answer.update(outcomes=[], settlements=[], failures=[], undos=[undo])

    with desk.visit() as visitor:
        page = visitor.page
        altered(page, tell, "plan")
        visitor.open("settings")
        visitor.setting("reopened_orders").get_by_role("combobox").select_option("undo")
        page.get_by_role("button", name="Show what changes").click()
        plan = page.locator("[data-plan]")
        expect(plan).to_have_attribute("data-plan", "success", timeout=RUN_TIMEOUT_S * 1000)
        expect(plan).to_contain_text("1 to undo")
        expect(plan).not_to_contain_text("Nothing: Upsales")
        line = plan.get_by_role("list", name="Planned writes").get_by_role("listitem")
        expect(line).to_contain_text("delete the draft invoice, reopen the project")
        expect(line).to_contain_text("1\u00a0200.50")
    assert desk.settings() == kept

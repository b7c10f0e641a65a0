"""The settings' form over what is saved already: text that is no JSON, names nobody knows, somebody else's change."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from sandbox.minimal import STAGE_VERBAL_AGREEMENT, STAGE_WON
from tests.browser.desk import RUN_TIMEOUT_S, Desk
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.scheduler
BROKEN = '{"default_user_id": 2, "company_map": {"77": 1},}'
PO = "upsales-order-{}"
Answer = dict[str, Any]


@pytest.fixture(autouse=True)
def kept(desk: Desk) -> Iterator[Answer]:
    """The settings are at the end what they were before."""
    before = desk.settings()
    yield before
    desk.save_text(json.dumps(before))


def save_unseen(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name="Save without looking").click()


def choose_the_required(visitor: Visitor, values: Answer) -> None:
    for key in ("default_user_id", "default_stage_id", "default_product_id"):
        visitor.setting(key).get_by_role("combobox").select_option(str(values[key]))


def test_text_that_is_no_json_is_shown_and_only_replaced_when_confirmed(desk: Desk, kept: Answer) -> None:
    desk.save_text(BROKEN)
    with desk.visit() as visitor:
        page = visitor.page
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
        page.get_by_role("button", name="Save", exact=True).click()
        asked.get_by_role("button", name="Replace it").click()
        page.get_by_role("button", name="Save without looking").click()
        expect(page.get_by_text("Saved", exact=True)).to_be_visible()
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
        expect(page.get_by_text("Saved", exact=True)).to_be_visible()
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
    with desk.visit(refused=(409,)) as visitor:
        page = visitor.page
        visitor.open("settings")
        size = visitor.setting("batch_size").get_by_role("textbox")
        size.fill("50")
        desk.save_text(json.dumps(theirs))
        save_unseen(page)
        stale = page.get_by_role("alert").filter(has_text="Somebody else saved meanwhile")
        stale.get_by_role("button", name="Load again").click()
        expect(size).to_have_value("40")
        expect(stale).to_have_count(0)
    assert desk.settings() == theirs


def test_a_plan_says_what_it_would_undo(desk: Desk, kept: Answer) -> None:
    order = invoiced_and_moved_back(desk, kept)
    [invoice] = [
        each for each in desk.world.harvest.invoices.values() if each["purchase_order"] == PO.format(order)
    ]
    with desk.visit() as visitor:
        page = visitor.page
        visitor.open("settings")
        visitor.setting("reopened_orders").get_by_role("combobox").select_option("undo")
        page.get_by_role("button", name="Show what changes").click()
        plan = page.locator("[data-plan]")
        expect(plan).to_have_attribute("data-plan", "success", timeout=RUN_TIMEOUT_S * 1000)
        expect(plan).to_contain_text("1 to undo")
        expect(plan).not_to_contain_text("Nothing: Upsales")
        undo = plan.get_by_role("list", name="Planned writes").get_by_role("listitem").filter(has_text="undo")
        expect(undo).to_contain_text(f"Harvest invoice {invoice['id']}")
        expect(undo).to_contain_text(f"{invoice['amount']:,} {invoice['currency']}".replace(",", "\u00a0"))
        assert desk.settings() == kept
        assert invoice["id"] in desk.world.harvest.invoices
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    assert desk.run() == "success"
    assert invoice["id"] not in desk.world.harvest.invoices


def invoiced_and_moved_back(desk: Desk, settings: Answer) -> int:
    """An order that a run has settled without a billing app, and that is an opportunity again: its id."""
    rows = desk.read("board")["rows"]
    order: int = next(row["order_id"] for row in rows if row["state"] == "tracking" and row["order_id"])
    desk.world.billing.order_modes[order] = "silent"
    alone = {"billing_integration_id": None, "billing_reference_field": None}
    desk.save_text(json.dumps({**settings, **alone}))
    desk.world.upsales.move(order, STAGE_WON)
    assert desk.run() == "success"
    desk.world.upsales.move(order, STAGE_VERBAL_AGREEMENT)
    desk.save_text(json.dumps(settings))
    return order

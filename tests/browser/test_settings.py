"""The settings' form: what the server says stands at its field, a plan comes first, and nothing is lost on the way."""

import json
import re

import pytest
from playwright.sync_api import expect

from sandbox.minimal import STAGE_LOST, STAGE_WON, USER_INACTIVE
from tests.browser.desk import RUN_TIMEOUT_S, Desk

pytestmark = pytest.mark.scheduler


def test_what_a_run_would_refuse_is_said_at_the_field(desk: Desk) -> None:
    before = desk.settings()
    with desk.visit() as visitor:
        visitor.open("settings")
        page = visitor.page
        size = visitor.setting("batch_size")
        size.get_by_role("textbox").fill("-5")
        lines = visitor.setting("company_map")
        lines.get_by_role("button", name="Add a client").click()
        expect(lines.get_by_label("Harvest client id, line 1")).to_be_focused()
        lines.get_by_label("Harvest client id, line 1").fill("5735776")
        lines.get_by_label("Upsales company id, line 1").fill("no company")
        page.get_by_role("button", name="Show what changes").click()
        expect(size.get_by_role("alert")).to_contain_text("batch_size")
        expect(lines.get_by_role("alert")).to_contain_text("company_map")
        # The keyboard stands at the first one, and a screen reader reads the message with the field.
        field = size.get_by_role("textbox")
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_have_accessible_description(re.compile("batch_size.*From 1 to 2000", re.DOTALL))
        expect(lines.get_by_label("Harvest client id, line 1")).to_be_focused()
        size.get_by_role("textbox").fill("50")
        expect(size.get_by_role("alert")).to_have_count(0)
        page.get_by_role("button", name="Discard").click()
        expect(page.get_by_text("Nothing to save")).to_be_visible()
    assert desk.settings() == before


def test_only_what_fits_is_offered(desk: Desk) -> None:
    with desk.visit() as visitor:
        visitor.open("settings")
        # The saved one has its name once the lists are there.
        stages = visitor.setting("default_stage_id")
        expect(stages.get_by_role("option", name="Verbal agreement · 90 %")).to_be_attached()
        offered = {
            key: visitor.setting(key).locator("option").evaluate_all("all => all.map(o => o.value)")
            for key in ("default_user_id", "default_stage_id")
        }
        expect(stages.get_by_role("combobox")).to_have_value("11")
    assert str(USER_INACTIVE) not in offered["default_user_id"]
    assert not {str(STAGE_WON), str(STAGE_LOST)} & set(offered["default_stage_id"])


def test_a_change_is_planned_before_it_is_saved(desk: Desk) -> None:
    before = desk.settings()
    try:
        with desk.visit() as visitor:
            visitor.open("settings")
            page = visitor.page
            visitor.setting("write_time_to_notes").get_by_role("checkbox").uncheck()
            page.get_by_role("button", name="Save", exact=True).click()
            asked = page.get_by_role("alert").filter(has_text="You have not seen yet")
            asked.get_by_role("button", name="Show what changes first").click()
            plan = page.locator("[data-plan]")
            expect(plan).to_have_attribute("data-plan", "success", timeout=RUN_TIMEOUT_S * 1000)
            expect(plan).to_contain_text(re.compile(r"4\d\s*to update"))
            assert desk.settings() == before
            page.get_by_role("button", name="Save", exact=True).click()
            expect(page.get_by_text("Saved", exact=True)).to_be_visible()
        assert desk.settings() == {**before, "write_time_to_notes": False}
    finally:
        desk.save_text(json.dumps(before))

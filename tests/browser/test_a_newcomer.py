"""docs/quickstart.md, step by step: from an empty Airflow to a settled order, in the UI alone.

Who changes this test changes the document, and the other way round. ``make screenshots`` takes its pictures here.
"""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from localrun.airflow_parts import POOL
from localrun.sandbox_link import DEMO_SETTINGS
from localrun.story import DAG_ID
from sandbox.credentials import HARVEST_ACCOUNT_ID, HARVEST_TOKEN, UPSALES_TOKEN
from sandbox.minimal import STAGE_WON
from tests.browser.desk import RUN_TIMEOUT_S, Desk
from tests.browser.pictures import Pictures
from tests.browser.visitor import PHONE, Visitor

RUN_MS = RUN_TIMEOUT_S * 1000
TALL = (1280, 900)


@pytest.mark.scheduler
def test_from_an_empty_airflow_to_a_settled_order(empty_desk: Desk, pictures: Pictures) -> None:
    if empty_desk.is_set_up:
        pytest.fail("another test came first: the newcomer's must be the first of this folder")
    empty_desk.is_set_up = True
    if pictures.wanted:
        leave_out_emoji(empty_desk)
    with empty_desk.visit(size=TALL) as visitor:
        the_page_says_what_to_do_next(visitor, pictures)
        make_both_connections(empty_desk, visitor, pictures)
        make_the_pool(visitor, pictures)
        switch_the_dag_on(empty_desk, visitor, pictures)
        fill_in_the_settings(visitor, pictures)
        check_the_set_up(visitor, pictures)
        plan_and_run(visitor, pictures)
        win_and_settle(empty_desk, visitor, pictures)
    the_same_elsewhere(empty_desk, pictures)


def leave_out_emoji(desk: Desk) -> None:
    """Not every machine has letters for them."""
    for project in desk.world.harvest.projects.values():
        project["name"] = project["name"].replace("\N{ROCKET} ", "")


def the_page_says_what_to_do_next(visitor: Visitor, pictures: Pictures) -> None:
    page = visitor.page
    page.get_by_role("link", name="Harvest", exact=True).click()
    expect(page.get_by_role("heading", name="No run yet")).to_be_visible()
    pictures.take(page, "first-time", height=620)
    page.get_by_role("button", name="Set-up check").click()
    expect(check(page, "Harvest connection")).to_have_attribute("data-state", "red")


def make_both_connections(desk: Desk, visitor: Visitor, pictures: Pictures) -> None:
    page = visitor.page
    page.goto(f"{visitor.url}/connections")
    harvest = {
        "Base URL": desk.server.harvest_url,
        "Account ID": HARVEST_ACCOUNT_ID,
        "Personal access token": HARVEST_TOKEN,
    }
    upsales = {"Base URL": desk.server.upsales_url, "API key": UPSALES_TOKEN}
    form = begin_connection(page, "harvest_default", "Harvest", harvest)
    pictures.take(page, "connection-harvest", form)
    form.get_by_role("button", name="Extra Fields", exact=True).click()
    # Airflow's form gives fields of the extra no name that a screen reader would find.
    form.locator("[name=element_contact]").fill("time@nordlys.example")
    save(form)
    form = begin_connection(page, "upsales_default", "Upsales", upsales)
    form.get_by_role("button", name="Extra Fields", exact=True).click()
    expect(form.get_by_text("Address of an order")).to_be_visible()
    pictures.take(page, "connection-upsales", form)
    save(form)
    # Airflow's Test button asks about port 0 where a saved connection has no port, and Airflow then refuses the
    # password that it keeps for no port: the set-up check is what tests both connections here.
    page.goto(f"{visitor.url}/connections")
    expect(page.get_by_text("2 Connections")).to_be_visible()
    pictures.take(page, "connections", height=620)
    assert HARVEST_TOKEN not in page.content()


def begin_connection(page: Page, name: str, kind: str, fields: dict[str, str]) -> Locator:
    page.get_by_role("button", name="Add Connection").click()
    form = page.get_by_role("dialog")
    form.get_by_label("Connection ID").fill(name)
    form.get_by_label("Connection Type").fill(kind)
    page.get_by_role("option", name=kind, exact=True).click()
    for label, text in fields.items():
        form.get_by_label(label, exact=True).fill(text)
    return form


def save(form: Locator) -> None:
    form.get_by_role("button", name="Save", exact=True).click()
    expect(form).to_be_hidden()


def make_the_pool(visitor: Visitor, pictures: Pictures) -> None:
    page = visitor.page
    page.goto(f"{visitor.url}/pools")
    page.get_by_role("button", name="Add Pool").click()
    form = page.get_by_role("dialog")
    form.get_by_label("Name").fill(POOL)
    form.get_by_label("Slots").fill("1")
    pictures.take(page, "pool", form)
    save(form)
    expect(page.get_by_text(POOL)).to_be_visible()


def switch_the_dag_on(desk: Desk, visitor: Visitor, pictures: Pictures) -> None:
    """The schedule starts a run at once: without settings it writes nothing."""
    page = visitor.page
    page.get_by_role("link", name="Dags", exact=True).first.click()
    expect(page.get_by_role("link", name=DAG_ID)).to_be_visible()
    assert desk.api.runs(DAG_ID) == [], "the DAG was not paused"
    page.locator("[data-scope=switch][data-part=root]").click()
    desk.programs.wait_until(lambda: bool(desk.api.runs(DAG_ID)), "The schedule's run began", RUN_TIMEOUT_S)
    desk.end_of(desk.api.runs(DAG_ID)[0].dag_run_id)
    assert desk.world.journal.writes() == []
    page.reload()
    expect(page.locator(f"a[href*='/dags/{DAG_ID}/runs/']").first).to_be_visible()
    pictures.take(page, "switched-on", height=620)
    visitor.open()


def fill_in_the_settings(visitor: Visitor, pictures: Pictures) -> None:
    page = visitor.page
    visitor.open("settings")
    page.get_by_role("button", name="Show what changes").click()
    expect(visitor.setting("default_user_id").get_by_role("alert")).to_be_visible()
    for key, label in (
        ("default_user_id", "Nordlys Time"),
        ("default_stage_id", "Verbal agreement · 90 %"),
        ("default_product_id", "Consulting"),
        ("billing_integration_id", "Fortnox Premium"),
        ("billing_reference_field", "Fakturanummer (FORTNOX_ID)"),
    ):
        choice = visitor.setting(key).get_by_role("combobox")
        choice.select_option(label=label)
        assert choice.input_value() == str(DEMO_SETTINGS[key])
    pictures.take(page, "settings")
    page.get_by_role("button", name="Show what changes").click()
    plan = page.locator("[data-plan]")
    expect(plan).to_have_attribute("data-plan", "success", timeout=RUN_MS)
    expect(plan).to_contain_text(re.compile(r"48\s*to create"))
    pictures.take(page, "settings-plan")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()


def check_the_set_up(visitor: Visitor, pictures: Pictures) -> None:
    page = visitor.page
    page.get_by_role("tab", name="Set-up check").click()
    expect(page.get_by_text("All is set up")).to_be_visible()
    expect(page.locator("[data-check][data-state=red]")).to_have_count(0)
    pictures.take(page, "set-up-check", height=1000)


def plan_and_run(visitor: Visitor, pictures: Pictures) -> None:
    page = visitor.page
    page.get_by_role("button", name="Plan").click()
    expect(page.get_by_text("The plan is ready; nothing was written")).to_be_visible(timeout=RUN_MS)
    expect(check(page, "Order fields")).to_have_attribute("data-state", "grey")
    page.get_by_role("button", name="Run now").click()
    expect(page.get_by_text("The run is done")).to_be_visible(timeout=RUN_MS)
    expect(check(page, "Order fields")).to_have_attribute("data-state", "green")
    page.get_by_role("tab", name="Board").click()
    expect(page.get_by_role("status").filter(has_text=re.compile(r"^\d+ projects$"))).to_be_visible()
    expect(
        page.get_by_label("State", exact=True).get_by_role("option", name="Tracking (48)")
    ).to_be_attached()
    pictures.take(page, "board")


def win_and_settle(desk: Desk, visitor: Visitor, pictures: Pictures) -> None:
    """What the salesperson does happens in Upsales; the rest is the page's."""
    page = visitor.page
    row = page.locator("[data-state=tracking]").first
    project, order = (
        row.get_attribute("data-project"),
        row.get_by_role("link", name=re.compile("^#")).inner_text(),
    )
    desk.world.upsales.move(int(order[1:].split()[0]), STAGE_WON)
    page.get_by_role("button", name="Run now").click()
    expect(page.get_by_text("The run is under way")).to_be_visible()
    expect(page.get_by_text("The run is done")).to_be_visible(timeout=RUN_MS)
    settled = visitor.row(int(project or 0))
    expect(settled).to_have_attribute("data-state", "billing_sent")
    expect(settled).to_contain_text("Won - Order · 100 %")
    page.get_by_label("State", exact=True).select_option("billing_sent")
    pictures.take(page, "board-settled")


def the_same_elsewhere(desk: Desk, pictures: Pictures) -> None:
    """In the dark, and on a phone."""
    for name, size, dark in (("board-dark", TALL, True), ("board-phone", PHONE, False)):
        with desk.visit(size=size, dark=dark) as visitor:
            visitor.open()
            expect(visitor.page.get_by_role("table", name="Projects")).to_be_visible()
            pictures.take(visitor.page, name)


def check(page: Page, name: str) -> Locator:
    return page.locator(f"[data-check='{name}']")

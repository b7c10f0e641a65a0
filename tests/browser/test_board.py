"""The board: finding a project, phones, dark mode, hostile names, thousands of rows, and bad news."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk import Desk
from tests.browser.readable import too_faint
from tests.browser.visitor import PHONE, Visitor

pytestmark = pytest.mark.scheduler
PAGE_OF_ROWS = 50
HOSTILE = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"


def shown(page: Page) -> list[str]:
    """Ids of the projects in the table, from the top."""
    return page.locator("[data-project]").evaluate_all("rows => rows.map(row => row.dataset.project)")  # type: ignore[no-any-return]


def test_search_filters_and_order(desk: Desk) -> None:
    with desk.visit() as visitor:
        visitor.open()
        page = visitor.page
        table = page.get_by_role("table", name="Projects")
        page.get_by_label("Search projects").fill("norrsken")
        expect(
            page.get_by_role("status").filter(has_text=re.compile(r"^\d+ of \d+ projects$"))
        ).to_be_visible()
        names = table.locator("td[data-label=Client]").all_inner_texts()
        assert set(names) == {"Norrsken Data AB"}
        # Nobody has to find the letter å first.
        page.get_by_label("Search projects").fill("akesson")
        expect(table.get_by_text("Åkesson Åkeri AB").first).to_be_visible()
        page.get_by_label("Search projects").fill("no such project")
        page.get_by_role("button", name="Clear search and filters").click()
        page.get_by_label("Client", exact=True).select_option("Fjordline Systemer AS")
        page.get_by_label("State", exact=True).select_option("tracking")
        page.get_by_role("button", name="Amount", exact=True).click()
        expect(table.get_by_role("columnheader", name="Amount")).to_have_attribute("aria-sort", "descending")
        amounts = [
            float(text.split(" ")[0].replace("\u00a0", ""))
            for text in table.locator("td[data-label=Amount]").all_inner_texts()
        ]
        assert len(amounts) > 1, "the demo has one such project only"
        assert amounts == sorted(amounts, reverse=True)


def test_the_keyboard_alone_reaches_everything(desk: Desk) -> None:
    with desk.visit() as visitor:
        visitor.open()
        page = visitor.page
        expect(page.get_by_role("table", name="Projects")).to_be_visible()
        page.get_by_role("tab", name="Board").focus()
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("tab", name="Settings")).to_have_attribute("aria-selected", "true")
        expect(page).to_have_url(re.compile("tab=settings"))
        page.keyboard.press("ArrowLeft")
        page.get_by_role("button", name="Client", exact=True).focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("columnheader", name="Client", exact=True)).to_have_attribute(
            "aria-sort", "ascending"
        )
        # What has no words says what it is.
        unnamed = page.locator("main :is(button, a, input, select)").evaluate_all(
            "all => all.filter(e => !(e.innerText || e.ariaLabel || e.labels?.length)).map(e => e.outerHTML)"
        )
        assert unnamed == []
        expect(page.get_by_role("img", name=re.compile("^Uninvoiced value by month in SEK"))).to_be_visible()


def test_names_with_markup_stay_text(desk: Desk) -> None:
    project = next(iter(desk.world.harvest.projects.values()))
    before = project["name"]
    project["name"] = HOSTILE
    try:
        assert desk.run() == "success"
        with desk.visit() as visitor:
            visitor.open()
            row = visitor.row(project["id"])
            visitor.page.get_by_label("Search projects").fill("onerror")
            expect(row).to_contain_text(HOSTILE)
            assert row.locator("img, script").count() == 0
            assert "taken" not in visitor.page.title()
    finally:
        project["name"] = before


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_phone_scrolls_in_one_direction_only(desk: Desk, dark: bool) -> None:
    with desk.visit(size=PHONE, dark=dark) as visitor:
        for tab in ("board", "settings", "checks"):
            visitor.open(tab)
            expect(visitor.page.locator("[data-project], [data-setting], [data-check]").first).to_be_visible()
            assert wider_than_the_screen(visitor) == []
            assert too_faint(visitor.page) == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_text_can_be_read(desk: Desk, dark: bool) -> None:
    with desk.visit(dark=dark) as visitor:
        visitor.answered("board*", one_of_each_state(desk.read("board")))
        for tab in ("board", "settings", "checks"):
            visitor.open(tab)
            expect(visitor.page.locator("[data-project], [data-setting], [data-check]").first).to_be_visible()
            assert too_faint(visitor.page) == []


def one_of_each_state(board: dict[str, Any]) -> dict[str, Any]:
    states = [
        "failed",
        "billing_failed",
        "held",
        "won",
        "tracking",
        "invoiced",
        "billing_sent",
        "lost",
        "not_billed",
    ]
    for row, state in zip(board["rows"], states, strict=False):
        row |= {"state": state, "why": "Because of this.", "drift": "10.50"}
    return board


def wider_than_the_screen(visitor: Visitor) -> list[str]:
    """What sticks out of the page, and the page itself where it can be scrolled sideways."""
    found: list[str] = visitor.page.evaluate("""() => {
        const main = document.querySelector("main.harvest-upsales");
        const right = document.documentElement.clientWidth;
        const out = [...main.querySelectorAll("*")].filter(e => e.getBoundingClientRect().right > right + 1);
        const wide = [main, document.documentElement].filter(e => e.scrollWidth > e.clientWidth);
        return [...out, ...wide].map(e => e.outerHTML.slice(0, 200));
    }""")
    return found


def test_two_thousand_projects_are_drawn_a_page_at_a_time(desk: Desk) -> None:
    board = desk.read("board")
    [model, *_] = board["rows"]
    board["rows"] = [
        model | {"project_id": n, "project": f"Project {n}", "code": f"P{n}"} for n in range(2000)
    ]
    with desk.visit() as visitor:
        visitor.answered("board*", board)
        visitor.open()
        page = visitor.page
        expect(page.get_by_text("1–50 of 2000")).to_be_visible()
        assert len(shown(page)) == PAGE_OF_ROWS
        page.get_by_role("button", name="Next").click()
        expect(page.get_by_text("51–100 of 2000")).to_be_visible()
        assert len(shown(page)) == PAGE_OF_ROWS
        # At every key the page's own work is bounded, too: rows that stay are not drawn anew.
        page.evaluate("""() => {
            window.drawn = 0;
            new MutationObserver(changes => { window.drawn += changes.length }).observe(
                document.querySelector("tbody"), { childList: true, subtree: true, characterData: true });
        }""")
        page.get_by_label("Search projects").press_sequentially("project 1999")
        expect(visitor.row(1999)).to_be_visible()
        assert shown(page) == ["1999"]
        assert page.evaluate("window.drawn") < PAGE_OF_ROWS * len("project 1999") * 3


def test_an_unreachable_board_says_so_and_can_be_tried_again(desk: Desk) -> None:
    with desk.visit(refused=(503,)) as visitor:
        page = visitor.page
        broken = {
            "status": 503,
            "content_type": "application/json",
            "body": json.dumps({"detail": "Out for lunch"}),
        }
        page.route("**/harvest-upsales/api/board*", lambda route: route.fulfill(**broken))
        visitor.open()
        expect(page.get_by_role("alert")).to_contain_text("Out for lunch")
        page.unroute_all(behavior="wait")
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_role("table", name="Projects")).to_be_visible()

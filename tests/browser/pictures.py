"""The screenshots of docs/quickstart.md, made by the test that walks through it."""

from dataclasses import dataclass

from playwright.sync_api import Locator, Page

from localrun.airflow_home import ROOT
from tests.browser.visitor import at_rest

FOLDER = ROOT / "docs" / "screenshots"


@dataclass(frozen=True)
class Pictures:
    """:param wanted: False: nothing is written, for times and ids differ at every run"""

    wanted: bool

    def take(self, page: Page, name: str, part: Locator | None = None, height: int | None = None) -> None:
        """What is seen of the page, or of a part of it.

        :param height: of the window, in pixels, for this picture alone
        """
        if not self.wanted:
            return
        FOLDER.mkdir(exist_ok=True)
        size = page.viewport_size
        if size and height:
            page.set_viewport_size({"width": size["width"], "height": height})
        # Spinners, fading messages, the mouse and the cursor would make two pictures of the same thing differ.
        page.mouse.move(0, 0)
        at_rest(page)
        (part or page).screenshot(path=FOLDER / f"{name}.png", animations="disabled", caret="hide")
        if size:
            page.set_viewport_size(size)

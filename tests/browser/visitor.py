"""Somebody in front of a browser, logged in to Airflow, and what their browser complains about."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Playwright, Request, expect

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESK = (1280, 800)
PHONE = (375, 740)
TIMEOUT_MS = 30_000
PAGE = "/plugin/harvest-upsales"


def launch(playwright: Playwright) -> Browser:
    """A Chromium with a new profile."""
    expect.set_options(timeout=TIMEOUT_MS)
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    assert program, (
        f"no browser here, none of {', '.join(PROGRAMS)}; on Debian and Ubuntu: apt install chromium"
    )
    return playwright.chromium.launch(executable_path=program, headless=True, args=FLAGS)


@dataclass
class Visitor:
    """A page, and what went wrong on it.

    :param complaints: errors on the browser's console, and exceptions of scripts
    :param elsewhere: addresses on other hosts that the browser asked for
    """

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(TIMEOUT_MS)
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._see)

    def log_in(self, user: str, password: str) -> None:
        self.page.goto(f"{self.url}/auth/login?next={self.url}/")
        self.page.fill("input[name=username]", user)
        self.page.fill("input[name=password]", password)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(f"{self.url}/")

    def open(self, tab: str = "board") -> None:
        """The page, on one of its tabs: ``board``, ``settings``, ``checks``."""
        self.page.goto(f"{self.url}{PAGE}?tab={tab}")
        expect(self.page.get_by_role("heading", name="Harvest – Upsales", level=1)).to_be_visible()

    def row(self, project_id: int) -> Locator:
        """A project in the board's table."""
        return self.page.locator(f"[data-project='{project_id}']")

    def answered(self, route: str, answer: object) -> None:
        """Let one of the page's routes be answered like this, at once.

        :param route: with its query, where ``*`` stands for anything
        """
        self.page.route(f"**/harvest-upsales/api/{route}", lambda asked: asked.fulfill(json=answer))

    def setting(self, key: str) -> Locator:
        """A setting's label, field, help and message."""
        return self.page.locator(f"[data-setting='{key}']")

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"{message.text} ({message.location['url']})")

    def _see(self, request: Request) -> None:
        host = urlsplit(request.url)
        if host.scheme in ("http", "https", "ws", "wss") and host.netloc != urlsplit(self.url).netloc:
            self.elsewhere.append(request.url)


def at_rest(page: Page) -> None:
    """Wait until nothing fades, slides or grows any more; spinners may go on."""
    page.evaluate("""async () => {
        const frame = () => new Promise(requestAnimationFrame);
        const ends = (animation) => animation.effect?.getComputedTiming().endTime !== Infinity;
        await frame();
        for (let left; (left = document.getAnimations().filter(ends)).length; await frame())
            await Promise.allSettled(left.map((animation) => animation.finished));
    }""")


@contextmanager
def visiting(
    browser: Browser,
    url: str,
    size: tuple[int, int] = DESK,
    *,
    dark: bool = False,
    refused: tuple[int, ...] = (),
) -> Iterator[Visitor]:
    """A visitor of their own; at the end, nothing on the page may have gone wrong or left Airflow's host.

    :param refused: statuses of answers that the test asks for; the console tells each as an error
    """
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if dark else "light",
        locale="en-GB",
    )
    visitor = Visitor(context.new_page(), url)
    try:
        yield visitor
    finally:
        # An altered answer that is still on its way when the visit ends is nobody's any more.
        visitor.page.unroute_all(behavior="ignoreErrors")
        context.close()
    expected = tuple(f"status of {status} " for status in refused)
    assert [told for told in visitor.complaints if not any(part in told for part in expected)] == []
    assert visitor.elsewhere == []

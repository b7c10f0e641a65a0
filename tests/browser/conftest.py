"""One Airflow, empty at first, with both services in the sandbox and one Chromium, for all tests of this folder.

The newcomer's test, which fills it, is the first by its name; each other test also runs alone.
"""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import sync_playwright

from localrun import airflow_parts
from localrun.airflow_home import AirflowHome
from localrun.processes import Programs
from localrun.serve import PAUSED
from localrun.story import DAG_ID
from sandbox.seed import demo_world
from sandbox.server import SandboxServer
from tests.browser.desk import OTHERS, Desk
from tests.browser.pictures import Pictures
from tests.browser.visitor import launch


# The package's and not the session's: as long as Playwright runs, no other test can start an event loop.
@pytest.fixture(scope="package")
def empty_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with ExitStack() as stack:
        server = stack.enter_context(SandboxServer(demo_world(), rate_limits=False))
        folder = tmp_path_factory.mktemp("browser") / "home"
        home = AirflowHome(folder, own=PAUSED, scheduled=True, others=OTHERS)
        home.create()
        programs = stack.enter_context(Programs(home.logs))
        airflow_parts.migrate(programs, home)
        api = airflow_parts.start(programs, home, [DAG_ID], with_pool=False)
        playwright = stack.enter_context(sync_playwright())
        browser = launch(playwright)
        stack.callback(browser.close)
        yield Desk(home=home, programs=programs, api=api, server=server, browser=browser)


@pytest.fixture
def desk(empty_desk: Desk) -> Desk:
    """Set up, and with a first run behind it."""
    empty_desk.set_up()
    return empty_desk


@pytest.fixture
def pictures(pytestconfig: pytest.Config) -> Pictures:
    return Pictures(wanted=pytestconfig.getoption("--screenshots"))

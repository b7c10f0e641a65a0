"""What the tests of this folder share: Airflow, the sandbox, the browser, and the way to a filled board."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
from playwright.sync_api import Browser

from localrun.airflow_api import AirflowApi
from localrun.airflow_home import USER, AirflowHome
from localrun.airflow_parts import POOL
from localrun.processes import Programs
from localrun.sandbox_link import Addresses
from localrun.serve import SETTINGS, set_up
from localrun.story import DAG_ID
from sandbox.server import SandboxServer
from sandbox.world import World
from tests.browser.visitor import DESK, Visitor, visiting

RUN_TIMEOUT_S = 120
VIEWER, NOBODY = "vera", "nils"
# Airflow's simple auth manager gives no right at all to a user without a role.
OTHERS = {VIEWER: "viewer", NOBODY: ""}
VARIABLE = f"/api/v2/variables/{SETTINGS}"


@dataclass
class Desk:
    """:param is_set_up: whether connections, pool, settings and a first run are there"""

    home: AirflowHome
    programs: Programs
    api: AirflowApi
    server: SandboxServer
    browser: Browser
    is_set_up: bool = False

    @property
    def world(self) -> World:
        return self.server.world

    @property
    def addresses(self) -> Addresses:
        return Addresses(self.server.harvest_url, self.server.upsales_url, self.server.control_url)

    @contextmanager
    def visit(
        self,
        user: str = USER,
        size: tuple[int, int] = DESK,
        *,
        dark: bool = False,
        refused: tuple[int, ...] = (),
    ) -> Iterator[Visitor]:
        """Somebody who is logged in."""
        with visiting(self.browser, self.home.url, size, dark=dark, refused=refused) as visitor:
            visitor.log_in(user, self.home.password)
            yield visitor

    def run(self) -> str:
        """A run over everything, to its end: how it ended."""
        run_id = self.api.trigger(DAG_ID)
        return self.end_of(run_id)

    def end_of(self, run_id: str) -> str:
        return self.api.wait_for_run(DAG_ID, run_id, timeout_s=RUN_TIMEOUT_S, each_time=self.programs.check)

    def set_up(self) -> None:
        """What the newcomer's test does by hand, where that has not been done."""
        if not self.is_set_up:
            set_up(self.api, self.addresses)
            self.api.make_pool(POOL, 1)
            self.api.switch_on(DAG_ID)
            assert self.run() == "success"
            self.is_set_up = True

    def runs_by_hand(self) -> int:
        """How many runs somebody started; the schedule starts one at every full hour."""
        return sum(run.run_type == "manual" for run in self.api.runs(DAG_ID))

    def read(self, route: str) -> dict[str, Any]:
        """What one of the page's routes answers an administrator."""
        found: dict[str, Any] = self.ask("GET", route, USER).json()
        return found

    def settings(self) -> dict[str, Any]:
        """The settings as they are saved."""
        values: dict[str, Any] = self.read("settings")["values"]
        return values

    def save_text(self, text: str) -> None:
        """What an administrator does under Admin → Variables, whatever the text is."""
        self.api.call("PATCH", VARIABLE, {"key": SETTINGS, "value": text}).raise_for_status()

    def saved_text(self) -> str:
        """The Variable's text."""
        text: str = self.api.call("GET", VARIABLE).json()["value"]
        return text

    def ask(self, method: str, route: str, user: str | None, **wish: object) -> requests.Response:
        """One of the page's routes, as a script would ask it; ``user=None`` is not logged in."""
        with requests.Session() as session:
            session.trust_env = False
            if user is not None:
                login = {"username": user, "password": self.home.password}
                token = session.post(f"{self.home.url}/auth/token", json=login, timeout=30).json()[
                    "access_token"
                ]
                session.headers["Authorization"] = f"Bearer {token}"
            url = f"{self.home.url}/harvest-upsales/api/{route}"
            return session.request(method, url, timeout=60, **wish)  # type: ignore[arg-type]

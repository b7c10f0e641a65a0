"""One Airflow with all kinds of people before it, for all tests of the page."""

import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from localrun import airflow_parts
from localrun.airflow_api import AirflowApi
from localrun.airflow_home import SETTINGS, AirflowHome
from localrun.processes import Programs
from localrun.sandbox_link import DEMO_SETTINGS, Addresses, connections
from sandbox.server import SandboxServer
from sandbox.world import World

DAG_FILE = Path(__file__).with_name("dags_of_the_tests.py")
DAG, OTHER = "harvest_upsales", "other"
PEOPLE = {"admin": "admin", "olle": "op", "una": "user", "vera": "viewer"}
RUN_TIMEOUT_S = 120
PAGE = "/harvest-upsales"


class Person:
    """Somebody with a browser: Airflow's cookie, and what the page sends along."""

    def __init__(self, home: AirflowHome, name: str | None) -> None:
        self.url = home.url
        self.session = requests.Session()
        self.session.trust_env = False
        if name is not None:
            credentials = {"username": name, "password": home.password}
            answer = self.session.post(f"{self.url}/auth/token", json=credentials, timeout=30)
            self.session.cookies.set("_token", answer.json()["access_token"])

    def get(self, path: str, *, headers: dict[str, str] | None = None, **query: Any) -> requests.Response:
        return self.session.get(f"{self.url}{PAGE}{path}", params=query, headers=headers, timeout=30)

    def send(
        self, method: str, path: str, body: Any, *, headers: dict[str, str | None] | None = None, **query: Any
    ) -> requests.Response:
        """A write as the page makes it; a header that is ``None`` is left out."""
        sent = {
            "Origin": self.url,
            "X-Harvest-Upsales": "page",
            "Content-Type": "application/json",
            **(headers or {}),
        }
        kept = {name: value for name, value in sent.items() if value is not None}
        return self.session.request(
            method, f"{self.url}{PAGE}{path}", params=query, data=json.dumps(body), headers=kept, timeout=30
        )


@dataclass(frozen=True)
class Site:
    """Airflow with the page.

    :param servers: each DAG's sandbox, in this process
    """

    home: AirflowHome
    programs: Programs
    api: AirflowApi
    servers: dict[str, SandboxServer]

    def person(self, name: str | None) -> Person:
        return Person(self.home, name)

    def world(self, dag_id: str = DAG) -> World:
        return self.servers[dag_id].world

    def ended(self, run_id: str, dag_id: str = DAG) -> str:
        """How a run ends."""
        return self.api.wait_for_run(dag_id, run_id, timeout_s=RUN_TIMEOUT_S, each_time=self.programs.check)

    def airflow(self, method: str, path: str, body: Any = None) -> requests.Response:
        """A call to Airflow's own API, by the administrator."""
        person = self.person("admin")
        answer = person.session.request(method, f"{person.url}/api/v2{path}", json=body, timeout=30)
        answer.raise_for_status()
        return answer


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("web")
    dags = folder / "dags"
    dags.mkdir()
    shutil.copy(DAG_FILE, dags)
    with ExitStack() as stack:
        servers, own = {}, {}
        for dag_id, suffix in ((DAG, "default"), (OTHER, "other")):
            server = stack.enter_context(
                SandboxServer(World.new(datetime.now(UTC).date()), rate_limits=False)
            )
            addresses = Addresses(server.harvest_url, server.upsales_url, server.control_url)
            own |= connections(addresses, suffix=suffix)
            servers[dag_id] = server
        # The shipped DAG's settings are kept in Airflow's database, where the page can change them.
        del own[SETTINGS]
        own["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"] = ",".join(
            f"{name}:{role}" for name, role in PEOPLE.items()
        )
        home = AirflowHome(folder / "home", dags=dags, own=own)
        home.create()
        passwords = dict.fromkeys(PEOPLE, home.password)
        (home.folder / "passwords.json").write_text(json.dumps(passwords), encoding="utf-8")
        programs = stack.enter_context(Programs(home.logs))
        airflow_parts.migrate(programs, home)
        api = airflow_parts.start(programs, home, [DAG, OTHER])
        api.make_pool("other_writes", 1)
        site = Site(home=home, programs=programs, api=api, servers=servers)
        save_settings(site, DEMO_SETTINGS)
        yield site


def save_settings(site: Site, values: dict[str, Any]) -> None:
    """Put the Variable as it should be, without the page."""
    body = {"key": "harvest_upsales_settings", "value": json.dumps(values)}
    listed = site.airflow("GET", "/variables").json()["variables"]
    if any(each["key"] == body["key"] for each in listed):
        site.airflow("PATCH", f"/variables/{body['key']}", body)
    else:
        site.airflow("POST", "/variables", body)


@pytest.fixture
def admin(site: Site) -> Person:
    return site.person("admin")

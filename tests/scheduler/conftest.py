"""One Airflow for all tests of this folder: starting it takes longer than running them."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from localrun import airflow_parts
from localrun.airflow_home import AirflowHome
from localrun.processes import Programs
from localrun.sandbox_link import DEMO_SETTINGS, Addresses, connections
from sandbox.credentials import HARVEST_TOKEN
from sandbox.server import SandboxServer
from sandbox.world import World
from tests.scheduler.rig import Rig

DAG_FILE = Path(__file__).with_name("dags_of_the_tests.py")
WRONG_TOKEN = "3141592.pt.WRONG-harvest-Lk8sD2qX7vYc4Fh1"
# One project in a batch: each has a task instance of its own.
SETTINGS: dict[str, dict[str, object]] = {
    "mend": {**DEMO_SETTINGS, "batch_size": 1},
    "week": DEMO_SETTINGS,
    "billing": DEMO_SETTINGS,
    "refused": DEMO_SETTINGS,
}


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    folder = tmp_path_factory.mktemp("scheduler")
    dags = folder / "dags"
    dags.mkdir()
    shutil.copy(DAG_FILE, dags)
    with ExitStack() as stack:
        servers, own = {}, {}
        for name, settings in SETTINGS.items():
            world = World.new(datetime.now(UTC).date())
            server = stack.enter_context(SandboxServer(world, rate_limits=False))
            addresses = Addresses(server.harvest_url, server.upsales_url, server.control_url)
            own |= connections(addresses, suffix=name, settings=settings)
            servers[name] = server
        refused = "AIRFLOW_CONN_HARVEST_REFUSED"
        own[refused] = own[refused].replace(HARVEST_TOKEN, WRONG_TOKEN)
        home = AirflowHome(folder / "home", dags=dags, own=own)
        home.create()
        programs = stack.enter_context(Programs(home.logs))
        airflow_parts.migrate(programs, home)
        api = airflow_parts.start(programs, home, SETTINGS)
        yield Rig(home=home, programs=programs, api=api, servers=servers)

"""One cluster for all tests of this folder that need one: starting it takes longer than they do."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from localrun.processes import Programs
from localrun.sandbox_link import DEMO_SETTINGS
from sandbox.server import SandboxServer
from sandbox.world import World
from tests.cluster.compose import ROOT
from tests.cluster.rig import Cluster, accounts


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Without ``--cluster``, what the cluster runs on need not be installed."""
    is_ours = collection_path.name.startswith("test_cluster")
    return True if is_ours and not config.getoption("cluster") else None


@pytest.fixture(scope="session")
def world() -> World:
    """What both services hold; changed by the tests as people do."""
    return World.new(datetime.now(UTC).date())


@pytest.fixture(scope="session")
def cluster(world: World, request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """All of docker-compose.yaml's parts, with two workers.

    Tasks hand data on through the volume, as the file has it by default; the last tests give it a bucket.
    """
    from tests.cluster.servers import postgres, redis

    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="harvest-upsales-cluster-"))
        (folder / "logs").mkdir()
        stack.callback(_tidy_up, folder, request.session)
        certificate = folder / "volumes" / "certificate" / "sandbox.pem"
        certificate.parent.mkdir(parents=True)
        server = stack.enter_context(
            SandboxServer(world, rate_limits=False, certificate=certificate, names=("localhost",))
        )
        programs = stack.enter_context(Programs(folder / "logs"))
        given = {
            **stack.enter_context(postgres(programs)),
            **stack.enter_context(redis(programs, folder)),
            **accounts(server, json.dumps({**DEMO_SETTINGS, "batch_size": 2})),
            # A worker that is gone is noticed sooner than people would want it.
            "TASK_HEARTBEAT_TIMEOUT_S": "30",
            "WORKER_CONCURRENCY": "2",
        }
        running = Cluster(folder, programs, given, {"CLUSTER_SCHEDULE": daily_schedule()})
        stack.callback(running.stop)
        running.start({"harvest_upsales"})
        yield running


def daily_schedule() -> str:
    """Once a day, hours away from now: no run comes on schedule while the tests count runs, but the first."""
    return f"0 {6 if datetime.now(UTC).hour >= 12 else 18} * * *"


def _tidy_up(folder: Path, session: pytest.Session) -> None:
    """Remove what the cluster left; where a test failed, its logs are kept in ``.run``."""
    if session.testsfailed:
        kept = ROOT / ".run" / folder.name
        shutil.copytree(folder / "logs", kept)
        tasks = folder / "volumes" / "logs"
        if tasks.exists():
            shutil.copytree(tasks, kept / "tasks")
        sys.stderr.write(f"\nThe cluster's logs: {kept}\n")
    shutil.rmtree(folder, ignore_errors=True)

"""A run of all steps in a process of its own, which can be killed; no Airflow."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import sys
from types import SimpleNamespace
from typing import Any, cast

from sandbox.server import SandboxServer
from sandbox.world import World
from tests.flows.run_harness import EVERYTHING, Bench

TIMEOUT_S = 60
# Its processes start from one that has imported everything, so each takes milliseconds.
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([__name__])


def run_in_a_process(server: SandboxServer, settings: dict[str, object]) -> int:
    """One run over everything.

    :return: the process's exit code: 0 = the run went well, -9 = killed
    """
    arguments = (server.harvest_url, server.upsales_url, settings, server.world.clock.now())
    process = _processes.Process(target=_run, args=arguments)
    process.start()
    process.join(TIMEOUT_S)
    code = process.exitcode
    assert code is not None, f"the run did not end within {TIMEOUT_S} s"
    process.close()
    return code


def _run(harvest_url: str, upsales_url: str, settings: dict[str, Any], now: dt.datetime) -> None:
    # A world that lends the bench nothing but its clock.
    world = World(now.date())
    world.clock.advance(now - world.clock.now())
    place = SimpleNamespace(harvest_url=harvest_url, upsales_url=upsales_url, world=world)
    bench = Bench(cast("SandboxServer", place))
    run = bench.run(EVERYTHING, **settings)
    failed = [*run.failures, *run.errors.values()]
    drifts = run.drifts
    bench.close()
    if failed or drifts:
        sys.exit(f"the run failed: {failed}, drifts: {drifts}")

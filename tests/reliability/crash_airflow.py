"""Airflow's real parts for the crash matrix: scenes are played in a few lanes side by side, one DAG a lane."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

from localrun import airflow_parts
from localrun.airflow_api import AirflowApi, ApiError, TaskInstance
from localrun.airflow_home import USER, AirflowHome, free_port
from localrun.failures import error_lines, task_log
from localrun.processes import Programs
from localrun.sandbox_link import DEMO_SETTINGS, Addresses, connections
from sandbox.journal import Moment
from sandbox.server import SandboxServer
from sandbox.world import World
from tests.flows.run_harness import Bench
from tests.reliability.crash_points import Killer, Watcher, WritePoint
from tests.reliability.crash_scenes import SCENES, Scene

DAG_FILE = Path(__file__).with_name("crash_dags.py")
LANES = tuple(f"lane_{n}" for n in range(4))
RUN_TIMEOUT_S = 180
SYNC = "settle.sync_billing"
T = TypeVar("T")


@dataclass(frozen=True)
class Case:
    """A scene, and where in it the process that runs the task is killed; without a point nobody is.

    :param with_worker: the worker that looks after the process is killed, too, so that nobody reports its end
    """

    scene: Scene
    point: WritePoint | None = None
    moment: Moment = Moment.ARRIVED
    with_worker: bool = False

    def __str__(self) -> str:
        if self.point is None:
            return f"{self.scene.name}, undisturbed"
        return f"{self.point}, killed {self.moment}" + (" with its worker" if self.with_worker else "")


@dataclass(frozen=True)
class Played:
    """How a case went.

    :param repeated: task instances with more than one try, those that a person cleared aside
    :param errors: what the logs of failed instances say
    """

    case: Case
    state: str
    world: World
    watcher: Watcher
    repeated: list[TaskInstance]
    errors: list[str] = field(default_factory=list)

    @property
    def points(self) -> list[WritePoint]:
        """The write points of an undisturbed scene."""
        return self.watcher.points(self.case.scene.name)

    @property
    def killed(self) -> bool:
        """Whether a process was killed."""
        return isinstance(self.watcher, Killer) and self.watcher.killed is not None


@dataclass(frozen=True)
class Theatre:
    """Airflow, running, with the lanes' addresses."""

    home: AirflowHome
    programs: Programs
    ports: dict[str, int]

    def play(self, cases: Iterable[Case]) -> list[Played]:
        """Play the cases, as many at a time as there are lanes."""
        free: SimpleQueue[str] = SimpleQueue()
        for lane in self.ports:
            free.put(lane)

        def in_a_free_lane(case: Case) -> Played:
            lane = free.get()
            try:
                return self._play(lane, case)
            finally:
                free.put(lane)

        with ThreadPoolExecutor(len(self.ports)) as pool:
            return list(pool.map(in_a_free_lane, cases))

    def _play(self, lane: str, case: Case) -> Played:
        world = World.new(dt.datetime.now(dt.UTC).date())
        api = AirflowApi(self.home.url, USER, self.home.password)
        api.log_in()
        with SandboxServer(world, rate_limits=False, port=self.ports[lane]) as server:
            bench = Bench(server)
            case.scene.set_the_stage(bench)
            bench.close()
            world.watcher = watcher = _watcher(case, server)
            run_id = _insist(lambda: api.trigger(lane, scene=_variable(case.scene)))
            state = self._wait(api, lane, run_id)
            cleared = 0
            if case.scene.mend is not None:
                case.scene.mend(world)
                cleared = len(_insist(lambda: api.clear_failed(lane, run_id, [SYNC])))
                state = self._wait(api, lane, run_id)
            world.watcher = None
            instances = api.task_instances(lane, run_id)
            return Played(
                case, state, world, watcher,
                [ti for ti in instances if ti.try_number > 1 + (cleared > 0 and ti.task_id in (SYNC, "reconcile"))],
                [e for ti in instances if ti.state == "failed" for e in self._errors(lane, run_id, ti)],
            )  # fmt: skip

    def _wait(self, api: AirflowApi, lane: str, run_id: str) -> str:
        return api.wait_for_run(lane, run_id, timeout_s=RUN_TIMEOUT_S, each_time=self.programs.check)

    def _errors(self, lane: str, run_id: str, instance: TaskInstance) -> Sequence[str]:
        return [
            f"{instance.name}: {line}"
            for line in error_lines(task_log(self.home.logs, lane, run_id, instance))
        ]


@contextmanager
def theatre(folder: Path) -> Iterator[Theatre]:
    """Start Airflow, and stop it."""
    dags = folder / "dags"
    dags.mkdir()
    shutil.copy(DAG_FILE, dags)
    ports = {lane: free_port() for lane in LANES}
    own = {
        # A lost worker is found by the silence of its heart.
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
    } | {
        f"AIRFLOW_VAR_CRASH_{_variable(scene).upper()}": json.dumps(DEMO_SETTINGS | scene.settings)
        for scene in SCENES.values()
    }
    for lane, port in ports.items():
        base = f"http://127.0.0.1:{port}"
        addresses = Addresses(f"{base}/v2", f"{base}/api/v2", f"{base}/control")
        own |= connections(addresses, suffix=lane)
    home = AirflowHome(folder / "home", dags=dags, own=own)
    home.create()
    with Programs(home.logs) as programs:
        airflow_parts.migrate(programs, home)
        api = airflow_parts.start(programs, home, LANES)
        for lane in LANES:
            api.make_pool(f"writes_{lane}", 1)
        yield Theatre(home, programs, ports)


def _watcher(case: Case, server: SandboxServer) -> Watcher:
    if case.point is None:
        return Watcher(server.world)
    return Killer(server.world, server.port, case.point.nth, case.moment, and_parent=case.with_worker)


def _insist(ask: Callable[[], T]) -> T:
    """SQLite refuses, at once, a transaction that began to read before another one wrote; nothing is done then."""
    for _ in range(20):
        with suppress(ApiError):
            return ask()
        time.sleep(0.3)
    return ask()


def _variable(scene: Scene) -> str:
    return scene.name.replace(" ", "_")

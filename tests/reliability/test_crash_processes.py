"""Each write is killed, in a process without Airflow: the sender dies, a second process does the same run.

Cheaper than with Airflow's scheduler (``test_crash_matrix.py``), so here every single write of every scene is killed at
every moment, and every write of a first sync of sixty projects.
"""

from __future__ import annotations

import datetime as dt
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest

from sandbox.journal import Moment
from sandbox.server import SandboxServer
from sandbox.world import World
from tests.flows.run_harness import BILLED, Bench
from tests.reliability.books import audit
from tests.reliability.crash_child import run_in_a_process
from tests.reliability.crash_points import MOMENTS, Killer, Watcher
from tests.reliability.crash_scenes import SCENES, Scene
from tests.reliability.figures import Figures

PART = "crash matrix, processes"
PROJECTS = 60
# A run by the bench ends where the billing app refused the order: no person clears a task.
PLAYED = [scene for scene in SCENES.values() if scene.mend is None]


@contextmanager
def stage(prepare: Callable[[Bench], None]) -> Iterator[SandboxServer]:
    with SandboxServer(World.new(dt.datetime.now(dt.UTC).date()), rate_limits=False) as server:
        bench = Bench(server)
        prepare(bench)
        bench.close()
        yield server


def undisturbed(prepare: Callable[[Bench], None], settings: dict[str, object]) -> list[str]:
    """Labels of the writes of a run that nobody disturbs."""
    with stage(prepare) as server:
        server.world.watcher = watcher = Watcher(server.world)
        assert run_in_a_process(server, settings) == 0
        assert not audit(server.world)
        assert watcher.sent == len(watcher.labels)
        return watcher.labels


def kill_and_run_again(
    server: SandboxServer, settings: dict[str, object], nth: int, moment: Moment, expected: list[str]
) -> None:
    world = server.world
    world.watcher = killer = Killer(world, server.port, nth, moment)
    assert run_in_a_process(server, settings) == -signal.SIGKILL
    assert killer.sent == nth or moment is Moment.ANSWERED
    assert run_in_a_process(server, settings) == 0
    assert killer.labels == expected, "a write of the journal is no write point, or one is missing or doubled"
    assert world.journal.violations == []


@pytest.mark.parametrize("scene", PLAYED, ids=lambda scene: scene.name)
def test_the_second_process_completes_what_the_killed_one_began(
    scene: Scene, full: bool, figures: Figures
) -> None:
    labels = undisturbed(scene.set_the_stage, scene.settings)
    figures.add(PART, "write points", len(labels))
    # In part: each write once, the moments taken in turn.
    cases = [
        (nth, moment)
        for nth in range(1, len(labels) + 1)
        for position, moment in enumerate(MOMENTS)
        if full or (nth + position) % len(MOMENTS) == 0
    ]
    for nth, moment in cases:
        with stage(scene.set_the_stage) as server:
            kill_and_run_again(server, scene.settings, nth, moment, labels)
            scene.expect(server.world)
            figures.add(PART, "kills")
            figures.judge(PART, audit(server.world))
            server.world.watcher = after = Watcher(server.world)
            assert run_in_a_process(server, scene.settings) == 0
            assert after.labels == [], "a run after a run writes nothing"


def sixty_projects(bench: Bench) -> None:
    for number in range(PROJECTS):
        project = bench.add_project(f"Projekt {number}")
        bench.add_time(project, Decimal(number + 1) / 4)
        bench.add_time(project, "0.5", rate=Decimal("1250.50"))


@pytest.mark.timeout(600)
def test_every_write_of_a_first_sync_can_be_the_last(full: bool, figures: Figures) -> None:
    labels = undisturbed(sixty_projects, BILLED)
    assert len(labels) == PROJECTS + 2, "both order fields, and an opportunity a project"
    figures.add(PART, "write points", len(labels))
    moments = (Moment.ARRIVED, Moment.DONE)
    for nth in range(1, len(labels) + 1) if full else (3, 40):
        for moment in moments if full else moments[nth % 2 :][:1]:
            with stage(sixty_projects) as server:
                kill_and_run_again(server, BILLED, nth, moment, labels)
                figures.add(PART, "kills")
                figures.judge(PART, audit(server.world))


def test_a_process_may_be_killed_at_each_of_its_first_writes(full: bool, figures: Figures) -> None:
    """One process after the other dies at its first write, which took effect: none of them is made again."""
    with stage(sixty_projects) as server:
        world = server.world
        fields = len(world.upsales.order_fields)
        for made in range(1, (PROJECTS if full else 6) + 1):
            world.watcher = killer = Killer(world, server.port, 1, Moment.DONE)
            assert run_in_a_process(server, BILLED) == -signal.SIGKILL
            assert len(killer.labels) == 1
            assert len(world.upsales.order_fields) - fields + len(world.upsales.orders) == made
            figures.add(PART, "kills")
        world.watcher = None
        assert run_in_a_process(server, BILLED) == 0
        figures.judge(PART, audit(world))
        assert len(world.upsales.orders) == PROJECTS

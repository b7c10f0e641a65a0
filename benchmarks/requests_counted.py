"""How many requests runs take, counted by the sandbox; whole runs in this process, on a clock that does not wait."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter

from sandbox.world import World
from tests.flows.run_harness import Bench, Run, SteadyClock, serve

DAY = dt.date(2026, 10, 30)


@dataclass(frozen=True)
class Counted:
    """What one run asked of the services."""

    scene: str
    projects: int
    harvest: int
    upsales: int
    writes: int
    waited_s: float
    wall_s: float


@contextmanager
def account(
    projects: int, entries_each: int = 5, clock: SteadyClock | None = None
) -> Iterator[tuple[Bench, list[int]]]:
    """An account of projects with a little time each, nothing of it in Upsales yet."""
    serving = serve(World.new(DAY), clock=clock)
    bench = next(serving)
    made = []
    for number in range(projects):
        project = bench.add_project(f"Nr {number}")
        made.append(project)
        for entry in range(entries_each):
            bench.add_time(project, 1, days_ago=entry + 1)
    # Most of an account's time was saved long before a run begins.
    bench.world.clock.advance(dt.timedelta(hours=2))
    try:
        yield bench, made
    finally:
        next(serving, None)


def scenes(projects: int, changed: int = 10) -> list[Counted]:
    """A first sync, a quiet run, and one with some changed projects."""
    with account(projects) as (bench, made):
        found = [_count("first sync", projects, bench, lambda: bench.run())]
        found.append(
            _count("nothing to do", projects, bench, lambda: bench.run(bench.quiet, remembered=True))
        )
        for project in made[:changed]:
            bench.add_time(project, 2)
        found.append(
            _count(f"{changed} changed projects", projects, bench, lambda: bench.run(remembered=True))
        )
        bench.win(bench.order_of(made[0])["id"])
        found.append(
            _count("one settlement", projects, bench, lambda: bench.run(bench.quiet, remembered=True))
        )
    return found


def _count(scene: str, projects: int, bench: Bench, run: object) -> Counted:
    assert callable(run)
    waited, began = bench.clock.now(), perf_counter()
    done: Run = run()
    services = [entry["service"] for entry in done.requests]
    return Counted(
        scene, projects, services.count("harvest"), services.count("upsales"), len(done.writes),
        bench.clock.now() - waited, perf_counter() - began,
    )  # fmt: skip

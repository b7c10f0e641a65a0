"""The process that runs a task is killed at every boundary of every write; Airflow's own retry completes the run.

Real scheduler, real workers, SIGKILL. The write points are found in an undisturbed run; the writes of each killed run
have to be the same ones, each once: a write that is new to the product is killed or fails the test.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.journal import Moment
from tests.reliability.books import audit
from tests.reliability.crash_airflow import Case, Played, Theatre, theatre
from tests.reliability.crash_points import MOMENTS, WritePoint
from tests.reliability.crash_scenes import SCENES
from tests.reliability.figures import Figures

pytestmark = [pytest.mark.scheduler, pytest.mark.timeout(900)]

PART = "crash matrix, Airflow"
IN_PART = ("won",)
LOST_WITH_WORKER = "won"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    with theatre(tmp_path_factory.mktemp("crashes")) as started:
        yield started


def test_every_write_survives_a_kill_at_every_moment(stage: Theatre, full: bool, figures: Figures) -> None:
    undisturbed = stage.play(Case(SCENES[name]) for name in (SCENES if full else IN_PART))
    wrong = [complaint for played in undisturbed for complaint in complaints(played)]
    expected = {played.case.scene.name: played.watcher.labels for played in undisturbed}
    points = write_points(undisturbed)

    cases = [
        Case(SCENES[point.scene], point, moment)
        for position, point in enumerate(points)
        for moment in (MOMENTS if full else in_part(position))
    ]
    if full:
        lost = [point for point in points if point.scene == LOST_WITH_WORKER]
        cases = [*(Case(SCENES[point.scene], point, Moment.DONE, with_worker=True) for point in lost), *cases]
    killed = stage.play(cases)

    for played in killed:
        if not played.killed:
            wrong.append(f"{played.case}: nobody was killed")
        if played.watcher.labels != expected[played.case.scene.name]:
            wrong.append(f"{played.case}: other writes than without the kill: {played.watcher.labels}")
        wrong += complaints(played)
    figures.add(PART, "write points", len(points))
    figures.add(PART, "kill moments", len({played.case.moment for played in killed}))
    figures.add(PART, "kills", sum(played.killed for played in killed))
    figures.add(PART, "workers lost", sum(played.case.with_worker for played in killed))
    assert wrong == [], "\n".join(wrong)
    for played in killed:
        figures.judge(PART, audit(played.world))


def write_points(undisturbed: list[Played]) -> list[WritePoint]:
    """Each kind of write once: service, route and purpose."""
    first: dict[str, WritePoint] = {}
    for played in undisturbed:
        for point in played.points:
            first.setdefault(point.label, point)
    return list(first.values())


def in_part(position: int) -> tuple[Moment, ...]:
    """The moment that a write gets where not all are tried; each is tried."""
    return (MOMENTS[(position + 1) % len(MOMENTS)],)


def complaints(played: Played) -> list[str]:
    """What is not as it has to be after a run, in words."""
    found = [] if played.state == "success" else [f"the run ended as {played.state}: {played.errors}"]
    tries = {ti.task_id: ti.try_number for ti in played.repeated}
    if len(tries) != played.killed:
        found.append(f"tried more than once: {tries}")
    try:
        played.case.scene.expect(played.world)
    except AssertionError as error:
        found.append(f"not what the scene expects: {error}")
    if books := audit(played.world):
        found.append(f"the books: {books}")
    return [f"{played.case}: {complaint}" for complaint in found]

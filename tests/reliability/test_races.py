"""A person acts at every request of a run: nothing is doubled or lost, people's edits stand, and holds are told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import pytest

from harvest_upsales.errors import HarvestUpsalesError
from sandbox.minimal import PRODUCT_LICENCE, STAGE_VERBAL_AGREEMENT
from sandbox.world import World
from tests.flows.conftest import TODAY
from tests.flows.run_harness import BILLED, EVERYTHING, Bench, Run, serve
from tests.reliability.books import audit
from tests.reliability.figures import Figures
from tests.reliability.people import APP_ACTS, ORDER_ACTS, TIME_ACTS, Person

PART = "races"
UNDO = {"reopened_orders": "undo"}
Act = Callable[[Person], None]


@dataclass
class Scene:
    """What a run is about to do, and with which settings."""

    prepare: Callable[[Bench, int], None]
    settings: dict[str, Any] = field(default_factory=dict)
    acts: tuple[Act, ...] = (*ORDER_ACTS, *TIME_ACTS)


def an_update(bench: Bench, project: int) -> None:
    bench.add_time(project, "1.5", rate=1400)


def a_settlement(bench: Bench, project: int) -> None:
    bench.win(int(bench.order_of(project)["id"]))


def an_undo(bench: Bench, project: int) -> None:
    a_settlement(bench, project)
    bench.run(**UNDO)
    bench.world.upsales.move(int(bench.order_of(project)["id"]), STAGE_VERBAL_AGREEMENT)


def a_busy_app(bench: Bench, project: int) -> None:
    bench.world.billing.mode = "silent"
    a_settlement(bench, project)


SCENES = {
    "upsert": Scene(an_update, BILLED),
    "settlement": Scene(a_settlement, BILLED),
    "undo": Scene(an_undo, UNDO),
    "billing": Scene(a_busy_app, BILLED, APP_ACTS),
}


@dataclass
class Played:
    """What came of one case.

    :param requests: of the run in which somebody acted
    :param tries: what each run said of what is not in order
    """

    person: Person
    requests: list[dict[str, Any]]
    tries: list[str]

    @property
    def said(self) -> str:
        """What the run itself, or the one right after it, said of what is not in order."""
        return "\n".join([self.tries[0], self.tries[1]])


def _said(run: Run) -> str:
    errors = [error.message for error in (*run.errors.values(), *run.failures)]
    reasons = [outcome.reason for outcome in run.outcomes]
    drifts = [f"project {project}: {state}" for project, state in run.drifts.items()]
    return "\n".join([*errors, *reasons, *drifts])


def play(scene: Scene, act: Act | None = None, *, nth: int = 0, before: bool = True) -> tuple[Bench, Played]:
    """One world, one run with somebody acting at its nth request, one run in peace, and one that has nothing to do."""
    world = World.new(TODAY)
    world.billing.delay_s = 0
    worlds = serve(world)
    bench = next(worlds)
    try:
        return bench, _played(bench, scene, act, nth=nth, before=before)
    finally:
        for _ in worlds:
            pass


def _played(bench: Bench, scene: Scene, act: Act | None, *, nth: int, before: bool) -> Played:
    world = bench.world
    project = bench.add_project()
    bench.add_project("Other")
    bench.add_time(project, 2)
    bench.add_time(project, "0.5", rate=2500)
    bench.run(**scene.settings)
    order = int(bench.order_of(project)["id"])
    form = deepcopy(bench.order_of(project))
    scene.prepare(bench, project)
    person = Person(world, project, order, form)
    if act is not None:
        world.moments.at(nth, lambda: act(person), before=before)
    first = len(world.journal.entries)
    tries = [_try(bench, scene)]
    requests = list(world.journal.since(first))
    world.moments.clear()
    tries += [_try(bench, scene) for _ in range(2)]
    return Played(person, requests, tries)


def _try(bench: Bench, scene: Scene) -> str:
    try:
        return _said(bench.run(EVERYTHING, **scene.settings))
    except HarvestUpsalesError as error:
        return error.message


@dataclass(frozen=True)
class Case:
    """A person's act at one request of a scene."""

    scene: str
    act: Act
    nth: int
    before: bool
    request: str

    def __str__(self) -> str:
        when = "before" if self.before else "after"
        return f"{self.scene}: {self.act.__name__} {when} request {self.nth} {self.request}"


def cases(name: str, *, full: bool) -> Iterator[Case]:
    """Every act at the first and the last request of each kind that the scene makes, as its own journal tells.

    Between the end of one request and the next one the run only thinks, so each act comes right before a request;
    right after it only at the end, and where it is a write, as its answer may lie by then. In part: at the writes.
    """
    _, calm = play(SCENES[name])
    kinds = [f"{entry['method']} {re.sub(r'[0-9]{3,}', 'N', entry['path'])}" for entry in calm.requests]
    ends = {kind: nth for nth, kind in enumerate(kinds, start=1)}.values()
    starts = {kind: nth for nth, kind in reversed(list(enumerate(kinds, start=1)))}.values()
    writes = {nth for nth, entry in enumerate(calm.requests, start=1) if entry["is_write"]}
    chosen = SCENES[name].acts if full else SCENES[name].acts[::9]
    for nth in sorted({*ends, *starts, *writes} if full else writes):
        for act in chosen:
            yield Case(name, act, nth, True, kinds[nth - 1])
            if nth in writes or nth == len(kinds):
                yield Case(name, act, nth, False, kinds[nth - 1])


def in_the_open_window(case: Case, played: Played) -> bool:
    """The one round trip that the API leaves open: after the order was read for its save, until it is saved."""
    saves = [n for n, entry in enumerate(played.requests, start=1) if _saves_order(entry)]
    return any((case.nth == n and case.before) or (case.nth == n - 1 and not case.before) for n in saves)


def _saves_order(entry: dict[str, Any]) -> bool:
    return entry["method"] == "PUT" and entry["path"].startswith("/orders/")


def edits_survive(bench: Bench, person: Person) -> bool:
    order = bench.world.upsales.orders.get(person.order)
    if order is None:
        return True
    found = {
        "note": "Call them on Monday" in (order["notes"] or ""),
        "reference": bench.world.upsales.custom_value(person.order, "REFERENCE")
        == person.edited.get("reference"),
        "licences": sum(r["quantity"] for r in order["orderRow"] if r["product"]["id"] == PRODUCT_LICENCE)
        == person.edited.get("licences"),
    }
    return all(
        found[name] if name in found else order[name] == value for name, value in person.edited.items()
    )


def judge(case: Case, bench: Bench, played: Played, figures: Figures) -> str | None:
    """What is wrong with the end of a case, or ``None``; counts how it ended."""
    open_window = in_the_open_window(case, played)
    if not edits_survive(bench, played.person):
        if not open_window:
            return "a person's edit was overwritten"
        figures.add(PART, "edits overwritten in the one round trip that the API leaves open")
    strict, doubled = audit(bench.world), audit(bench.world, settled=False)
    figures.add(PART, "duplicates", len(doubled.duplicates))
    if doubled.duplicates:
        return f"doubled: {doubled.duplicates}"
    if not strict:
        figures.add(PART, "ended right")
        return None
    if _told(strict.losses + doubled.losses, played, bench):
        figures.add(PART, "said why not")
        return None
    figures.add(PART, "losses", len(strict.losses))
    return f"not told: {strict.losses}; said {played.said!r}"


def _told(losses: list[str], played: Played, bench: Bench) -> bool:
    """Whether the last runs name the order or the project of all that is not in order."""
    said = played.said
    return bool(losses) and (
        re.search(rf"\b[oO]rder {played.person.order}\b", said) is not None
        or re.search(rf"\b[pP]roject {played.person.project}\b", said) is not None
    )


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", SCENES)
def test_people_act_at_every_request(name: str, full: bool, figures: Figures) -> None:
    wrong = []
    found = list(cases(name, full=full))
    figures.add(PART, "requests", len({case.nth for case in found}))
    figures.add(PART, "acts", len({case.act for case in found}))
    figures.add(PART, "cases", len(found))
    for key in ("ended right", "said why not", "duplicates", "losses"):
        figures.add(PART, key, 0)
    for case in found:
        bench, played = play(SCENES[name], case.act, nth=case.nth, before=case.before)
        trouble = judge(case, bench, played, figures)
        if trouble:
            wrong.append(f"{case}: {trouble}")
    assert not wrong, f"{len(wrong)} of {len(found)}:\n" + "\n".join(wrong)

"""Answers with one field spoilt: refused by name, with nothing written on their word, or taken; never an accident."""

from __future__ import annotations

import contextlib
import functools
import inspect
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any

import msgspec
import pytest
import requests

from harvest_upsales.api import harvest_pages, upsales_envelope
from harvest_upsales.errors import ServiceUnavailableError, UnexpectedAnswerError
from harvest_upsales.records import harvest_records, upsales_records
from sandbox.world import World
from tests.flows.run_harness import serve
from tests.reliability.faults_matrix import READ_TIMEOUT_S, Endpoint, Matrix
from tests.reliability.faults_steps import WholeTask
from tests.reliability.figures import Figures

PART = "spoilt answers"
PERSON = "Åsa 'q' Ögren"
SPOILT = {
    "null": "null",
    "a flag": "true",
    "below zero": "-1",
    "an endless number": "1" * 12_000,
    "endless decimals": "0." + "1" * 12_000,
    "beyond a float": "1e400",
    "beyond memory": "1e999999999",
    "next to nothing": "1e-999999999",
    "NaN": '"NaN"',
    "signalling NaN": '"sNaN"',
    "infinite": '"-Infinity"',
    "text": f'"{PERSON}"',
    "a list": "[]",
    "an object": "{}",
    "depth": "[" * 50_000 + "]" * 50_000,
    "half a character": '"a\\ud83d"',
    "the first day": '"0001-01-01"',
    "the last moment": '"9999-12-31T23:59:59Z"',
    "twice": 'null, "id": 7, "id": "x"',
}
# How many cases one stands for, with `--full` and without; neither shares a factor with the ways of spoiling.
FULL_ONE_OF, ONE_OF = 8, 31


@dataclass(frozen=True)
class Spoilt:
    """One field of one answer."""

    step: str
    endpoint: Endpoint
    at: str
    how: str


@pytest.fixture(scope="module")
def answers() -> dict[tuple[str, Endpoint], set[str]]:
    """Step and endpoint → where the answers have fields that are read; filled while the steps are tried out."""
    return {}


@pytest.fixture(scope="module")
def matrix(answers: dict[tuple[str, Endpoint], set[str]]) -> Iterator[Matrix]:
    """All steps, with the shapes of what each was answered."""
    world = World.new(date(2026, 11, 22))
    world.billing.delay_s = 0
    read = used_names()
    for bench in serve(world, (5, 20 * READ_TIMEOUT_S)):
        shapes: dict[Endpoint, set[str]] = {}
        keep = functools.partial(_keep_shape, world, read, shapes)

        for client in (bench.harvest, bench.upsales):
            client.transport._session.hooks["response"].append(keep)
        made = Matrix(bench)
        for name, known in made.known.items():
            shapes.clear()
            known.begin.restore(world)
            known.step.act(bench)
            answers.update({(name, endpoint): set(found) for endpoint, found in shapes.items()})
        for client in (bench.harvest, bench.upsales):
            client.transport._session.hooks["response"].clear()
        yield made


def _keep_shape(
    world: World,
    read: set[str],
    shapes: dict[Endpoint, set[str]],
    answer: requests.Response,
    **_: object,
) -> None:
    with contextlib.suppress(msgspec.DecodeError):
        found = set(places(msgspec.json.decode(answer.content), read))
        shapes.setdefault(Endpoint.of(world.journal.entries[-1]), set()).update(found)


def used_names() -> set[str]:
    """Every field that any record reads, as the services call it."""
    modules = (harvest_records, upsales_records, harvest_pages, upsales_envelope)
    kinds = {kind for module in modules for _, kind in inspect.getmembers(module, inspect.isclass)}
    structs = [kind for kind in kinds if issubclass(kind, msgspec.Struct) and kind is not msgspec.Struct]
    return {field.encode_name for kind in structs for field in msgspec.structs.fields(kind)}


def places(value: Any, read: set[str], at: tuple[str, ...] = ()) -> Iterator[str]:
    """Where an answer has something that is read; of a list, its first record."""
    inner: Iterator[tuple[str, Any]] = iter(())
    if isinstance(value, dict):
        inner = ((key, each) for key, each in value.items() if key in read)
    elif isinstance(value, list):
        inner = (("0", each) for each in value[:1])
    for key, each in inner:
        yield ".".join((*at, key))
        yield from places(each, read, (*at, key))


def cases(answers: dict[tuple[str, Endpoint], set[str]]) -> list[Spoilt]:
    """Each field of each endpoint's answers in one of the steps, spoilt in each way."""
    steps: dict[tuple[Endpoint, str], list[str]] = {}
    for (step, endpoint), found in answers.items():
        for at in found:
            steps.setdefault((endpoint, at), []).append(step)
    fields = sorted(steps.items())
    return [
        Spoilt(among[(row + turn) % len(among)], endpoint, at, how)
        for row, ((endpoint, at), among) in enumerate(fields)
        for turn, how in enumerate(SPOILT)
    ]


@pytest.mark.timeout(600)
def test_a_spoilt_field_is_refused_by_name_or_taken(
    matrix: Matrix, answers: dict[tuple[str, Endpoint], set[str]], figures: Figures, full: bool
) -> None:
    every = cases(answers)
    chosen = every[:: FULL_ONE_OF if full else ONE_OF]
    assert {case.how for case in chosen} == set(SPOILT)
    assert {case.endpoint for case in chosen} == {endpoint for _, endpoint in answers}
    wrong = list(chain.from_iterable(_problems(matrix, figures, case) for case in chosen))
    figures.add(PART, "fields", len({(case.endpoint, case.at) for case in chosen}))

    assert not wrong, "\n" + "\n".join(wrong)


def _problems(matrix: Matrix, figures: Figures, case: Spoilt) -> Iterator[str]:
    world, known = matrix.bench.world, matrix.known[case.step]
    known.begin.restore(world)
    rule = world.faults.add(kind="edit", at=case.at, raw=SPOILT[case.how], **case.endpoint.rule)
    first, where = len(world.journal.entries), f"{case.step}, {case.endpoint}, {case.at}, {case.how}"
    try:
        errors = known.step.act(matrix.bench)
    except Exception as accident:  # noqa: BLE001 - any other kind of error is what this looks for
        yield f"{where}: {type(accident).__name__} {_where(accident)}"
        return
    figures.add(PART, "cases")
    figures.add(PART, "refused", int(bool(errors)))
    if not rule.fired:
        yield f"{where}: the field did not come up"
    for error in errors:
        if isinstance(error, UnexpectedAnswerError | ServiceUnavailableError) and "Ögren" in error.message:
            yield f"{where}: {error.message}"
        if len(error.message) > 5_000 or (not error.message.isprintable() and "\n" not in error.message):
            yield f"{where}: a message that no log should hold"
    if isinstance(errors, WholeTask) and not case.endpoint.is_write:
        since = world.journal.since(first)
        bad = next(number for number, entry in enumerate(since) if entry["fault"] == "edit")
        written = [f"{e['method']} {e['path']}" for e in since[bad:] if e["is_write"]]
        # What a task read in good order before, it may have acted on.
        if (
            written
            and isinstance(errors[0], UnexpectedAnswerError)
            and bad == _last_read(since, case.endpoint)
        ):
            yield f"{where}: wrote {written}"


def _last_read(since: list[dict[str, Any]], endpoint: Endpoint) -> int:
    """Where the journal has the last answer of an endpoint."""
    return max(number for number, entry in enumerate(since) if Endpoint.of(entry) == endpoint)


def _where(accident: BaseException) -> str:
    """The last line of the plugin that it went through."""
    frames = [f for f in traceback.extract_tb(accident.__traceback__) if "harvest_upsales" in f.filename]
    return (
        f"at {frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].lineno}"
        if frames
        else "outside of the plugin"
    )

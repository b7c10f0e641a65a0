"""Whatever a service or the network does to any call: the run ends right, or says which call failed and what to do."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from datetime import date

import pytest

from harvest_upsales.api import harvest_api, upsales_api
from sandbox.world import World
from tests.flows.run_harness import serve
from tests.reliability.faults_matrix import FAULTS, POSITIONS, READ_TIMEOUT_S, Case, Matrix, check_errors
from tests.reliability.figures import DUPLICATES, LOSSES, Figures

PART = "fault matrix"


@pytest.fixture(scope="module")
def matrix() -> Iterator[Matrix]:
    """All steps at one server, whose world is brought back for every case."""
    world = World.new(date(2026, 11, 22))
    world.billing.delay_s = 0
    for bench in serve(world, (5, READ_TIMEOUT_S)):
        yield Matrix(bench)


def test_the_steps_ask_for_everything_that_the_clients_can(matrix: Matrix, figures: Figures) -> None:
    reached = {endpoint.path.casefold() for endpoint in matrix.endpoints}
    written = {path for module in (harvest_api, upsales_api) for path in _paths(inspect.getsource(module))}

    assert len(written) >= 20
    assert {path.casefold() for path in written} == reached
    figures.add(PART, "endpoints", len(matrix.endpoints))
    figures.add(PART, "faults", len(FAULTS))


def test_the_part_that_always_runs_has_each_endpoint_fault_and_position(matrix: Matrix) -> None:
    part = [case for fault in FAULTS for case in matrix.cases(fault, full=False)]

    assert {case.endpoint for case in part} == set(matrix.endpoints)
    assert {case.fault for case in part} == set(FAULTS)
    assert {case.position for case in part} == set(POSITIONS)
    assert {case.step for case in part} == set(matrix.known)


def _paths(source: str) -> Iterator[str]:
    """Paths as the clients write them, ``{id}`` for what they fill in."""
    tree = ast.parse(source)
    filled = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    parts = {id(part) for node in filled for part in node.values}
    whole = [n for n in ast.walk(tree) if isinstance(n, ast.Constant) and id(n) not in parts]
    texts = [
        "".join(str(p.value) if isinstance(p, ast.Constant) else "{id}" for p in n.values) for n in filled
    ]
    texts += [str(node.value) for node in whole]
    return (text for text in texts if re.fullmatch(r"/[A-Za-z_/{}]+", text))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_does_no_harm(matrix: Matrix, figures: Figures, full: bool, fault: str) -> None:
    for name in ("cases", "ended right", "failed with a named error", DUPLICATES, LOSSES):
        figures.add(PART, name, 0)
    wrong = []
    for case in matrix.cases(fault, full=full):
        problem = _problem(matrix, figures, case)
        if problem:
            wrong.append(f"{case.step}, {case.endpoint}, {case.position} call: {problem}")

    assert wrong == []


def _problem(matrix: Matrix, figures: Figures, case: Case) -> str:
    """What is wrong with a case; all others are still tried."""
    figures.add(PART, "cases")
    try:
        errors, findings = matrix.try_case(case)
        check_errors(case, errors)
    except AssertionError as failed:
        return str(failed).split("\n")[0]
    figures.add(PART, "failed with a named error" if errors else "ended right")
    figures.add(PART, DUPLICATES, len(findings.duplicates))
    figures.add(PART, LOSSES, len(findings.losses))
    return str(findings) if findings else ""

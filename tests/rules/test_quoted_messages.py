"""The messages that docs/troubleshooting.md quotes are those of the code: a reader finds one by searching the page."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "troubleshooting.md"
PACKAGE = ROOT / "plugins" / "harvest_upsales"
NOT_OURS = "Airflow"
"""The section whose messages are mostly Airflow's own."""
GAP = "…"
"""What stands for a name or a number, on the page and for an f-string's ``{…}``."""
SHORTEST_PIECE = 7


@cache
def source() -> tuple[ast.AST, ...]:
    """Every node, each before what it holds."""
    files = sorted(PACKAGE.rglob("*.py"))
    return tuple(node for file in files for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))))


@cache
def constants() -> dict[str, str]:
    """Texts that have a name, such as ``KEY_ALIAS``."""
    return {
        target.id: node.value.value
        for node in source()
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name) and target.id.isupper()
    }


def part_of(node: ast.expr) -> str:
    """A part of an f-string."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    named = node.value.id if isinstance(node, ast.FormattedValue) and isinstance(node.value, ast.Name) else ""
    return constants().get(named, GAP)


def literals() -> Iterator[str]:
    """Every text of the package but its docstrings."""
    docstrings: set[int] = set()
    for node in source():
        if isinstance(node, ast.Expr):
            docstrings.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            yield "".join(map(part_of, node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


@cache
def all_literals() -> str:
    return "\n".join(literals())


def quoted() -> Iterator[tuple[int, str]]:
    """Each text in backticks in the first cell of a table's row, with its line."""
    section = ""
    for number, line in enumerate(PAGE.read_text(encoding="utf-8").splitlines(), 1):
        section = line.removeprefix("## ") if line.startswith("## ") else section
        if line.startswith("| ") and section != NOT_OURS:
            for text in re.findall(r"`([^`]+)`", line.split(" | ")[0]):
                yield number, text


@pytest.mark.parametrize(
    ("line", "message"), [pytest.param(*each, id=f"line {each[0]}: {each[1]}") for each in quoted()]
)
def test_a_quoted_message_is_one_of_the_code(line: int, message: str) -> None:
    pieces = [piece.strip() for piece in message.split(GAP)]
    missing = [piece for piece in pieces if len(piece) >= SHORTEST_PIECE and piece not in all_literals()]

    assert not missing, f"docs/troubleshooting.md:{line} quotes what no message says: {missing}"


def test_every_row_has_as_many_cells_as_its_table() -> None:
    bars = [
        (number, line.count("|"))
        for number, line in enumerate(PAGE.read_text(encoding="utf-8").splitlines(), 1)
    ]
    odd = [number for (_, above), (number, here) in pairwise(bars) if above and here and above != here]

    assert odd == []


def test_messages_are_found() -> None:
    assert len(list(quoted())) > 50

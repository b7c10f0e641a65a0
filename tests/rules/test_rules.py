"""The table of rules can't rot: every link leads somewhere, every setting has its row, the page is the table."""

import ast
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from harvest_upsales.settings import KEYS
from tests.rules.rule import ROOT, Place, Rule
from tests.rules.rule_table import PAGE, RULES, SECTIONS, SETTINGS, render

EACH_RULE = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.setting or rule.rule)


@cache
def defined_in(file: Path) -> frozenset[str]:
    """Functions and classes that a file defines, those inside classes after their class: ``Settlement.run``.

    Read from the source: what is only imported there does not count, and Airflow need not be imported to look.
    """
    return frozenset(_definitions(ast.parse((ROOT / file).read_text(encoding="utf-8"))))


def _definitions(holder: ast.Module | ast.ClassDef, before: str = "") -> Iterator[str]:
    for node in holder.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield before + node.name
        if isinstance(node, ast.ClassDef):
            yield from _definitions(node, f"{before}{node.name}.")


def exists(place: Place) -> bool:
    return (ROOT / place.file).is_file() and place.name in defined_in(place.file)


@EACH_RULE
def test_it_stands_where_the_table_says(rule: Rule) -> None:
    assert exists(rule.place), rule.function


@EACH_RULE
def test_its_tests_exist(rule: Rule) -> None:
    assert 1 <= len(set(rule.tests)) == len(rule.tests) <= 2
    for place in rule.test_places:
        assert place.file.parts[0] == "tests"
        assert place.name.rpartition(".")[2].startswith("test_")
        assert exists(place), place


def test_every_setting_has_one_row() -> None:
    assert sorted(rule.setting for rule in SECTIONS[SETTINGS]) == sorted(KEYS)
    assert len([rule for rule in RULES if rule.setting]) == len(KEYS)


def test_every_section_has_rules() -> None:
    assert all(SECTIONS.values())


def test_no_rule_stands_twice() -> None:
    assert [text for text, times in Counter(rule.rule for rule in RULES).items() if times > 1] == []


def test_the_page_is_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(), (
        "run: PYTHONPATH=plugins:. python -m tests.rules.rule_table"
    )

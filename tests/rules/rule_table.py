"""Every rule and setting of the design beside the function where it stands and tests that fail without it.

``PYTHONPATH=plugins:. python -m tests.rules.rule_table``, in the repository's root, writes ``docs/rules.md``.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from harvest_upsales.settings import KEYS
from tests.rules.rule import ROOT, Rule
from tests.rules.sections import (
    company_rules,
    convergence_rules,
    failure_rules,
    interface_rules,
    one_writer_rules,
    opportunity_rules,
    people_rules,
    secret_rules,
    settings_rules,
    settlement_rules,
    task_rules,
    time_rules,
)

PAGE = ROOT / "docs" / "rules.md"
SETTINGS = "Settings"
SECTIONS: dict[str, tuple[Rule, ...]] = {
    "Names that others rely on": interface_rules.RULES,
    SETTINGS: settings_rules.RULES,
    "Which time counts": time_rules.RULES,
    "The opportunity": opportunity_rules.RULES,
    "People win over the plugin": people_rules.RULES,
    "Companies": company_rules.RULES,
    "Settlement of a won order": settlement_rules.RULES,
    "Each run converges": convergence_rules.RULES,
    "One writer, no blind retries": one_writer_rules.RULES,
    "A failure stays where it is": failure_rules.RULES,
    "Nothing leaks": secret_rules.RULES,
    "The run's tasks": task_rules.RULES,
}
"""The rules of each section, by its heading."""
RULES = tuple(chain.from_iterable(SECTIONS.values()))

INTRODUCTION = """\
# Rules

Where each rule and setting stands in the code, and the tests that fail without it. This page is generated from
`tests/rules/sections` by `PYTHONPATH=plugins:. python -m tests.rules.rule_table`; a test compares the two.
"""


def render() -> str:
    """The page. A setting without a rule is a ``KeyError``."""
    return "\n".join([INTRODUCTION, *_lines()])


def _lines() -> Iterator[str]:
    for section, rules in SECTIONS.items():
        head = "setting | meaning" if section == SETTINGS else "rule"
        columns = f"| {head} | code | tests |"
        yield f"## {section}\n"
        yield columns
        yield "|" + "---|" * (columns.count("|") - 1)
        for rule in _as_in_the_settings(rules) if section == SETTINGS else rules:
            first = f"`{rule.setting}` | {rule.rule}" if rule.setting else rule.rule
            yield f"| {first} | {rule.place.link} | {rule.test_links} |"
        yield ""


def _as_in_the_settings(rules: tuple[Rule, ...]) -> list[Rule]:
    """In the order of the package's own list of keys."""
    by_key = {rule.setting: rule for rule in rules}
    return [by_key[key] for key in KEYS]


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")

"""What the page computes itself, asked of its own modules in the browser."""

import json
from collections.abc import Iterator

import pytest

from tests.browser.desk import Desk
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.scheduler


@pytest.fixture(scope="module")
def visitor(empty_desk: Desk) -> Iterator[Visitor]:
    with empty_desk.visit() as visitor:
        yield visitor


def ask(visitor: Visitor, module: str, name: str, *arguments: object) -> object:
    """What a function of a module answers."""
    return visitor.page.evaluate(
        "async ([module, name, given]) => (await import(`/harvest-upsales/static/${module}`))[name](...given)",
        [module, name, json.loads(json.dumps(arguments))],
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1234567.5", "1 234 567.50"),
        ("0", "0.00"),
        ("-1234.005", "−1 234.005"),
        # Two to the 53rd and one: the first whole number that a float would change.
        ("9007199254740993.10", "9 007 199 254 740 993.10"),
        ("n/a", "n/a"),
    ],
)
def test_money_is_grouped_and_never_rounded(visitor: Visitor, text: str, shown: str) -> None:
    assert ask(visitor, "exact.js", "grouped", text) == shown.replace(" ", "\u00a0")


def test_sums_are_exact(visitor: Visitor) -> None:
    assert ask(visitor, "exact.js", "sum", ["0.1", "0.2"]) == "0.3"
    assert ask(visitor, "exact.js", "sum", ["9007199254740993", "0.005", "-1"]) == "9007199254740992.005"
    assert ask(visitor, "exact.js", "sum", ["-0.03", "0.01"]) == "-0.02"


def test_amounts_are_compared_as_numbers_and_not_as_text(visitor: Visitor) -> None:
    assert ask(visitor, "exact.js", "compare", "9", "10.00") == -1
    assert ask(visitor, "exact.js", "compare", "10", "10.00") == 0
    assert ask(visitor, "exact.js", "compare", "-2", "-10") == 1


def test_older_months_stand_in_one_column_with_their_exact_sum(visitor: Visitor) -> None:
    months = [
        {"month": f"20{year}-{n:02}", "amount": "0.1", "currency": "SEK"}
        for year in (25, 26)
        for n in range(1, 13)
    ]
    columns = ask(visitor, "board/charts.js", "columns", months)
    assert [column["month"] for column in columns] == ["earlier", *(f"2026-{n:02}" for n in range(2, 13))]  # type: ignore[attr-defined]
    assert columns[0]["amount"] == "1.3"  # type: ignore[index]


def test_settings_that_are_as_their_default_are_not_written_down(visitor: Visitor) -> None:
    fields = [
        {"key": "default_user_id", "type": "choice", "choices": "users", "required": True, "default": None},
        {"key": "batch_size", "type": "int", "required": False, "default": 100, "choices": None},
        {"key": "company_map", "type": "map", "required": False, "default": {}, "choices": None},
    ]
    before = {"default_user_id": 2, "company_map": {"5": 6}}
    entered = ask(visitor, "settings/form_values.js", "toForm", fields, before)
    assert entered == {"default_user_id": "2", "batch_size": "100", "company_map": [["5", "6"]]}
    assert ask(visitor, "settings/form_values.js", "fromForm", fields, entered, before) == before
    misspelt = {**before, "default_currency": "SEK"}
    assert ask(visitor, "settings/form_values.js", "fromForm", fields, entered, misspelt) == before
    changed = {"default_user_id": "", "batch_size": "many", "company_map": [["", ""], ["7", "8"]]}
    assert ask(visitor, "settings/form_values.js", "fromForm", fields, changed, before) == {
        "batch_size": "many",
        "company_map": {"7": 8},
    }


def test_two_lines_for_one_client_are_refused_and_not_folded(visitor: Visitor) -> None:
    fields = [{"key": "company_map", "type": "map"}, {"key": "batch_size", "type": "int"}]
    entered = {"company_map": [["77", "1"], [" 77 ", "2"], ["", ""], ["", ""], ["8", "2"]], "batch_size": "7"}
    refused = ask(visitor, "settings/form_values.js", "doubled", fields, entered)
    assert refused == [
        {"key": "company_map", "message": "77: more than one line. Keep one line for each client."}
    ]
    entered["company_map"] = [["77", "1"], ["8", "1"], ["", ""], ["", ""]]
    assert ask(visitor, "settings/form_values.js", "doubled", fields, entered) == []

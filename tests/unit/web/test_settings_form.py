"""The settings' form has every setting, and refuses what a run would refuse."""

from typing import Any

import msgspec
import pytest

from harvest_upsales.settings import KEYS, Settings
from harvest_upsales.web.settings_form import FIELDS, problems_of

GOOD: dict[str, Any] = {"default_user_id": 1, "default_stage_id": 2, "default_product_id": 3}


def test_every_setting_has_a_field_with_its_own_default() -> None:
    assert sorted(field.key for field in FIELDS) == sorted(KEYS)
    settings = msgspec.to_builtins(msgspec.convert(GOOD, Settings))
    for field in FIELDS:
        assert field.default == (None if field.required else settings[field.key]), field.key
        assert field.help
    assert [field.key for field in FIELDS if field.required] == list(GOOD)


def test_every_option_is_one_that_the_settings_take() -> None:
    for field in FIELDS:
        for option in field.options or ():
            assert problems_of({**GOOD, field.key: option.value}) == []


def test_defaults_and_good_values_are_accepted() -> None:
    assert problems_of({**{field.key: field.default for field in FIELDS}, **GOOD}) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("default_user_id", 0),
        ("default_stage_id", "11"),
        ("default_product_id", None),
        ("opportunity_per", "week"),
        ("company_map", {"007": 1}),
        ("company_map", {"7": "x"}),
        ("write_time_to_notes", 1),
        ("billing_timeout_minutes", 0),
        ("batch_size", 2001),
        ("batch_size", 1.5),
    ],
)
def test_a_wrong_value_is_told_at_its_field(key: str, value: Any) -> None:
    [problem] = problems_of({**GOOD, key: value})

    assert problem.key == key
    assert key in problem.message


def test_all_problems_are_told_at_once() -> None:
    found = problems_of({"default_user_id": -1, "batch_size": 0, "defualt_stage_id": 3})

    assert {problem.key for problem in found} == {
        "default_user_id",
        "batch_size",
        "default_stage_id",
        "default_product_id",
        "",
    }
    assert any("did you mean default_stage_id" in problem.message for problem in found)

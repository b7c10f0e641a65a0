"""The settings: every key with its type and default, and errors that name the key."""

import json
from typing import Any

import pytest

from harvest_upsales.errors import SettingsError
from harvest_upsales.settings import KEYS, parse_settings

REQUIRED: dict[str, Any] = {"default_user_id": 1, "default_stage_id": 2, "default_product_id": 3}


def parsed(**changes: Any) -> Any:
    return parse_settings(json.dumps(REQUIRED | changes))


def test_the_keys_are_those_of_the_design() -> None:
    assert KEYS == (
        "default_user_id",
        "default_stage_id",
        "default_product_id",
        "company_map",
        "create_missing_companies",
        "write_time_to_notes",
        "approved_time_only",
        "opportunity_per",
        "late_time",
        "archive_invoiced_projects",
        "invoice_state",
        "billing_integration_id",
        "billing_reference_field",
        "billing_timeout_minutes",
        "reopened_orders",
        "batch_size",
    )


@pytest.mark.parametrize(
    ("key", "default"),
    [
        ("company_map", {}),
        ("create_missing_companies", False),
        ("write_time_to_notes", True),
        ("approved_time_only", False),
        ("opportunity_per", "project"),
        ("late_time", "include"),
        ("archive_invoiced_projects", True),
        ("invoice_state", "draft"),
        ("billing_integration_id", None),
        ("billing_reference_field", None),
        ("billing_timeout_minutes", 60),
        ("reopened_orders", "report"),
        ("batch_size", 100),
    ],
)
def test_a_key_that_is_left_out_has_its_default(key: str, default: Any) -> None:
    value = getattr(parsed(), key)

    assert value == default
    assert isinstance(value, bool) == isinstance(default, bool)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("default_user_id", 12),
        ("default_stage_id", 12),
        ("default_product_id", 12),
        ("company_map", {"123": 45}),
        ("create_missing_companies", True),
        ("write_time_to_notes", False),
        ("approved_time_only", True),
        ("opportunity_per", "month"),
        ("late_time", "hold"),
        ("archive_invoiced_projects", False),
        ("invoice_state", "sent"),
        ("billing_integration_id", 74),
        ("billing_reference_field", "FORTNOX_ID"),
        ("billing_timeout_minutes", 1),
        ("billing_timeout_minutes", 10080),
        ("reopened_orders", "undo"),
        ("batch_size", 1),
        ("batch_size", 2000),
    ],
)
def test_a_key_takes_its_value(key: str, value: Any) -> None:
    assert getattr(parsed(**{key: value}), key) == value


@pytest.mark.parametrize("key", list(REQUIRED))
def test_a_missing_required_key_is_named(key: str) -> None:
    given = {name: value for name, value in REQUIRED.items() if name != key}

    with pytest.raises(SettingsError, match=rf"missing required key `{key}`"):
        parse_settings(json.dumps(given))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *((key, wrong) for key in REQUIRED for wrong in (0, -1, "1", 1.5, True, None, [])),
        *(("company_map", wrong) for wrong in (None, [], "1", {"1": "2"}, {"1": 0}, {"1": None}, {"1": 1.5})),
        ("create_missing_companies", "yes"),
        ("create_missing_companies", 1),
        ("write_time_to_notes", "true"),
        ("write_time_to_notes", None),
        ("approved_time_only", 0),
        ("opportunity_per", "week"),
        ("opportunity_per", "Month"),
        ("opportunity_per", None),
        ("late_time", True),
        ("late_time", "drop"),
        ("archive_invoiced_projects", "no"),
        ("invoice_state", "open"),
        ("billing_integration_id", 0),
        ("billing_integration_id", "74"),
        ("billing_reference_field", ""),
        ("billing_reference_field", 13),
        ("billing_timeout_minutes", 0),
        ("billing_timeout_minutes", 10081),
        ("billing_timeout_minutes", 1.5),
        ("billing_timeout_minutes", None),
        ("reopened_orders", "delete"),
        ("batch_size", 0),
        ("batch_size", 2001),
        ("batch_size", "100"),
    ],
)
def test_a_wrong_value_is_refused_and_its_key_named(key: str, value: Any) -> None:
    with pytest.raises(SettingsError, match=rf"\b{key}\b"):
        parsed(**{key: value})


@pytest.mark.parametrize(
    ("unknown", "meant"),
    [("default_user", "default_user_id"), ("late_times", "late_time"), ("Batch_size", "batch_size")],
)
def test_an_unknown_key_is_named_with_the_one_that_may_be_meant(unknown: str, meant: str) -> None:
    with pytest.raises(SettingsError, match=rf"unknown key {unknown}; did you mean {meant}\?"):
        parsed(**{unknown: 1})


def test_an_unknown_key_like_none_of_ours_comes_with_all_that_are_known() -> None:
    with pytest.raises(SettingsError) as refused:
        parsed(xyzzy=1)

    assert "unknown key xyzzy" in refused.value.message
    assert all(key in refused.value.message for key in KEYS)


@pytest.mark.parametrize("client_id", ["", "abc", "1.5", "-1", " 1", "1 ", "１", "²", "0", "007"])
def test_a_company_map_key_that_is_no_client_id_is_named(client_id: str) -> None:
    with pytest.raises(SettingsError, match="company_map") as refused:
        parsed(company_map={client_id: 45})

    assert repr(client_id) in refused.value.message


@pytest.mark.parametrize("text", [None, "", b""])
def test_a_missing_variable_is_said_to_be_missing(text: str | bytes | None) -> None:
    with pytest.raises(SettingsError, match=r"harvest_upsales_settings is missing.*default_user_id"):
        parse_settings(text)


@pytest.mark.parametrize(
    "text",
    ["{", "not json", "{'a': 1}", "  ", b"\xff\xfe", '{"a": "\ud800"}', '{"a": "\\ud800"}', "[" * 100_000],
)
def test_text_that_is_no_json_is_said_to_be_none(text: str | bytes) -> None:
    with pytest.raises(SettingsError, match="harvest_upsales_settings is not JSON"):
        parse_settings(text)


@pytest.mark.parametrize("text", ["[]", "null", "1", '"text"', "true"])
def test_json_that_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="has to be one JSON object"):
        parse_settings(text)


@pytest.mark.parametrize(("per", "by_month"), [("project", False), ("month", True)])
def test_by_month_follows_opportunity_per(per: str, by_month: bool) -> None:
    assert parsed(opportunity_per=per).by_month is by_month


@pytest.mark.parametrize(
    "text", [None, "{", "[]", '{"x": 1}', "{}", json.dumps(REQUIRED | {"company_map": {"x": 1}})]
)
def test_a_message_names_the_dags_own_variable(text: str | None) -> None:
    with pytest.raises(SettingsError, match="second_settings") as caught:
        parse_settings(text, variable="second_settings")

    assert "harvest_upsales_settings" not in str(caught.value)

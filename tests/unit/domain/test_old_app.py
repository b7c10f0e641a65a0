"""The settings of Upsales' own Harvest app become ours, without its key."""

import json
from typing import Any

import pytest

from harvest_upsales.domain.old_app import old_settings
from harvest_upsales.errors import SettingsError
from harvest_upsales.records.json_codec import decode, encode
from harvest_upsales.records.upsales_records import IntegrationSettings

CONFIG = {
    "defaultUser": 1,
    "defaultStage": "2",
    "defaultProduct": {"id": 3},
    "harvestApiKey": "secret-key",
    "harvestAccountId": 998877,
}


def app(config: Any) -> IntegrationSettings:
    return decode(
        encode({"id": 1, "integrationId": 19, "active": True, "configJson": config}), IntegrationSettings
    )


@pytest.mark.parametrize("config", [CONFIG, json.dumps(CONFIG)])
def test_ids_are_taken_over_in_whatever_form_they_come(config: Any) -> None:
    taken = old_settings(app(config))

    assert taken.settings == {"default_user_id": 1, "default_stage_id": 2, "default_product_id": 3}
    assert taken.harvest_account_id == "998877"
    assert "secret-key" not in repr(taken)


@pytest.mark.parametrize("key", ["defaultUser", "defaultStage", "defaultProduct"])
@pytest.mark.parametrize("value", [None, "", "x", True, {}, 1.5, -1])
def test_an_unusable_setting_is_named(key: str, value: Any) -> None:
    with pytest.raises(SettingsError, match=key) as refused:
        old_settings(app(CONFIG | {key: value}))

    assert "secret-key" not in refused.value.message


@pytest.mark.parametrize("config", ["not json secret-key", "[]", "1"])
def test_a_configuration_that_is_no_object_is_refused(config: str) -> None:
    with pytest.raises(SettingsError, match="not a JSON object") as refused:
        old_settings(app(config))

    assert "secret-key" not in refused.value.message


def test_an_app_that_was_never_set_up_has_nothing_to_take_over() -> None:
    for nothing in (None, app(None), app("")):
        with pytest.raises(SettingsError, match="never set up"):
            old_settings(nothing)

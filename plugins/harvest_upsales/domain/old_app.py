"""Take over the settings of Upsales' own Harvest app."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from harvest_upsales.errors import SettingsError
from harvest_upsales.records.upsales_records import IntegrationSettings

# The app's five settings; its key to Harvest is left where it is.
_TAKEN_OVER = {
    "defaultUser": "default_user_id",
    "defaultStage": "default_stage_id",
    "defaultProduct": "default_product_id",
}


@dataclass(frozen=True, slots=True)
class OldSettings:
    """What the old app was set to.

    :param settings: keys and values for our settings
    :param harvest_account_id: for the connection to Harvest; the API key is not read
    """

    settings: dict[str, int]
    harvest_account_id: str | None


def old_settings(app: IntegrationSettings | None) -> OldSettings:
    """The old app's settings as ours.

    :raises SettingsError: the app was never set up, or a setting is missing
    """
    if app is None or not app.config_json:
        msg = "Upsales' own Harvest app was never set up in this account: there is nothing to take over."
        raise SettingsError(msg)
    config = _config(app.config_json)
    taken = {ours: _id(theirs, config.get(theirs)) for theirs, ours in _TAKEN_OVER.items()}
    account = config.get("harvestAccountId")
    return OldSettings(taken, None if account is None else str(account).strip())


def _config(given: Any) -> Mapping[str, Any]:
    """The settings as an object; the service gives them as JSON in a string."""
    try:
        config = msgspec.json.decode(given) if isinstance(given, str) else given
    except msgspec.DecodeError:
        config = None
    if not isinstance(config, Mapping):
        msg = "The settings of Upsales' own Harvest app can't be read: they are not a JSON object."
        raise SettingsError(msg)
    return config


def _id(name: str, value: Any) -> int:
    """An id, given as a number, as text, or as a record with an id."""
    given = value.get("id") if isinstance(value, Mapping) else value
    if isinstance(given, bool) or not str(given).strip().isdecimal():
        msg = f"Upsales' own Harvest app has no usable setting {name}. Choose one in Upsales, or write ours by hand."
        raise SettingsError(msg)
    return int(str(given).strip())

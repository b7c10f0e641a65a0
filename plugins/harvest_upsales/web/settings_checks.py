"""Do entered settings name things that Upsales has? The run's own checks, all of them, one message a field."""

from __future__ import annotations

from harvest_upsales.api.upsales_api import UpsalesClient
from harvest_upsales.errors import SettingsError
from harvest_upsales.flows.settings_in_upsales import SettingsInUpsales
from harvest_upsales.settings import Settings
from harvest_upsales.web.settings_form import FieldError


def unknown_to_upsales(upsales: UpsalesClient, settings: Settings) -> list[FieldError]:
    """The settings that a run would refuse.

    :raises ApiError: Upsales does not answer
    """
    found = []
    for key, check in SettingsInUpsales(upsales, settings).by_setting().items():
        try:
            check()
        except SettingsError as error:
            found.append(FieldError(key, error.message))
    return found

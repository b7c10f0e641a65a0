"""A checked set-up is valid for a day, but is checked again before anything is written.

A run that has nothing to do should not ask both services five questions whose answers are the same every hour. What was
checked is taken over from the run before; whatever a write relies on is asked again before anything is written.
"""

from __future__ import annotations

import datetime as dt

from msgspec.structs import replace

from harvest_upsales.domain import setup_checks
from harvest_upsales.errors import SetupError
from harvest_upsales.flows.services import Services, Setup
from harvest_upsales.flows.settings_in_upsales import SettingsInUpsales

GOOD_FOR = dt.timedelta(hours=24)


def still_good(found: Setup | None, digest: str, now: dt.datetime) -> Setup | None:
    """The set-up that an earlier run checked, or ``None`` where it has to be checked again.

    :param digest: of the settings and connections as they are now
    """
    if found is None or found.checked_at is None or not digest or found.digest != digest:
        return None
    age = now - found.checked_at
    is_whole = found.key_field is not None and found.invoice_field is not None
    if not is_whole or not dt.timedelta(0) <= age < GOOD_FOR:
        return None
    return replace(found, remembered=True, warnings=())


def confirm_remembered(services: Services, *, creates: bool, settles: bool) -> None:
    """Ask again what the run's writes rely on, where it was taken over from an earlier run.

    :param creates: whether opportunities may be created, which need the default user and stage
    :param settles: whether orders are settled or undone, which needs Harvest's invoices
    :raises SettingsError: names the setting to correct
    :raises SetupError: names what changed
    """
    setup, checks = services.setup, SettingsInUpsales(services.upsales, services.settings)
    if not setup.remembered:
        return
    checks.default_product_id()
    if checks.billing_reference_field() != services.fields:
        raise _changed(setup, "the order fields in Upsales are others")
    if creates:
        checks.default_user_id()
        stage = checks.default_stage_id()
        if stage.probability != setup.stage_probability:
            raise _changed(setup, "the default stage has another probability")
    if settles:
        setup_checks.check_invoicing(services.harvest.company())


def _changed(setup: Setup, what: str) -> SetupError:
    return SetupError(
        f"The set-up was checked at {setup.checked_at:%Y-%m-%d %H:%M} UTC, and {what} now. Nothing was written. Clear "
        "check_setup with all that follows; the next run checks it again by itself."
    )

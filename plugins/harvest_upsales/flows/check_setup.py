"""The run's first step: settings, rights and custom fields, all checked before anything is written."""

from __future__ import annotations

import time
from collections.abc import Callable

from harvest_upsales.api.harvest_api import HarvestClient
from harvest_upsales.api.upsales_api import UpsalesClient
from harvest_upsales.domain import setup_checks
from harvest_upsales.domain.links import UNKNOWN, WebAddresses, web_address
from harvest_upsales.domain.orders import OrderFields
from harvest_upsales.errors import PermissionDeniedError, RejectedError, SetupError
from harvest_upsales.flows.lost_writes import write_once
from harvest_upsales.flows.services import Setup
from harvest_upsales.flows.settings_in_upsales import SettingsInUpsales
from harvest_upsales.records.upsales_records import CustomField, NewCustomField
from harvest_upsales.settings import Settings


def check_setup(
    harvest: HarvestClient,
    upsales: UpsalesClient,
    settings: Settings,
    *,
    dry_run: bool = False,
    thorough: bool = False,
    web: WebAddresses = UNKNOWN,
    sleep: Callable[[float], None] = time.sleep,
) -> Setup:
    """Check what a run relies on, and create the custom fields where they are missing.

    :param thorough: spend the requests that most runs save: the billing app, ``company_map``, the old Harvest app
    :param dry_run: say which fields would be created, and create none
    :param web: what the connections say of the web apps; Harvest's own address stands in for an empty one
    :param sleep: waits between looking up a write whose answer was lost
    :raises SettingsError: names the setting to correct
    :raises SetupError: names what to correct in Harvest or Upsales
    """
    company = harvest.company()
    setup_checks.check_invoicing(company)
    checks = SettingsInUpsales(upsales, settings)
    checks.default_user_id()
    stage = checks.default_stage_id()
    checks.default_product_id()
    fields = checks.billing_reference_field()
    missing = setup_checks.missing_fields(fields)
    warnings = _look_closer(upsales, settings) if thorough or missing else []
    warnings += [f"The order field {new.alias} would be created" for new in missing if dry_run]
    if missing and not dry_run:
        fields = _create_fields(upsales, settings, missing, sleep)
    return Setup(
        key_field=fields.key,
        invoice_field=fields.invoice,
        billing_field=fields.billing_reference,
        stage_probability=stage.probability,
        warnings=tuple(warnings),
        web=WebAddresses(harvest=web.harvest or web_address(company.base_uri), upsales=web.upsales),
    )


def confirm_before_writing(upsales: UpsalesClient, settings: Settings) -> None:
    """The checks that cost a request each and matter only to a run that has something to write.

    :raises SettingsError: ``billing_integration_id`` or ``company_map`` names something Upsales does not have
    """
    checks = SettingsInUpsales(upsales, settings)
    checks.billing_integration_id()
    checks.company_map()


def _look_closer(upsales: UpsalesClient, settings: Settings) -> list[str]:
    """Further checks, for an account's first run and for one run a day.

    :return: warnings
    """
    confirm_before_writing(upsales, settings)
    try:
        old_app = setup_checks.old_app_warning(upsales.integration_settings(setup_checks.HARVEST_APP_ID))
    except (PermissionDeniedError, RejectedError) as refused:
        # No run depends on it.
        return [f"Whether Upsales' own Harvest app is still active could not be checked. {refused.message}"]
    return [old_app] if old_app else []


def _create_fields(
    upsales: UpsalesClient,
    settings: Settings,
    missing: tuple[NewCustomField, ...],
    sleep: Callable[[float], None],
) -> OrderFields:
    """Create the fields; each is looked up by its alias first, so that a second run makes no second field."""
    for new in missing:
        if _field_named(upsales, new.alias) is None:
            _create_field(upsales, new, sleep)
    fields = SettingsInUpsales(upsales, settings).billing_reference_field()
    if setup_checks.missing_fields(fields):
        msg = "Upsales accepted the order fields but does not list them. Create them by hand: " + ", ".join(
            f"{new.alias} (String)" for new in missing
        )
        raise SetupError(msg)
    return fields


def _create_field(upsales: UpsalesClient, new: NewCustomField, sleep: Callable[[float], None]) -> None:
    write_once(lambda: upsales.create_order_field(new), lambda: _field_named(upsales, new.alias), sleep)


def _field_named(upsales: UpsalesClient, alias: str) -> CustomField | None:
    return next((field for field in upsales.order_fields() if field.alias == alias), None)

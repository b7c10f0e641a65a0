"""Do entered settings name things that Upsales has? The run's own checks, all of them, one message a field."""

from __future__ import annotations

from collections.abc import Callable

from harvest_upsales.api.upsales_api import UpsalesClient
from harvest_upsales.domain import setup_checks
from harvest_upsales.errors import SettingsError
from harvest_upsales.settings import Settings
from harvest_upsales.web.settings_form import FieldError


def unknown_to_upsales(upsales: UpsalesClient, settings: Settings) -> list[FieldError]:
    """The settings that a run would refuse.

    :raises ApiError: Upsales does not answer
    """
    checks: dict[str, Callable[[], object]] = {
        "default_user_id": lambda: setup_checks.check_user(
            settings, upsales.users([settings.default_user_id])
        ),
        "default_stage_id": lambda: setup_checks.check_stage(settings, upsales.order_stages()),
        "default_product_id": lambda: setup_checks.check_product(
            settings, upsales.products([settings.default_product_id])
        ),
        "billing_reference_field": lambda: setup_checks.order_fields(settings, upsales.order_fields()),
    }
    if settings.billing_integration_id is not None:
        checks["billing_integration_id"] = lambda: setup_checks.check_billing_app(
            settings, upsales.standard_integrations()
        )
    if settings.company_map:
        checks["company_map"] = lambda: setup_checks.check_company_map(
            settings, upsales.companies_by_id(settings.company_map.values())
        )
    found = []
    for key, check in checks.items():
        try:
            check()
        except SettingsError as error:
            found.append(FieldError(key, error.message))
    return found

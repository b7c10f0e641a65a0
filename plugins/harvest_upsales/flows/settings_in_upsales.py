"""The settings that name something in Upsales, each with the check that it is there: one list for runs and the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from harvest_upsales.api.upsales_api import UpsalesClient
from harvest_upsales.domain import setup_checks
from harvest_upsales.domain.orders import OrderFields
from harvest_upsales.records.upsales_records import Stage
from harvest_upsales.settings import Settings


@dataclass(frozen=True, slots=True)
class SettingsInUpsales:
    """Each method bears its setting's name and asks Upsales once; nothing for a setting that is left empty.

    All raise :class:`SettingsError` where Upsales does not have what the setting names.
    """

    upsales: UpsalesClient
    settings: Settings

    def default_user_id(self) -> None:
        """An active user."""
        setup_checks.check_user(self.settings, self.upsales.users([self.settings.default_user_id]))

    def default_stage_id(self) -> Stage:
        """A stage between 1 and 99 %."""
        return setup_checks.check_stage(self.settings, self.upsales.order_stages())

    def default_product_id(self) -> None:
        """An active product."""
        setup_checks.check_product(self.settings, self.upsales.products([self.settings.default_product_id]))

    def billing_reference_field(self) -> OrderFields:
        """An order field that is not ours; answered with the ids of all order fields that a run uses.

        :raises SetupError: an existing field of ours is not a String field
        """
        return setup_checks.order_fields(self.settings, self.upsales.order_fields())

    def billing_integration_id(self) -> None:
        """An app that Upsales knows."""
        if self.settings.billing_integration_id is not None:
            setup_checks.check_billing_app(self.settings, self.upsales.standard_integrations())

    def company_map(self) -> None:
        """Active companies."""
        mapped = self.settings.company_map
        if mapped:
            setup_checks.check_company_map(self.settings, self.upsales.companies_by_id(mapped.values()))

    def by_setting(self) -> dict[str, Callable[[], object]]:
        """All of them, to be called one by one."""
        return {
            "default_user_id": self.default_user_id,
            "default_stage_id": self.default_stage_id,
            "default_product_id": self.default_product_id,
            "billing_reference_field": self.billing_reference_field,
            "billing_integration_id": self.billing_integration_id,
            "company_map": self.company_map,
        }

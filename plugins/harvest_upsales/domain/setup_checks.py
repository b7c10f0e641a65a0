"""Do the settings name things that Upsales has? Checked before anything is written."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from harvest_upsales.domain.keys import HarvestKey
from harvest_upsales.domain.orders import INVOICE_ALIAS, KEY_ALIAS, OrderFields
from harvest_upsales.errors import SettingsError, SetupError
from harvest_upsales.records.harvest_records import Company as HarvestCompany
from harvest_upsales.records.harvest_records import Project
from harvest_upsales.records.upsales_records import (
    Company,
    Currency,
    CustomField,
    IntegrationSettings,
    NewCustomField,
    OrderBrief,
    Product,
    Stage,
    StandardIntegration,
    User,
)
from harvest_upsales.settings import OpportunityPer, Settings

HARVEST_APP_ID = 19
# The order fields that this package fills; a billing app has one of its own.
OWN_ALIASES = frozenset({KEY_ALIAS, INVOICE_ALIAS})


def check_invoicing(company: HarvestCompany) -> None:
    """Settlement needs Harvest's invoices.

    :raises SetupError: the module is switched off
    """
    if not company.invoice_feature:
        msg = "Invoicing is not activated in Harvest. Activate it under Settings > Modules, then run again."
        raise SetupError(msg)


def check_user(settings: Settings, users: Iterable[User]) -> None:
    """``default_user_id`` is an active user."""
    user = next((user for user in users if user.id == settings.default_user_id), None)
    if user is None or not user.active:
        _refuse("default_user_id", settings.default_user_id, "an active user")


def check_stage(settings: Settings, stages: Iterable[Stage]) -> Stage:
    """``default_stage_id`` is a stage between 1 and 99 %; the stage is returned."""
    stage = next((stage for stage in stages if stage.id == settings.default_stage_id), None)
    if stage is None:
        raise _missing("default_stage_id", settings.default_stage_id, "a stage")
    if not Decimal(1) <= stage.probability <= Decimal(99):
        msg = (
            f"The setting default_stage_id names the stage {stage.name} at {stage.probability} %. New opportunities "
            'need a stage between 1 and 99 %, for example a 90 % stage such as "Verbal agreement".'
        )
        raise SettingsError(msg)
    return stage


def check_product(settings: Settings, products: Iterable[Product]) -> None:
    """``default_product_id`` is an active product."""
    product = next((product for product in products if product.id == settings.default_product_id), None)
    if product is None or not product.active:
        _refuse("default_product_id", settings.default_product_id, "an active product")


def check_billing_app(settings: Settings, integrations: Iterable[StandardIntegration]) -> None:
    """``billing_integration_id`` is an app that Upsales knows."""
    if settings.billing_integration_id not in {app.id for app in integrations}:
        _refuse("billing_integration_id", settings.billing_integration_id, "an app")


def old_app_warning(app: IntegrationSettings | None) -> str | None:
    """A warning where Upsales' own Harvest app is still active: it makes opportunities from the same time."""
    if app is None or not app.active:
        return None
    return (
        "Upsales' own Harvest app is still active in this account: both would make opportunities from the same time. "
        "Deactivate it in Upsales under Apps, after its settings were taken over (python -m harvest_upsales "
        "import-settings)."
    )


def check_company_map(settings: Settings, companies: Iterable[Company]) -> None:
    """Every company in ``company_map`` exists and is active."""
    active = {company.id for company in companies if company.active}
    for client_id, company_id in settings.company_map.items():
        if company_id not in active:
            _refuse(f"company_map.{client_id}", company_id, "an active company")


def order_fields(settings: Settings, fields: Iterable[CustomField]) -> OrderFields:
    """The ids of the custom fields that this package uses.

    :raises SettingsError: ``billing_reference_field`` is no order field's alias, or one of our own
    :raises SetupError: an existing field of ours is not a String field
    """
    by_alias = {field.alias: field for field in fields if field.alias}
    for alias in (KEY_ALIAS, INVOICE_ALIAS):
        _check_datatype(by_alias.get(alias))
    reference = settings.billing_reference_field
    if reference in OWN_ALIASES:
        msg = (
            f"The setting billing_reference_field is {reference}, which this integration fills itself: every order "
            "would count as billed. Choose the field that the billing app fills."
        )
        raise SettingsError(msg)
    if reference is not None and reference not in by_alias:
        msg = (
            f"The setting billing_reference_field is {reference}, but no order field of Upsales has that alias. "
            f"Aliases there: {', '.join(sorted(by_alias.keys() - OWN_ALIASES)) or 'none'}."
        )
        raise SettingsError(msg)
    return OrderFields(
        key=_id(by_alias.get(KEY_ALIAS)),
        invoice=_id(by_alias.get(INVOICE_ALIAS)),
        billing_reference=_id(by_alias.get(reference)) if reference else None,
    )


def missing_fields(fields: OrderFields) -> tuple[NewCustomField, ...]:
    """The custom fields that have to be created."""
    wanted = (
        (fields.key, NewCustomField(name="Harvest key", alias=KEY_ALIAS)),
        (fields.invoice, NewCustomField(name="Harvest invoice", alias=INVOICE_ALIAS)),
    )
    return tuple(new for present, new in wanted if present is None)


def check_one_mode(settings: Settings, live_keys: Iterable[HarvestKey]) -> None:
    """``opportunity_per`` can't change under opportunities that are not settled yet: their time would be sold twice.

    :param live_keys: keys of the opportunities that are open, won and not invoiced, or lost with time
    :raises SettingsError: some were made in the other mode
    """
    by_month = settings.opportunity_per is OpportunityPer.MONTH
    others = [key for key in live_keys if (key.month is not None) != by_month]
    if not others:
        return
    other = OpportunityPer.PROJECT if by_month else OpportunityPer.MONTH
    msg = (
        f"The setting opportunity_per is {settings.opportunity_per}, but {len(others)} live opportunities were made "
        f"per {other} (first key: {others[0]}). Their time would be counted twice. Set opportunity_per back to {other} "
        f"until they are won and invoiced, or delete them in Upsales; then change the setting."
    )
    raise SettingsError(msg)


def check_one_product(settings: Settings, live: Iterable[OrderBrief]) -> None:
    """``default_product_id`` can't change under live opportunities: their rows would be taken for salespeople's.

    :param live: orders that are open, or won and not invoiced, of projects that have uninvoiced time
    :raises SettingsError: none of them has a row on the product, though they have rows
    """
    with_rows = [order for order in live if any(row.quantity for row in order.rows)]
    product = settings.default_product_id
    if not with_rows or any(row.product_key == product for order in with_rows for row in order.rows):
        return
    others = sorted(
        {row.product_key for order in with_rows for row in order.rows if row.product_key is not None}
    )
    msg = (
        f"The setting default_product_id is {product}, but no live opportunity has its time on that product (order "
        f"{with_rows[0].id} and {len(with_rows) - 1} more have rows on {', '.join(map(str, others))}). Their time "
        "would be put on them a second time. Set default_product_id back until they are won and invoiced, or delete "
        "them in Upsales; then change the setting."
    )
    raise SettingsError(msg)


def active_currency(project: Project, currencies: Iterable[Currency]) -> Currency | None:
    """The project's currency among those active in Upsales."""
    wanted = project.client.currency.upper()
    return next(
        (currency for currency in currencies if currency.iso.upper() == wanted and currency.active), None
    )


def _check_datatype(field: CustomField | None) -> None:
    if field is not None and field.datatype not in (None, "String"):
        msg = (
            f"The order field {field.name} (alias {field.alias}) has the data type {field.datatype}; it has to be "
            "String. Rename its alias in Upsales, and the field is created again."
        )
        raise SetupError(msg)


def _id(field: CustomField | None) -> int | None:
    return None if field is None else field.id


def _missing(key: str, value: object, what: str) -> SettingsError:
    return SettingsError(
        f"The setting {key} is {value}, but Upsales has no such id: it has to be {what} there."
    )


def _refuse(key: str, value: object, what: str) -> None:
    raise _missing(key, value, what)

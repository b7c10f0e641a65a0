"""Settings that name something which Upsales does not have are refused by their key."""

from decimal import Decimal

import pytest

from harvest_upsales.domain import setup_checks
from harvest_upsales.domain.keys import HarvestKey, Month
from harvest_upsales.errors import SettingsError, SetupError
from harvest_upsales.records.harvest_records import Company as HarvestCompany
from harvest_upsales.records.upsales_records import (
    Company,
    Currency,
    CustomField,
    Product,
    Stage,
    StandardIntegration,
    User,
)
from tests.unit.domain.builders import PRODUCT, project, settings

OCTOBER = HarvestKey("1", 100, Month(2026, 10))
PROJECT = HarvestKey("1", 100)


def test_invoicing_has_to_be_on() -> None:
    setup_checks.check_invoicing(HarvestCompany(invoice_feature=True))
    with pytest.raises(SetupError, match="Invoicing is not activated in Harvest"):
        setup_checks.check_invoicing(HarvestCompany(invoice_feature=False))


def test_the_user_exists_and_is_active() -> None:
    setup_checks.check_user(settings(), [User(2), User(1, active=1)])
    for users in ([], [User(2)], [User(1, active=0)]):
        with pytest.raises(SettingsError, match="default_user_id is 1"):
            setup_checks.check_user(settings(), users)


@pytest.mark.parametrize("probability", ["1", "90", "99"])
def test_a_stage_of_the_board_is_returned(probability: str) -> None:
    stage = Stage(2, Decimal(probability))

    assert setup_checks.check_stage(settings(), [Stage(1, Decimal(10)), stage]) is stage


@pytest.mark.parametrize("probability", ["0", "0.5", "99.5", "100"])
def test_a_stage_outside_1_to_99_per_cent_is_refused(probability: str) -> None:
    with pytest.raises(SettingsError, match=rf"default_stage_id names the stage Verbal at {probability} %"):
        setup_checks.check_stage(settings(), [Stage(2, Decimal(probability), "Verbal")])


def test_a_stage_that_is_missing_is_refused() -> None:
    with pytest.raises(SettingsError, match="default_stage_id is 2"):
        setup_checks.check_stage(settings(), [Stage(1, Decimal(10))])


def test_the_product_exists_and_is_active() -> None:
    setup_checks.check_product(settings(), [Product(PRODUCT)])
    for products in ([], [Product(8)], [Product(PRODUCT, active=False)]):
        with pytest.raises(SettingsError, match="default_product_id is 7"):
            setup_checks.check_product(settings(), products)


def test_the_billing_app_is_one_of_upsales() -> None:
    wanted = settings(billing_integration_id=74)

    setup_checks.check_billing_app(wanted, [StandardIntegration(19), StandardIntegration(74)])
    with pytest.raises(SettingsError, match="billing_integration_id is 74"):
        setup_checks.check_billing_app(wanted, [StandardIntegration(19)])


def test_every_company_of_the_map_exists_and_is_active() -> None:
    wanted = settings(company_map={"50": 40, "51": 41})

    setup_checks.check_company_map(wanted, [Company(40, "a"), Company(41, "b")])
    for companies in ([Company(40, "a")], [Company(40, "a"), Company(41, "b", active=0)]):
        with pytest.raises(SettingsError, match=r"company_map\.51 is 41"):
            setup_checks.check_company_map(wanted, companies)


def test_custom_fields_are_found_by_alias_and_missing_ones_made() -> None:
    some = [
        CustomField(11, "Key", "HARVEST_KEY", "String"),
        CustomField(9, "No alias"),
        CustomField(13, "F", "FORTNOX_ID"),
    ]

    fields = setup_checks.order_fields(settings(billing_reference_field="FORTNOX_ID"), some)

    assert (fields.key, fields.invoice, fields.billing_reference) == (11, None, 13)
    assert [new.alias for new in setup_checks.missing_fields(fields)] == ["HARVEST_INVOICE"]
    none = setup_checks.order_fields(settings(), [])
    assert [(new.alias, new.datatype) for new in setup_checks.missing_fields(none)] == [
        ("HARVEST_KEY", "String"),
        ("HARVEST_INVOICE", "String"),
    ]


def test_a_reference_field_that_is_missing_is_refused_with_those_there_are() -> None:
    with pytest.raises(SettingsError, match=r"billing_reference_field is FORTNOX_ID.*Aliases there: A, B"):
        setup_checks.order_fields(
            settings(billing_reference_field="FORTNOX_ID"),
            [CustomField(1, "b", "B"), CustomField(2, "a", "A")],
        )


@pytest.mark.parametrize("alias", ["HARVEST_KEY", "HARVEST_INVOICE"])
def test_a_field_of_ours_is_no_billing_apps_reference(alias: str) -> None:
    with pytest.raises(
        SettingsError, match=f"billing_reference_field is {alias}, which this integration fills"
    ):
        setup_checks.order_fields(
            settings(billing_reference_field=alias),
            [
                CustomField(1, "Harvest key", "HARVEST_KEY"),
                CustomField(2, "Harvest invoice", "HARVEST_INVOICE"),
            ],
        )


@pytest.mark.parametrize("alias", ["HARVEST_KEY", "HARVEST_INVOICE"])
def test_a_field_of_ours_has_to_be_text(alias: str) -> None:
    with pytest.raises(SetupError, match=rf"alias {alias}\) has the data type Integer"):
        setup_checks.order_fields(settings(), [CustomField(1, "Ours", alias, "Integer")])


@pytest.mark.parametrize(
    ("per", "keys", "refused"),
    [
        ("project", [], False),
        ("project", [PROJECT], False),
        ("project", [PROJECT, OCTOBER], True),
        ("month", [OCTOBER], False),
        ("month", [PROJECT], True),
    ],
)
def test_the_mode_is_not_switched_under_live_opportunities(
    per: str, keys: list[HarvestKey], refused: bool
) -> None:
    if not refused:
        setup_checks.check_one_mode(settings(opportunity_per=per), keys)
        return
    with pytest.raises(SettingsError, match=rf"opportunity_per is {per}, but 1 live .*counted twice"):
        setup_checks.check_one_mode(settings(opportunity_per=per), keys)


def test_only_an_active_currency_of_the_same_code_will_do() -> None:
    sek, eur = Currency("sek", Decimal(1)), Currency("EUR", Decimal("0.09"), active=False)

    assert setup_checks.active_currency(project(currency="SEK"), [eur, sek]) is sek
    assert setup_checks.active_currency(project(currency="EUR"), [eur, sek]) is None
    assert setup_checks.active_currency(project(currency="USD"), [eur, sek]) is None

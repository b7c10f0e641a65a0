"""Addresses in the web apps: right where they are known, empty where they are not, and never a script."""

import pytest

from harvest_upsales.domain.links import WebAddresses, upsales_web_of, web_address


def test_projects_invoices_and_orders_have_an_address() -> None:
    web = WebAddresses(harvest="https://nordlys.harvestapp.com", upsales="https://power.upsales.com")

    assert web.project(14307913) == "https://nordlys.harvestapp.com/projects/14307913"
    assert web.invoice(13150378) == "https://nordlys.harvestapp.com/invoices/13150378"
    assert web.order(42) == "https://power.upsales.com/#/orders/42"


def test_the_address_of_an_order_may_be_given_whole() -> None:
    web = WebAddresses(upsales="https://crm.example.com/deals/{id}/edit?tab=1")

    assert web.order(42) == "https://crm.example.com/deals/42/edit?tab=1"


def test_without_an_address_there_is_no_link() -> None:
    web = WebAddresses()

    assert [web.project(1), web.invoice(1), web.order(1)] == ["", "", ""]


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("https://nordlys.harvestapp.com/", "https://nordlys.harvestapp.com"),
        (" http://127.0.0.1:8123 ", "http://127.0.0.1:8123"),
        (None, ""),
        ("nordlys.harvestapp.com", ""),
        ("javascript:alert(1)", ""),
        ("https://", ""),
        ("https://someone@example.com", ""),
        ('https://example.com/"onclick="x', ""),
        ("https://example.com/<b>", ""),
        ("https://example.com/a\nb", ""),
        ("https://[::1/", ""),
    ],
)
def test_only_a_plain_url_becomes_a_link(given: str | None, address: str) -> None:
    assert web_address(given) == address


@pytest.mark.parametrize(
    ("api", "web"),
    [
        ("https://power.upsales.com/api/v2", "https://power.upsales.com"),
        ("https://integration.upsales.com/api/v2", "https://power.upsales.com"),
        ("http://127.0.0.1:8123/api/v2", "http://127.0.0.1:8123"),
    ],
)
def test_upsales_web_app_is_where_its_api_is(api: str, web: str) -> None:
    assert upsales_web_of(api) == web

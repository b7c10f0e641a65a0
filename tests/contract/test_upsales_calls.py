"""Every call of the Upsales client, against the sandbox over HTTP."""

import asyncio
import datetime as dt
from decimal import Decimal

import pytest

from harvest_upsales.api import upsales_envelope
from harvest_upsales.api.upsales_api import WHOLE_ORDERS_A_PAGE
from harvest_upsales.errors import NotFoundError, RejectedError
from harvest_upsales.hooks.upsales_hook import UpsalesHook, async_reader
from harvest_upsales.records.upsales_records import (
    CustomValue,
    Id,
    NewCompany,
    NewCustomField,
    NewRow,
    Order,
    OrderBody,
    OrderBrief,
)
from sandbox.minimal import BILLING_APP, PRODUCT_TIME, STAGE_VERBAL_AGREEMENT, USER_BRIDGE, USER_INACTIVE
from sandbox.world import World


@pytest.fixture
def company_id(world: World) -> int:
    company = world.upsales.add_company("Fjäll & Sjö AB")
    world.upsales.add_contact(company, "Ann Berg", "ann@fjall.example")
    return company


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upsales_envelope, "PAGE_SIZE", 2)


def body(company_id: int, quantity: str = "2.25", custom: tuple[CustomValue, ...] = ()) -> OrderBody:
    price = Decimal("1250.505")
    return OrderBody(
        description="Website",
        date=dt.date(2026, 11, 22),
        user=Id(USER_BRIDGE),
        client=Id(company_id),
        stage=Id(STAGE_VERBAL_AGREEMENT),
        probability=Decimal(90),
        order_row=[NewRow(Decimal(quantity), price, price, Id(PRODUCT_TIME))],
        custom=list(custom),
        notify=False,
    )


def test_what_set_up_looks_at(upsales: UpsalesHook) -> None:
    client = upsales.client

    assert client.owner().id
    assert [(u.id, bool(u.active)) for u in client.users([USER_INACTIVE, 999])] == [(USER_INACTIVE, False)]
    assert {s.id: s.probability for s in client.order_stages()}[STAGE_VERBAL_AGREEMENT] == 90
    assert [p.id for p in client.products([PRODUCT_TIME])] == [PRODUCT_TIME]
    assert "SEK" in [currency.iso for currency in client.currencies()]
    assert BILLING_APP in [app.id for app in client.standard_integrations()]


def test_a_field_is_created_and_listed(upsales: UpsalesHook, world: World) -> None:
    made = upsales.client.create_order_field(NewCustomField(name="Harvest key", alias="HARVEST_KEY"))

    assert made.alias == "HARVEST_KEY"
    assert made in upsales.client.order_fields()
    assert world.journal.violations == []


@pytest.mark.usefixtures("small_pages")
def test_companies_come_in_pages(upsales: UpsalesHook, world: World) -> None:
    ids = [world.upsales.add_company(f"Company {number}") for number in range(5)]
    world.upsales.add_company("Idle", active=False)
    world.upsales.add_company("Visitor", is_external=1)

    assert [company.id for company in upsales.client.companies()] == ids
    assert world.journal.violations == []


def test_companies_by_their_ids(upsales: UpsalesHook, world: World, company_id: int) -> None:
    idle = world.upsales.add_company("Idle", active=False)

    found = upsales.client.companies_by_id([idle, company_id, 999_999])

    assert [(company.name, bool(company.active)) for company in found] == [
        ("Fjäll & Sjö AB", True),
        ("Idle", False),
    ]


def test_a_company_is_created(upsales: UpsalesHook, world: World) -> None:
    made = upsales.client.create_company(NewCompany(name="Nytt AB", currency="EUR"))

    assert [company.name for company in upsales.client.companies_by_id([made.id])] == ["Nytt AB"]
    assert world.journal.violations == []


def test_contacts_by_address(upsales: UpsalesHook, company_id: int) -> None:
    (contact,) = upsales.client.contacts("ann@fjall.example")

    assert contact.client is not None
    assert contact.client.id == company_id
    assert list(upsales.client.contacts("bo@fjall.example")) == []
    assert list(upsales.client.contacts("ann@fjall.example,bo@fjall.example")) == []


def test_an_order_is_created_read_and_saved(upsales: UpsalesHook, world: World, company_id: int) -> None:
    field = upsales.client.create_order_field(NewCustomField(name="Harvest key", alias="HARVEST_KEY"))
    key = CustomValue(field.id, "1029384:14307913")

    made = upsales.client.create_order(body(company_id, custom=(key,)))
    saved = upsales.client.update_order(made.id, body(company_id, quantity="3", custom=(key,)))

    assert (made.probability, made.stage.id, made.client.id) == (90, STAGE_VERBAL_AGREEMENT, company_id)
    assert b"1250.505" in bytes(saved.rows_raw[0])
    assert [c.value for c in upsales.client.order(made.id).custom] == ["1029384:14307913"]
    assert [order.rows[0].quantity for order in upsales.client.orders(OrderBrief)] == [Decimal(3)]
    assert world.journal.violations == []


@pytest.mark.usefixtures("small_pages")
def test_orders_come_in_pages_and_by_filter(upsales: UpsalesHook, world: World, company_id: int) -> None:
    ids = [world.upsales.add_order(company_id, stage_id=9 + number % 2) for number in range(5)]

    found = [order.id for order in upsales.client.orders(OrderBrief)]
    likely = [order.id for order in upsales.client.orders(OrderBrief, filters=[("probability", "gt:30")])]

    assert found == ids
    assert likely == ids[1::2]
    assert world.journal.violations == []


def test_whole_orders_come_in_smaller_pages_as_their_notes_may_be_long(
    upsales: UpsalesHook, world: World, company_id: int
) -> None:
    ids = [world.upsales.add_order(company_id, stage_id=11) for _ in range(WHOLE_ORDERS_A_PAGE + 1)]

    assert [order.id for order in upsales.client.orders(Order)] == ids
    assert [dict(entry["query"])["limit"] for entry in world.journal.entries] == ["500", "500"]
    assert [order.id for order in upsales.client.orders(OrderBrief)] == ids
    assert dict(world.journal.entries[-1]["query"])["limit"] == "1000"


@pytest.mark.parametrize(("notes", "limits"), [("", ["2", "4", "4"]), ("x" * 10_000, ["2", "3", "3"])])
def test_pages_are_as_large_as_the_page_before_was_light(
    upsales: UpsalesHook,
    world: World,
    company_id: int,
    monkeypatch: pytest.MonkeyPatch,
    notes: str,
    limits: list[str],
) -> None:
    """Notes come with every order, read or not; so long pages would fill the memory."""
    monkeypatch.setattr(upsales_envelope, "_DEFAULT_PAGE", 2)
    monkeypatch.setattr(upsales_envelope, "PAGE_SIZE", 4)
    monkeypatch.setattr(upsales_envelope, "_PAGE_BYTES", 40_000)
    ids = [world.upsales.add_order(company_id, stage_id=11, notes=notes) for _ in range(8)]

    assert [order.id for order in upsales.client.orders(OrderBrief)] == ids
    assert [dict(entry["query"])["limit"] for entry in world.journal.entries] == limits


@pytest.mark.parametrize("absent_passes", [True, False])
def test_orders_with_a_field(
    upsales: UpsalesHook, world: World, company_id: int, absent_passes: bool
) -> None:
    world.upsales.custom_ne_matches_missing = absent_passes
    field_id = upsales.client.order_fields()[0].id
    world.upsales.add_order(company_id, stage_id=11)
    with_value = world.upsales.add_order(company_id, stage_id=11, custom={"FORTNOX_ID": "4711"})

    found = [order for order in upsales.client.orders_with_field(field_id, OrderBrief) if order.custom]

    assert [order.id for order in found] == [with_value]
    assert len(world.journal.entries) == 2


def test_all_orders_come_where_the_filter_is_refused(
    upsales: UpsalesHook, world: World, company_id: int
) -> None:
    order_id = world.upsales.add_order(company_id, stage_id=11)

    assert [order.id for order in upsales.client.orders_with_field(999, OrderBrief)] == [order_id]


def test_a_refused_order_carries_upsales_own_words(upsales: UpsalesHook, world: World) -> None:
    with pytest.raises(RejectedError, match="FailedValidation") as refused:
        upsales.client.create_order(body(company_id=999_999))

    assert refused.value.call == "POST /orders"
    assert world.journal.writes() == []


def test_a_missing_order_read_without_blocking_is_told(upsales: UpsalesHook) -> None:
    async def read() -> Order:
        async with async_reader(upsales.connection) as reader:
            return await reader.read_order(999)

    with pytest.raises(NotFoundError, match="/orders/999"):
        asyncio.run(read())

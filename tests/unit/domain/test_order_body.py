"""Saving orders without touching what is people's, and making new ones."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest

from harvest_upsales.domain.order_body import body_to_create, body_to_save
from harvest_upsales.records.json_codec import encode
from harvest_upsales.records.upsales_records import Order
from tests.unit.domain.builders import ACCOUNT, OTHER_PRODUCT, PRODUCT, order, row, row_json


def sent(given: Order, **changes: Any) -> dict[str, Any]:
    return json.loads(encode(body_to_save(given, product_id=PRODUCT, **changes)), parse_float=str)


def test_everything_of_people_s_goes_back_as_it_came() -> None:
    given = order(
        row_json("1", "1000"),
        row_json(
            "2.50",
            "1250.50",
            OTHER_PRODUCT,
            901,
            ',"custom":[{"fieldId":5,"value":"x"}],"bundleRows":[{"id":4}],"bundleFixedPrice":true',
        ),
        invoice="3000",
        notes="theirs\nand more",
        contact={"id": 60, "name": "Eva"},
        project={"id": 70},
        clientConnection={"id": 80},
        competitorId=90,
        lostReason={"id": 3, "tagId": 4},
        probability=Decimal("72.5"),
        stage={"id": 22, "name": "Moved"},
        user={"id": 33, "name": "Another"},
        custom=[
            {"fieldId": 20, "value": "text", "valueInteger": None},
            {"fieldId": 21, "value": 12},
            {"fieldId": 22, "value": Decimal("1250.50")},
            {"fieldId": 23, "value": None},
            {"fieldId": 24, "value": ["a", "b"]},
        ],
    )

    body = sent(given)

    assert body == {
        "description": "Nordisk Form AB – Webb",
        "date": "2026-10-31",
        "user": {"id": 33},
        "client": {"id": 40},
        "stage": {"id": 22},
        "probability": "72.5",
        "notes": "theirs\nand more",
        "contact": {"id": 60},
        "project": {"id": 70},
        "clientConnection": {"id": 80},
        "competitorId": 90,
        "lostReason": {"id": 3, "tagId": 4},
        "currency": "SEK",
        "currencyRate": 1,
        "notify": False,
        "custom": [
            {"fieldId": 11, "value": f"{ACCOUNT}:100"},
            {"fieldId": 12, "value": "3000"},
            {"fieldId": 20, "value": "text"},
            {"fieldId": 21, "value": 12},
            {"fieldId": 22, "value": "1250.50"},
            {"fieldId": 23, "value": None},
            {"fieldId": 24, "value": ["a", "b"]},
        ],
        "orderRow": [
            {
                "id": 900,
                "quantity": 1,
                "price": 1000,
                "listPrice": 1000,
                "discount": 0,
                "sortId": 0,
                "product": {"id": PRODUCT},
                "custom": [],
            },
            {
                "id": 901,
                "quantity": "2.50",
                "price": "1250.50",
                "listPrice": "1250.50",
                "discount": 0,
                "sortId": 0,
                "bundleRows": [{"id": 4}],
                "bundleFixedPrice": True,
                "product": {"id": OTHER_PRODUCT},
                "custom": [{"fieldId": 5, "value": "x"}],
            },
        ],
    }


def test_empty_fields_go_back_empty() -> None:
    body = sent(order(row_json("1", "1"), description=None, date=None, user=None, notes=None, contact=None))

    assert {name: body[name] for name in ("description", "date", "user", "notes", "contact")} == {
        "description": None,
        "date": None,
        "user": None,
        "notes": None,
        "contact": None,
    }
    assert "project" not in body
    assert "lostReason" not in body


@pytest.mark.parametrize("custom", ["", ',"custom":null', ',"custom":[]'])
def test_a_row_of_people_s_may_have_no_custom_values(custom: str) -> None:
    body = sent(order(row_json("1", "70", OTHER_PRODUCT, extra=custom)))

    assert body["orderRow"][0]["custom"] == []


def test_a_row_without_a_product_is_people_s() -> None:
    body = sent(order('{"id":902,"quantity":1,"price":10,"product":null}'), rows=(row("1", "5"),))

    assert [part.get("id") for part in body["orderRow"]] == [None, 902]
    assert "product" not in body["orderRow"][1]


def test_our_rows_are_replaced_and_theirs_kept() -> None:
    given = order(row_json("1", "1000"), row_json("3", "900"), row_json("1", "70", OTHER_PRODUCT, 901))

    body = sent(given, rows=(row("2.50", "1100.00"),))

    assert body["orderRow"][0] == {
        "quantity": "2.5",
        "price": 1100,
        "listPrice": 1100,
        "product": {"id": PRODUCT},
    }
    assert [part["product"]["id"] for part in body["orderRow"]] == [PRODUCT, OTHER_PRODUCT]


def test_an_order_is_never_left_without_rows() -> None:
    assert sent(order(row_json("1", "1000")), rows=())["orderRow"] == [
        {"quantity": 0, "price": 0, "listPrice": 0, "product": {"id": PRODUCT}}
    ]
    with_theirs = order(row_json("1", "1000"), row_json("1", "70", OTHER_PRODUCT, 901))
    assert [part["product"]["id"] for part in sent(with_theirs, rows=())["orderRow"]] == [OTHER_PRODUCT]


def test_notes_and_custom_values_are_changed_where_asked() -> None:
    given = order(
        row_json("1", "1000"), invoice="1", notes="old", custom=[{"fieldId": 20, "value": "theirs"}]
    )

    body = sent(given, notes="", custom={12: "3000"})

    assert body["notes"] == ""
    assert body["custom"] == [
        {"fieldId": 11, "value": f"{ACCOUNT}:100"},
        {"fieldId": 20, "value": "theirs"},
        {"fieldId": 12, "value": "3000"},
    ]


def test_a_new_order_says_all_that_it_has_to() -> None:
    def body(notes: str) -> dict[str, Any]:
        new = body_to_create(
            description="d",
            date=dt.date(2026, 10, 31),
            user_id=1,
            company_id=40,
            stage_id=2,
            probability=Decimal(90),
            product_id=PRODUCT,
            rows=[row("1.50", "1250.50")],
            custom={11: f"{ACCOUNT}:100"},
            currency="EUR",
            currency_rate=Decimal("0.0918"),
            notes=notes,
        )
        return json.loads(encode(new), parse_float=str)

    assert body("list") == {
        "description": "d",
        "date": "2026-10-31",
        "user": {"id": 1},
        "client": {"id": 40},
        "stage": {"id": 2},
        "probability": 90,
        "orderRow": [
            {"quantity": "1.5", "price": "1250.5", "listPrice": "1250.5", "product": {"id": PRODUCT}}
        ],
        "custom": [{"fieldId": 11, "value": f"{ACCOUNT}:100"}],
        "notify": False,
        "currency": "EUR",
        "currencyRate": "0.0918",
        "notes": "list",
    }
    assert "notes" not in body("")

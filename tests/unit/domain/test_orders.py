"""Reading orders."""

import sys
from decimal import Decimal
from typing import Any

import pytest

from harvest_upsales.domain.orders import (
    OrderFields,
    Standing,
    by_key,
    custom_text,
    invoice_of,
    key_of,
    only_order,
    our_rows,
    standing,
)
from harvest_upsales.errors import ProjectError
from harvest_upsales.records.json_codec import decode
from harvest_upsales.records.upsales_records import Order
from tests.unit.domain.builders import (
    ACCOUNT,
    FIELDS,
    OTHER_PRODUCT,
    PRODUCT,
    brief,
    order,
    order_json,
    row,
    row_json,
)


@pytest.mark.parametrize(
    ("probability", "where"),
    [
        ("0", Standing.LOST),
        ("1", Standing.OPEN),
        ("0.5", Standing.OPEN),
        ("99.9", Standing.OPEN),
        ("100", Standing.WON),
        ("100.0", Standing.WON),
    ],
)
def test_the_standing_is_judged_by_probability_alone(probability: str, where: Standing) -> None:
    named_otherwise = {"id": 3, "name": "Won" if where is Standing.LOST else "Lost"}

    assert standing(order(probability=Decimal(probability), stage=named_otherwise)) is where


def test_key_and_invoice_stand_in_custom_fields() -> None:
    given = order(invoice=" 3000 ")

    assert str(key_of(given, FIELDS)) == f"{ACCOUNT}:100"
    assert invoice_of(given, FIELDS) == "3000"
    assert key_of(order(key=None), FIELDS) is None
    assert key_of(order(key="ask Anna"), FIELDS) is None
    assert invoice_of(order(), FIELDS) == ""
    assert invoice_of(order(), OrderFields(None, None)) == ""


@pytest.mark.parametrize(
    ("value", "text"), [(None, ""), ("", ""), (0, "0"), (Decimal("12.50"), "12.50"), (" a ", "a")]
)
def test_custom_values_are_read_as_text(value: Any, text: str) -> None:
    assert custom_text(order(custom=[{"fieldId": 99, "value": value}]), 99) == text


def test_our_rows_are_those_on_the_default_product() -> None:
    rows = (
        row_json("1.50", "1000"),
        row_json("2", "70", OTHER_PRODUCT),
        '{"quantity":1,"price":5,"productId":7}',
    )

    assert our_rows(order(*rows), PRODUCT) == (row("1.5", "1000"), row("1", "5"))
    assert our_rows(brief(*rows), PRODUCT) == (row("1.5", "1000"), row("1", "5"))


def test_orders_of_other_accounts_and_without_key_are_left_out() -> None:
    found = by_key(
        [brief(), brief(key="1:100", id=501), brief(key=None, id=502), brief(key=f"{ACCOUNT}:7", id=503)],
        FIELDS,
        ACCOUNT,
    )

    assert {str(key): [one.id for one in orders] for key, orders in found.items()} == {
        f"{ACCOUNT}:100": [500],
        f"{ACCOUNT}:7": [503],
    }


def test_a_copied_order_is_an_error_that_names_both() -> None:
    key = key_of(brief(), FIELDS)
    assert key is not None

    assert only_order(key, []) is None
    assert only_order(key, [brief(), brief()]) is not None
    with pytest.raises(
        ProjectError, match=r"Project 100: the Upsales orders 500, 501 .*HARVEST_KEY 998877:100"
    ):
        only_order(key, [brief(id=501), brief()])


def test_a_kept_order_lets_go_of_the_answer_that_it_came_in() -> None:
    answer = order_json(row_json("1", "1"), notes="The notes of many others stand in the same answer.")
    alone = sys.getrefcount(answer)
    read = decode(answer, Order)
    assert sys.getrefcount(answer) > alone, "rows are views into the answer"

    kept = read.kept()

    assert kept == read
    del read
    assert sys.getrefcount(answer) == alone

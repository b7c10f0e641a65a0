"""Exact sums, rounded once."""

from decimal import Decimal

import pytest

from harvest_upsales.domain.money import minor_unit, plain, rounded, same_rows, takes_off, total
from tests.unit.domain.builders import row


@pytest.mark.parametrize(
    ("currency", "unit"),
    [
        ("SEK", "0.01"),
        ("sek", "0.01"),
        ("JPY", "1"),
        ("KWD", "0.001"),
        ("ISK", "1"),
        ("???", "0.01"),
        ("", "0.01"),
    ],
)
def test_the_minor_unit_is_the_currency_s_own(currency: str, unit: str) -> None:
    assert minor_unit(currency) == Decimal(unit)


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("0.005", "SEK", "0.01"),
        ("-0.005", "SEK", "-0.01"),
        ("2.345", "SEK", "2.35"),
        ("2.344999999999999999999999999999", "SEK", "2.34"),
        ("100.5", "JPY", "101"),
        ("-100.5", "JPY", "-101"),
        ("1.0005", "KWD", "1.001"),
    ],
)
def test_halves_go_away_from_zero(amount: str, currency: str, expected: str) -> None:
    assert str(rounded(Decimal(amount), currency)) == expected


def test_rows_are_rounded_once_and_not_one_by_one() -> None:
    assert total([row("1", "0.004"), row("1", "0.004")], "SEK") == Decimal("0.01")
    assert total([row("1", "0.005"), row("1", "0.005")], "SEK") == Decimal("0.01")


def test_no_digit_is_lost_before_the_rounding() -> None:
    long = row("1", "12345678901234567890123456789.004")

    assert long.amount == long.price
    assert total([long, row("1", "0.001")], "SEK") == Decimal("12345678901234567890123456789.01")


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("7.50", "7.5"),
        ("1250.50", "1250.5"),
        ("100", "100"),
        ("1E+5", "100000"),
        ("1E+30", "1" + "0" * 30),
        ("0.00", "0"),
        ("-0", "0"),
        ("0E+3", "0"),
        ("0.0001", "0.0001"),
        ("0.1234567890123456789012345678901", "0.1234567890123456789012345678901"),
    ],
)
def test_plain_drops_zeros_and_exponents_and_nothing_else(number: str, text: str) -> None:
    assert str(plain(Decimal(number))) == text


def test_rows_are_the_same_in_any_order_with_any_zeros() -> None:
    assert same_rows([row("1", "1250.50"), row("2.0", "900")], [row("2", "900.00"), row("1", "1250.5")])
    assert same_rows([row("1", "1"), row("0", "5")], [row("1", "1")])
    assert same_rows([], [row("0", "0")])


@pytest.mark.parametrize(
    "other",
    [
        [row("2", "500")],
        [row("1", "1000"), row("1", "1000")],
        [row("1", "1000.01")],
        [row("1.01", "1000")],
        [],
    ],
)
def test_rows_that_bill_otherwise_are_not_the_same(other: list[object]) -> None:
    assert not same_rows([row("1", "1000")], other)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ([row("2", "1000.00")], False),
        ([row("1", "1000"), row("1.5", "1000")], False),
        ([row("2", "1000"), row("1", "900")], False),
        ([row("1.9", "1000")], True),
        ([row("9", "1200")], True),
        ([], True),
    ],
)
def test_hours_are_taken_off_where_any_price_has_fewer(after: list[object], expected: bool) -> None:
    assert takes_off([row("2", "1000"), row("0", "5")], after) is expected  # type: ignore[arg-type]

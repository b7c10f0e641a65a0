"""Thousands of numbers are refused just where one of them would be."""

from __future__ import annotations

import contextlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvest_upsales.records.bounds import check_number, check_numbers

USUAL = st.decimals(min_value=-(10**6), max_value=10**6, allow_nan=False, places=6)
EXTREME = st.builds(
    lambda sign, digits, exponent: Decimal((sign, digits, exponent)),
    st.integers(0, 1),
    # A zero stays a zero, whatever its exponent.
    st.lists(st.integers(1, 9), min_size=1, max_size=90).map(tuple),
    st.integers(-200, 40),
)
ODD = st.sampled_from(
    [*map(Decimal, ("NaN", "-NaN", "Infinity", "-Infinity", "1E+999999", "1E-999999")), None]
)


def is_refused(number: Decimal | None) -> bool:
    with contextlib.suppress(ValueError):
        check_number("hours", number)
        return False
    return True


@given(st.lists(st.one_of(USUAL, USUAL, USUAL, EXTREME, ODD), max_size=60))
def test_many_numbers_are_refused_just_where_one_of_them_is(numbers: list[Decimal | None]) -> None:
    if any(map(is_refused, numbers)):
        with pytest.raises(ValueError, match="`hours`"):
            check_numbers("hours", numbers)
    else:
        check_numbers("hours", numbers)


@pytest.mark.parametrize("bad", ["1E+19", "1E-61", "NaN", "sNaN", "Infinity"])
def test_one_among_thousands_is_found(bad: str) -> None:
    with pytest.raises(ValueError, match="`hours`"):
        check_numbers("hours", [Decimal("7.25")] * 1999 + [Decimal(bad)])


def test_large_numbers_that_cancel_each_other_out_are_found() -> None:
    with pytest.raises(ValueError, match="`hours`"):
        check_numbers("hours", [Decimal("1E+30"), Decimal("-1E+30")])

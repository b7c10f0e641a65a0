"""Sums of hours and prices: exact until the one rounding to the currency's minor unit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cache, reduce

ZERO = Decimal(0)
_CENT = Decimal("0.01")
# Python's default of 28 digits would round long numbers silently.
_EXACT = Context(prec=10_000)


@dataclass(frozen=True, slots=True)
class Row:
    """Hours (or 1 for a fixed fee) at one price; the price is per hour, in the opportunity's currency."""

    quantity: Decimal
    price: Decimal

    @property
    def amount(self) -> Decimal:
        """Quantity times price, not rounded."""
        return _EXACT.multiply(self.quantity, self.price)


@cache
def minor_unit(currency: str) -> Decimal:
    """The smallest amount of a currency (ISO 4217): 0.01 for SEK, 1 for JPY; 0.01 for codes ISO does not know."""
    # Its import parses the standard's table, which is nothing for every parse of the DAG to wait for.
    from iso4217 import Currency

    try:
        exponent = Currency(currency.upper()).exponent
    except ValueError:
        return _CENT
    return _CENT if exponent is None else Decimal(1).scaleb(-exponent)


def harvest_unit(currency: str) -> Decimal:
    """The smallest step in Harvest's own sums: two digits, also in currencies that have three, as its reports show."""
    return max(minor_unit(currency), _CENT)


def rounded(amount: Decimal, currency: str) -> Decimal:
    """``amount`` in whole minor units, halves away from zero, as Harvest's reports do."""
    return amount.quantize(minor_unit(currency), rounding=ROUND_HALF_UP, context=_EXACT)


def total(rows: Iterable[Row], currency: str) -> Decimal:
    """The rows' sum, rounded once."""
    return rounded(exact_sum(row.amount for row in rows), currency)


add_exactly = _EXACT.add
"""Two numbers' sum with all of its digits; quick enough for every time entry."""


def exact_sum(numbers: Iterable[Decimal]) -> Decimal:
    """The sum with all of its digits."""
    return reduce(add_exactly, numbers, ZERO)


def plain(number: Decimal) -> Decimal:
    """The same number without exponent and trailing zeros, the way it is sent and compared (``7.50`` → ``7.5``)."""
    if not number:
        return ZERO
    short = number.normalize(_EXACT)
    return short.quantize(Decimal(1), context=_EXACT) if short == short.to_integral_value() else short


def same_rows(one: Iterable[Row], other: Iterable[Row]) -> bool:
    """Whether two sets of rows bill the same hours at the same prices, in whatever order; empty rows don't count."""
    return _counted(one) == _counted(other)


def takes_off(before: Iterable[Row], after: Iterable[Row]) -> bool:
    """Whether fewer hours stand at some price afterwards; more at another price do not make up for them."""
    left = _by_price(after)
    return any(quantity > left.get(price, 0) for price, quantity in _by_price(before).items())


def _by_price(rows: Iterable[Row]) -> dict[Decimal, Decimal]:
    found: dict[Decimal, Decimal] = {}
    for row in rows:
        found[row.price] = _EXACT.add(found.get(row.price, ZERO), row.quantity)
    return found


def _counted(rows: Iterable[Row]) -> list[tuple[Decimal, Decimal]]:
    return sorted((row.price, row.quantity) for row in rows if row.quantity)

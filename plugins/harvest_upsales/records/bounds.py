"""Bounds of every record, whoever sent it: numbers within bounds, names on one line."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Context, Decimal, Inexact, InvalidOperation, localcontext

LARGEST_EXPONENT = 18
SMALLEST_EXPONENT = -60
# Adding up numbers within these bounds loses no digit; with others, a lost digit raises an error.
_ALL_DIGITS = Context(prec=LARGEST_EXPONENT - SMALLEST_EXPONENT + 12, traps=[InvalidOperation, Inexact])
# Joins emoji and letters; all other invisible characters may turn or hide the text around them.
_JOINERS = "\u200c\u200d"


def check_number(field: str, number: Decimal | None) -> None:
    """Refuse a number that JSON allows but that no amount or number of hours can be.

    :param field: as the service calls it, for the message; the number itself is in none
    :raises ValueError: not a number, infinite, 10¹⁹ or more, or with more than 60 decimals
    """
    if number is None:
        return
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or (number and number.adjusted() > LARGEST_EXPONENT):
        msg = f"`{field}` is not a number within bounds"
        raise ValueError(msg)
    if not SMALLEST_EXPONENT <= exponent <= LARGEST_EXPONENT:
        msg = f"`{field}` has too many digits"
        raise ValueError(msg)


def check_numbers(field: str, numbers: Iterable[Decimal | None]) -> None:
    """``check_number`` of thousands at once, in a fraction of the time.

    The sum of their absolute values has the digits of all of them, and is larger than any: if it is within bounds,
    so is each of them. If not, they are checked one by one.

    :raises ValueError: as ``check_number``
    """
    found = [number for number in numbers if number is not None]
    with localcontext(_ALL_DIGITS):
        try:
            check_number(field, sum(map(Decimal.copy_abs, found), Decimal(0)))
        except (ValueError, InvalidOperation, Inexact):
            for number in found:
                check_number(field, number)


def one_line(text: str, limit: int | None = None, *, keep: str = _JOINERS) -> str:
    """Text for logs, messages and labels: no line end, control character or mark that turns the direction.

    :param limit: characters; what is longer ends in an ellipsis
    :param keep: the invisible characters that stay
    """
    if text.isascii() and text.isprintable() and "  " not in text and (limit is None or len(text) <= limit):
        return text.strip()
    line = " ".join(text.split())
    line = "".join(c for c in line if c.isprintable() or c in keep).strip()
    return line if limit is None or len(line) <= limit else line[: limit - 1].rstrip() + "…"

"""JSON in and out without a float: numbers are Decimal or int, and are written with their exact digits."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import msgspec

Record = dict[str, Any]
Amount = Decimal | int | str | float

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_DECODER = msgspec.json.Decoder(float_hook=Decimal)

JsonError = msgspec.DecodeError


def encode(value: object) -> bytes:
    """:param value: JSON-like data with Decimals; each becomes a JSON number with exactly its digits."""
    return _ENCODER.encode(value)


def decode(text: bytes | str) -> Any:
    """:raises JsonError: the text is not JSON."""
    return _DECODER.decode(text)


def exact(value: Amount) -> Decimal:
    """A Decimal without trailing zeros: ``1250.50`` → ``1250.5``, ``100.0`` → ``100``.

    A float is taken by its shortest text, so that 7.1 means 7.1.
    """
    digits = format(value if isinstance(value, Decimal) else Decimal(str(value)), "f")
    return Decimal(digits.rstrip("0").rstrip(".") if "." in digits else digits)


def exact_or_none(value: Amount | None) -> Decimal | None:
    return None if value is None else exact(value)


def rounded(value: Decimal, decimals: int = 2) -> Decimal:
    """Half up, as invoices are rounded."""
    return exact(value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP))


def is_number(value: object) -> bool:
    """True for a JSON number; a boolean is none."""
    return isinstance(value, int | Decimal) and not isinstance(value, bool)

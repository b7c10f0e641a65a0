"""JSON with exact numbers: money and hours stay ``Decimal`` from text to text, never a float."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import Any, TypeVar, cast

import msgspec

T = TypeVar("T")
_ENCODER = msgspec.json.Encoder(decimal_format="number")


@cache
def decoder(of: Any) -> msgspec.json.Decoder[Any]:
    """A decoder to ``of``; numbers in untyped places become ``Decimal`` too."""
    return msgspec.json.Decoder(of, float_hook=Decimal)


def decode(data: bytes | str, of: type[T]) -> T:
    """Decode ``data`` to ``of``.

    :raises msgspec.DecodeError: not JSON, or not of that shape; the message names the field
    """
    shape: Any = of
    return cast(T, decoder(shape).decode(data))


def encode(value: Any) -> bytes:
    """Encode ``value``; a ``Decimal`` becomes a JSON number with all of its digits."""
    return _ENCODER.encode(value)

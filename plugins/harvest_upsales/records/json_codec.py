"""JSON with exact numbers: money and hours stay ``Decimal`` from text to text, never a float."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar, cast

import msgspec

T = TypeVar("T")
_ESCAPES = re.compile(
    rb"\\\\|\\u[dD][89abAB]..\\u[dD][c-fC-F]..|(?P<lone>\\u[dD][89a-fA-F][0-9a-fA-F]{2})", re.DOTALL
)
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
    try:
        return cast(T, decoder(shape).decode(data))
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        whole = _without_lone_surrogates(data)
        if whole == data:
            raise
        return cast(T, decoder(shape).decode(whole))


def _without_lone_surrogates(data: bytes | str) -> bytes | str:
    """Replace a lone surrogate, as in a text cut within an emoji, by U+FFFD: only JSON allows it."""
    if isinstance(data, str):
        return data
    return _ESCAPES.sub(lambda found: rb"\ufffd" if found["lone"] else found[0], data)


def encode(value: Any) -> bytes:
    """Encode ``value``; a ``Decimal`` becomes a JSON number with all of its digits."""
    return _ENCODER.encode(value)

"""Answers as JSON. Money and hours are text, so that no digit is lost on the way."""

from __future__ import annotations

import msgspec
from fastapi.responses import Response


def answer(value: object, *, headers: dict[str, str] | None = None) -> Response:
    """A value (a Struct, or what is made of plain ones) as JSON."""
    return Response(msgspec.json.encode(value), media_type="application/json", headers=headers)

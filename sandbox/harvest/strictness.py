"""Harvest's reading of a request: nothing unknown passes, and every refusal has Harvest's own shape."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import NoReturn

from sandbox.jsonio import JsonError, Record, decode
from sandbox.web import Call, Refusal


def refuse(message: str, status: int = 422) -> NoReturn:
    """:raises Refusal: always, with Harvest's ``{"message": ...}``."""
    raise Refusal(status, {"message": message})


def not_found() -> NoReturn:
    raise Refusal(404, {"status": 404, "error": "Not Found"})


def query_of(call: Call, allowed: Iterable[str]) -> dict[str, str]:
    """The query, each parameter known and given once."""
    known = frozenset(allowed)
    query: dict[str, str] = {}
    for name, value in call.query:
        if name not in known or name in query:
            call.violation(f"unknown or repeated query parameter: {name}")
            refuse(f"Unknown or repeated parameter: {name}")
        query[name] = value
    return query


def body_of(call: Call, allowed: Iterable[str], required: Iterable[str] = ()) -> Record:
    """The JSON object sent, each field known, none required missing."""
    try:
        body = decode(call.body)
    except JsonError:
        refuse("The request body is not valid JSON", 400)
    if not isinstance(body, dict):
        refuse("The request body is not a JSON object", 400)
    check_fields(call, body, allowed)
    for name in required:
        if body.get(name) in (None, ""):
            refuse(f"{name} can't be blank")
    return body


def check_fields(call: Call, body: Record, allowed: Iterable[str]) -> None:
    for name in sorted(set(body) - set(allowed)):
        call.violation(f"unknown field: {name}")
        refuse(f"Unknown field: {name}")


def as_id(name: str, value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    refuse(f"{name} is invalid")


def as_bool(name: str, value: str) -> bool:
    if value not in ("true", "false"):
        refuse(f"{name} must be true or false")
    return value == "true"


def as_date(name: str, value: object) -> str:
    """``YYYY-MM-DD`` from that or from ``YYYYMMDD``."""
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError:
        refuse(f"{name} is not a valid date")


def as_moment(name: str, value: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        refuse(f"{name} is not a valid datetime")
    if moment.tzinfo is None:
        refuse(f"{name} needs a UTC offset or Z")
    return moment

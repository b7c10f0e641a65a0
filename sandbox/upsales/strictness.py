"""Upsales' envelopes and its reading of a request: nothing unknown passes."""

from collections.abc import Iterable
from typing import NoReturn

from sandbox.jsonio import JsonError, Record, decode
from sandbox.web import Answer, Call, Refusal

FAILED_VALIDATION = 26
SERVER_ERROR = 3
THROTTLE_LIMIT = 4
NOT_FOUND = 5


def ok(data: object, metadata: Record | None = None) -> Answer:
    """The envelope of success; single records come without metadata."""
    return Answer(200, {"error": None, **({"metadata": metadata} if metadata else {}), "data": data})


def deleted() -> Answer:
    return Answer(200, {"error": None})


def failure(status: int, key: str, code: int, message: str) -> Answer:
    error = {"key": key, "code": status, "errorCode": code, "msg": message}
    return Answer(status, {"error": error, "metadata": None, "data": None})


def refuse(
    message: str, status: int = 400, key: str = "FailedValidation", code: int = FAILED_VALIDATION
) -> NoReturn:
    """:raises Refusal: always, in Upsales' envelope."""
    raise Refusal(status, failure(status, key, code, message).body)


def not_found(what: str) -> NoReturn:
    refuse(f"No such {what}", 404, "NotFound", NOT_FOUND)


def body_of(call: Call, writable: Iterable[str], required: Iterable[str] = ()) -> Record:
    """The JSON object sent: only writable fields, strings trimmed.

    :raises Refusal: 400 that names the attribute.
    """
    try:
        body = decode(call.body)
    except JsonError:
        refuse("The request body is not valid JSON")
    if not isinstance(body, dict):
        refuse("The request body is not a JSON object")
    check_fields(call, body, writable)
    for name in required:
        if body.get(name) in (None, ""):
            refuse(f"Missing required attribute: {name}")
    trimmed = _trimmed(body)
    assert isinstance(trimmed, dict)
    return trimmed


def check_fields(call: Call, body: Record, writable: Iterable[str], where: str = "") -> None:
    for name in sorted(set(body) - set(writable)):
        call.violation(f"unknown or read-only attribute: {where}{name}")
        refuse(f"Attribute is not writable: {where}{name}")


def record_of(call: Call, records: dict[int, Record], what: str) -> Record:
    """The record that the path's id names."""
    text = call.params["id"]
    record = records.get(int(text)) if text.isascii() and text.isdigit() else None
    if record is None:
        not_found(what)
    return record


def reference(body: Record, name: str) -> int:
    """The id in ``{"name": {"id": 5}}``; a number in quotes counts."""
    holder = body.get(name)
    value = holder.get("id") if isinstance(holder, dict) else None
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        refuse(f"Missing or invalid attribute: {name}.id")
    return value


def _trimmed(value: object) -> object:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list):
        return [_trimmed(item) for item in value]
    if isinstance(value, dict):
        return {key: _trimmed(item) for key, item in value.items()}
    return value

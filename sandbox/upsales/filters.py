"""Upsales' list parameters: filters, sorting, limit and offset."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.jsonio import Record, is_number
from sandbox.upsales.strictness import ok, refuse
from sandbox.web import Answer, Call

OPERATORS = ("eq", "ne", "gt", "gte", "lt", "lte", "src")
DEFAULT_LIMIT, MAX_LIMIT = 1000, 2000
CONTROLS = frozenset({"token", "limit", "offset", "sort"})
SHORT_FORMS = {"product.id": "orderRow.product.id"}

Test = Callable[[Record], bool]
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: bool(a == b),
    "gt": lambda a, b: bool(a > b),
    "gte": lambda a, b: bool(a >= b),
    "lt": lambda a, b: bool(a < b),
    "lte": lambda a, b: bool(a <= b),
    "src": lambda a, b: str(b).casefold() in str(a).casefold(),
}


def listing(call: Call, records: Iterable[Record], attributes: Iterable[str]) -> Answer:
    """The records that pass the query's filters, in the order and the window asked for.

    :param attributes: what may be filtered and sorted by; ``client.id`` for an attribute of a nested record.
    """
    known = frozenset(attributes)
    tests = [_test(call, known, name, value) for name, value in call.query if name not in CONTROLS]
    found = [record for record in records if all(test(record) for test in tests)]
    found.sort(key=lambda record: _scrambled(record["id"]))
    for order in reversed([value for name, value in call.query if name == "sort"]):
        attribute = order.removeprefix("-")
        _check_known(call, known, attribute)
        found.sort(key=lambda record: _place(_value(record, attribute)), reverse=order.startswith("-"))
    limit, offset = _number(call, "limit", DEFAULT_LIMIT), _number(call, "offset", 0)
    if limit > MAX_LIMIT:
        refuse(f"limit must not exceed {MAX_LIMIT}")
    limit = min(limit, call.world.upsales.most_per_page)
    metadata = {"total": len(found), "limit": limit, "offset": offset}
    return ok(found[offset : offset + limit], metadata if call.world.upsales.says_totals else None)


def _test(call: Call, known: frozenset[str], name: str, text: str) -> Test:
    _check_known(call, known, name)
    operator, value = _split_operator(text)
    if name == "custom" or name.endswith(".custom"):
        return _custom_test(call, name, text)
    wanted = value.split(",")
    if operator == "ne":
        return lambda record: not any(_holds("eq", _value(record, name), each, name) for each in wanted)
    return lambda record: any(_holds(operator, _value(record, name), each, name) for each in wanted)


def _custom_test(call: Call, name: str, text: str) -> Test:
    """``op:fieldId:value``; the value may itself hold colons."""
    parts = text.split(":", 2)
    if len(parts) != 3 or parts[0] not in OPERATORS or not parts[1].isdigit():
        call.violation(f"malformed filter: {name}={text}")
        refuse(f"Invalid filter, expected op:fieldId:value: {name}")
    operator, field_id, wanted = parts[0], int(parts[1]), parts[2].split(",")
    if name == "custom" and field_id not in call.world.upsales.order_fields:
        refuse(f"No such attribute: custom {field_id}")
    absent_matches = call.world.upsales.custom_ne_matches_missing

    def test(record: Record) -> bool:
        value = _custom_value(_owner(call, record, name), field_id)
        if operator == "ne":
            return absent_matches if value is None else value not in wanted
        return value is not None and any(COMPARISONS[operator](value, each) for each in wanted)

    return test


def _owner(call: Call, record: Record, name: str) -> Record:
    """The record whose custom fields are meant: ``client.custom`` means the company's."""
    if name == "custom":
        return record
    client = record["client"]
    return call.world.upsales.companies[client["id"]] if client else {"custom": []}


def _custom_value(record: Record, field_id: int) -> str | None:
    values = [str(item["value"]) for item in record["custom"] if item["fieldId"] == field_id]
    return values[0] if values else None


def _check_known(call: Call, known: frozenset[str], name: str) -> None:
    if name not in known:
        call.violation(f"unknown filter attribute: {name}")
        refuse(f"No such attribute: {name}")


def _split_operator(text: str) -> tuple[str, str]:
    operator, colon, value = text.partition(":")
    return (operator, value) if colon and operator in OPERATORS else ("eq", text)


def _value(record: Record, name: str) -> Any:
    """The attribute's value; for rows (``orderRow.product.id``) the list of values."""
    value: Any = record
    for part in SHORT_FORMS.get(name, name).split("."):
        if isinstance(value, list):
            value = [item.get(part) if isinstance(item, dict) else None for item in value]
        else:
            value = value.get(part) if isinstance(value, dict) else None
    return value


def _holds(operator: str, value: Any, text: str, name: str) -> bool:
    if isinstance(value, list):
        return any(_holds(operator, each, text, name) for each in value)
    if value is None:
        return operator == "eq" and text == "null"
    return COMPARISONS[operator](*_comparable(value, text, name, operator))


def _comparable(value: Any, text: str, name: str, operator: str) -> tuple[Any, Any]:
    """Both sides as numbers, moments or texts, after the kind of the record's value."""
    if operator == "src":
        return value, text
    if isinstance(value, bool):
        return value, text in ("1", "true")
    if is_number(value):
        try:
            return Decimal(value), Decimal(text)
        except InvalidOperation:
            refuse(f"Invalid value for attribute: {name}")
    if name.endswith("Date") and "T" in value:
        try:
            return _moment(value), _moment(text)
        except ValueError:
            refuse(f"Invalid value for attribute: {name}")
    return value, text


def _moment(text: str) -> datetime:
    """A moment without a zone is UTC, a day is its midnight."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _place(value: Any) -> tuple[int, Any]:
    """A sort key that puts null first."""
    return (0, 0) if value is None else (1, value)


def _scrambled(identifier: int) -> int:
    """Upsales lists are not in id order unless asked; this order is stable and never looks sorted."""
    return identifier * 2654435761 % 4294967291


def _number(call: Call, name: str, default: int) -> int:
    texts = [value for key, value in call.query if key == name]
    if not texts:
        return default
    if len(texts) > 1 or not (texts[0].isascii() and texts[0].isdigit()):
        call.violation(f"invalid {name}")
        refuse(f"Invalid value for attribute: {name}")
    return int(texts[0])

"""Harvest's lists: pages by number or by an opaque cursor, which is how time entries come by default."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any, Literal
from urllib.parse import urlencode

from sandbox.harvest.strictness import refuse
from sandbox.jsonio import JsonError, Record, decode, encode
from sandbox.web import Answer, Call

PAGING = ("page", "per_page", "ref")
CURSOR_PAGING = (*PAGING, "cursor")
MAX_PER_PAGE = 2000

Paging = Literal["mixed", "numbers", "cursors"]
SortKey = Callable[[Record], tuple[Any, ...]]


def by_page(
    call: Call, query: dict[str, str], key: str, records: list[Record], sort_key: SortKey | None = None
) -> Answer:
    """One page of ``records`` (already filtered and sorted), by number unless the account pages by cursor."""
    if sort_key is not None and call.world.harvest.paging == "cursors" and "page" not in query:
        return _after_cursor(call, query, key, records, sort_key)
    return _numbered(call, query, key, records)


def by_cursor(
    call: Call, query: dict[str, str], key: str, records: list[Record], sort_key: SortKey
) -> Answer:
    """One page of ``records`` (already filtered and sorted), by cursor unless the account pages by number."""
    if "page" in query and "cursor" in query:
        refuse("page and cursor are mutually exclusive")
    if "page" in query or call.world.harvest.paging == "numbers":
        return _numbered(call, query, key, records)
    return _after_cursor(call, query, key, records, sort_key)


def _numbered(call: Call, query: dict[str, str], key: str, records: list[Record]) -> Answer:
    if "cursor" in query:
        refuse("cursor is invalid")
    size, page = _per_page(call, query), _number(query, "page", 1)
    pages = max(1, -(-len(records) // size))
    previous, following = page - 1 if page > 1 else None, page + 1 if page < pages else None
    return Answer(
        200,
        {
            key: records[(page - 1) * size : page * size], "per_page": size, "total_pages": pages,
            "total_entries": len(records), "next_page": following, "previous_page": previous, "page": page,
            "links": {
                name: None if number is None else _link(call, query, page=number, per_page=size, ref=name)
                for name, number in (("first", 1), ("next", following), ("previous", previous), ("last",
                pages))
            },
        },
    )  # fmt: skip


def _after_cursor(
    call: Call, query: dict[str, str], key: str, records: list[Record], sort_key: SortKey
) -> Answer:
    """One page after the cursor; numbers and totals are null, as the API reserves the right to answer.

    The cursor holds the last record's place in the order, so that records which appear or vanish meanwhile
    shift nothing. It belongs to the filters that it was made with.
    """
    size = _per_page(call, query)
    filters = {name: value for name, value in sorted(query.items()) if name not in CURSOR_PAGING}
    after = _opened(query["cursor"], filters) if "cursor" in query else None
    rest = [record for record in records if after is None or list(sort_key(record)) > after]
    page = rest[:size]
    following = None
    if len(rest) > size:
        cursor = _sealed(list(sort_key(page[-1])), filters)
        following = _link(call, filters, cursor=cursor, per_page=size, ref="next_cursor")
    return Answer(
        200,
        {
            key: page, "per_page": size, "total_pages": None, "total_entries": None, "next_page": None,
            "previous_page": None, "page": None,
            "links": {
                "first": _link(call, filters, per_page=size, ref="first"),
                "next": following, "previous": None, "last": None,
            },
        },
    )  # fmt: skip


def _link(call: Call, query: dict[str, str], **changes: object) -> str:
    parameters = {**query, **{name: str(value) for name, value in changes.items()}}
    return f"{call.base_url}{call.path}?{urlencode(sorted(parameters.items()))}"


def _sealed(place: list[Any], filters: dict[str, str]) -> str:
    return urlsafe_b64encode(encode({"after": place, "filters": filters})).decode()


def _opened(cursor: str, filters: dict[str, str]) -> list[Any]:
    try:
        content = decode(urlsafe_b64decode(cursor.encode()))
        after, made_with = list(content["after"]), content["filters"]
    except (ValueError, JsonError, KeyError, TypeError):
        refuse("cursor is invalid")
    if made_with != filters:
        refuse("cursor does not belong to these filters")
    return after


def _per_page(call: Call, query: dict[str, str]) -> int:
    size = _number(query, "per_page", MAX_PER_PAGE)
    if size > MAX_PER_PAGE:
        refuse(f"per_page must be between 1 and {MAX_PER_PAGE}")
    return min(size, call.world.harvest.most_per_page)


def _number(query: dict[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and int(text) >= 1):
        refuse(f"{name} must be a positive number")
    return int(text)

"""What an answer, or its absence, amounts to: a record or a ``Failure``."""

from __future__ import annotations

from collections.abc import Iterator
from ssl import SSLCertVerificationError
from typing import Any, TypeVar

import msgspec
import requests
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ReadTimeoutError

from harvest_upsales.api.call_errors import shape_words
from harvest_upsales.api.retry_rules import Failure, Kind
from harvest_upsales.records import json_codec

T = TypeVar("T")
_NOTHING = (b"", b"{}", b"null")
_NOT_CONNECTED = (requests.ConnectTimeout, ConnectTimeoutError, NewConnectionError)
_TIMED_OUT = (requests.Timeout, ReadTimeoutError, TimeoutError)


def decoded(body: bytes, content_type: str, status: int, of: type[T]) -> T | Failure:
    """Decode the body of a successful answer.

    :param body: as it came
    :param content_type: header of that name, empty where absent
    :param status: of the answer
    :param of: type to decode to
    :return: a failure where the body is empty, cut, no JSON, or JSON of another shape
    """
    if not body:
        return Failure(Kind.BROKEN, status, detail="empty body")
    if body.strip() in _NOTHING and of is not msgspec.Raw:
        return Failure(Kind.BROKEN, status, detail="an answer without content")
    if content_type and "json" not in content_type.lower():
        return Failure(Kind.BROKEN, status, detail="not JSON, maybe a page of a proxy")
    try:
        return json_codec.decode(body, of)
    except msgspec.ValidationError as problem:
        # A shape may look wrong only because the rest is missing.
        return (
            Failure(Kind.MISSHAPEN, status, detail=shape_words(problem)) if _is_whole(body) else _cut(status)
        )
    except RecursionError:
        return Failure(Kind.MISSHAPEN, status, detail="nested too deeply")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _cut(status)


def _is_whole(body: bytes) -> bool:
    try:
        msgspec.json.decode(body)
    except (RecursionError, msgspec.ValidationError):
        # Whole, though too deep or with numbers too long for anyone.
        return True
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True


def _cut(status: int) -> Failure:
    return Failure(Kind.BROKEN, status, detail="cut or damaged JSON")


def failure_of_exception(problem: requests.RequestException) -> Failure:
    """What a failed request tells about itself; its text is left out, as it holds the URL."""
    causes = list(_causes(problem))
    if any(isinstance(cause, SSLCertVerificationError) for cause in causes):
        return Failure(Kind.CERTIFICATE_INVALID)
    if any(isinstance(cause, _NOT_CONNECTED) for cause in causes):
        return Failure(Kind.NOT_CONNECTED)
    if any(isinstance(cause, _TIMED_OUT) for cause in causes):
        return Failure(Kind.TIMED_OUT)
    if isinstance(problem, requests.exceptions.ContentDecodingError):
        return Failure(Kind.BROKEN)
    return Failure(Kind.CONNECTION_LOST)


def _causes(problem: BaseException) -> Iterator[BaseException]:
    """The exception and those it was made from, wherever the HTTP libraries keep them."""
    pending: list[Any] = [problem]
    seen: set[int] = set()
    while pending:
        cause = pending.pop()
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        pending += [*cause.args, cause.__cause__, cause.__context__]
        pending += [getattr(cause, "reason", None), getattr(cause, "original_error", None)]

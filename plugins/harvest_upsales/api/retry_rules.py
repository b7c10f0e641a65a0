"""When a request may be sent again, and after how long: pure rules for both services.

Reads may be repeated freely. A write is repeated only where it's certain that it had no effect: the service
refused it before processing (429), or no connection could be made. Everything else is for the caller to look up.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum

MAX_TRIES = 5
"""Requests for one call, the first included."""
MAX_TOTAL_WAIT_S = 120.0
"""Seconds that one call may wait in all; Airflow's own retries wait longer, without holding a worker."""
FIRST_BACKOFF_S = 1.0
LONGEST_BACKOFF_S = 30.0


class Kind(StrEnum):
    """What went wrong with one request."""

    RATE_LIMITED = "too many requests (429)"
    NOT_CONNECTED = "no connection could be made"
    UNAVAILABLE = "the service is not available"
    TIMED_OUT = "no answer in time"
    CONNECTION_LOST = "the connection was cut"
    BROKEN = "the answer is broken"
    CERTIFICATE_INVALID = "the TLS certificate can't be verified"
    MISSHAPEN = "the answer has another shape than expected"
    REDIRECTED = "the service redirects"
    UNAUTHORIZED = "the credentials are refused"
    FORBIDDEN = "not allowed"
    NOT_FOUND = "not found"
    REJECTED = "rejected"


TRANSIENT = frozenset(
    {
        Kind.RATE_LIMITED,
        Kind.NOT_CONNECTED,
        Kind.UNAVAILABLE,
        Kind.TIMED_OUT,
        Kind.CONNECTION_LOST,
        Kind.BROKEN,
    }
)
"""What may go away by itself."""
NO_EFFECT = frozenset({Kind.RATE_LIMITED, Kind.NOT_CONNECTED})
"""After these a write was certainly not carried out."""
EFFECT_UNKNOWN = (TRANSIENT - NO_EFFECT) | {Kind.MISSHAPEN}
"""After these a write may have been carried out."""

_KIND_OF_STATUS = {
    401: Kind.UNAUTHORIZED,
    403: Kind.FORBIDDEN,
    404: Kind.NOT_FOUND,
    408: Kind.UNAVAILABLE,
    410: Kind.NOT_FOUND,
    429: Kind.RATE_LIMITED,
}


@dataclass(frozen=True)
class Failure:
    """One request that did not give a usable answer.

    :param kind: what went wrong
    :param status: HTTP status, ``None`` where no answer came
    :param retry_after_s: seconds the service asked to wait, where it said so
    :param detail: a field or error code, never a body
    :param request_id: the service's own id of the request
    """

    kind: Kind
    status: int | None = None
    retry_after_s: float | None = None
    detail: str = ""
    request_id: str | None = None


def classify(status: int) -> Kind | None:
    """What a status means; ``None`` for success.

    :param status: HTTP status of the answer
    """
    if 200 <= status < 300:
        return None
    if status in _KIND_OF_STATUS:
        return _KIND_OF_STATUS[status]
    if 300 <= status < 400:
        return Kind.REDIRECTED
    return Kind.REJECTED if 400 <= status < 500 else Kind.UNAVAILABLE


def should_retry(failure: Failure, *, is_write: bool) -> bool:
    """Whether the same request may be sent again without asking anyone.

    :param failure: how the last try failed
    :param is_write: the request changes something
    """
    return failure.kind in (NO_EFFECT if is_write else TRANSIENT)


def gives_up(tries: int, waited_s: float, next_wait_s: float) -> bool:
    """Whether one call has been tried and has waited enough.

    A ``Retry-After`` beyond the bound gives up at once: the task's retry waits that long without a worker.

    :param tries: requests sent so far
    :param waited_s: seconds waited so far
    :param next_wait_s: seconds that the next try would wait
    """
    return tries >= MAX_TRIES or waited_s + next_wait_s > MAX_TOTAL_WAIT_S


def wait_s(attempt: int, retry_after_s: float | None, rng: Callable[[], float]) -> float:
    """Seconds to wait after the given try: what the service asks for, else exponential back-off with jitter.

    Jitter is added, never taken away, where the service named a time: earlier than asked is refused again.

    :param attempt: number of the try that failed, from 1
    :param retry_after_s: seconds the service asked for, if it did
    :param rng: random number from 0 to 1
    """
    backoff_s = float(min(FIRST_BACKOFF_S * 2 ** (attempt - 1), LONGEST_BACKOFF_S))
    if retry_after_s is not None:
        return retry_after_s + rng() * min(1.0, backoff_s)
    return backoff_s * (0.5 + rng() / 2)


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds from ``Retry-After``, which is a number of seconds or an HTTP date.

    A date is compared with the answer's own ``Date``, so that a clock that is wrong here does no harm.

    :param headers: of the answer; names in any case
    :param now: used where the answer has no ``Date``; aware
    :return: at least 0; ``None`` where the header is absent or makes no sense
    """
    text = headers.get("Retry-After", "").strip()
    if not text:
        return None
    seconds = _number(text)
    if seconds is None:
        until = _http_date(text)
        if until is None:
            return None
        seconds = (until - (_http_date(headers.get("Date", "")) or now)).total_seconds()
    return max(seconds, 0.0)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

"""One request to a service: rate limit, time-outs, retries, and errors that say what to do.

Reads are tried again until a usable answer comes, within the bounds of the retry rules. A write is sent once;
it's sent again only where it certainly had no effect. Bodies, queries and tokens are never logged; exceptions
of the HTTP library are not chained, because their texts hold whole URLs.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar, cast

import msgspec
import requests
import tenacity

from harvest_upsales.api.answers import decoded, failure_of_exception
from harvest_upsales.api.call_errors import Call, error_of, service_words, with_request_id
from harvest_upsales.api.rate_limit import READS, WRITES, RateLimiter, Sent
from harvest_upsales.api.retry_plan import report_retry, retry_plan
from harvest_upsales.api.retry_rules import Failure, Kind, classify, retry_after_s

T = TypeVar("T")
Params = Sequence[tuple[str, str]]
Check = Callable[[T], Failure | None]
Body = bytes | Callable[[], bytes]
_JSON = {"Content-Type": "application/json", "Accept": "application/json"}
# A body is read in one piece where its length is known; requests' own pieces are 10 kB and cost more than decoding.
_PIECE_BYTES, _LARGEST_PIECE_BYTES = 1 << 20, 16 << 20
_log = logging.getLogger(__name__)


def _accept(answer: object) -> None:
    """Every answer that decodes is good."""


@dataclass
class Stats:
    """What a transport and those beside it have done, for a task's one line of log."""

    service: str
    requests: int = 0
    retries: int = 0
    waited_s: float = 0.0
    received_bytes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def add(
        self, *, requests: int = 0, retries: int = 0, waited_s: float = 0.0, received_bytes: int = 0
    ) -> None:
        """Count; from any thread."""
        with self._lock:
            self.received_bytes += received_bytes
            self.requests += requests
            self.retries += retries
            self.waited_s += waited_s

    def __str__(self) -> str:
        return (
            f"{self.service}: {self.requests} requests, {self.retries} of them retries, "
            f"{self.waited_s:.1f} s waited"
        )


class Transport:
    """Requests to one service, for one thread; :meth:`beside` makes more of them, which share limits and count.

    :param session: carries the credentials, proxies and TLS settings
    :param base_url: without a slash at its end
    :param service: ``Harvest`` or ``Upsales``
    :param limiter: the service's rate limits
    :param timeout_s: seconds to connect, and seconds to wait for more of an answer
    :param secrets: removed from a service's own error texts
    :param clock: steady seconds
    :param sleep: waits for seconds
    :param rng: random number from 0 to 1, for jitter
    :param log: where retries are reported
    :param more_sessions: makes a session such as ``session``, for a thread of its own
    """

    def __init__(
        self,
        session: requests.Session,
        base_url: str,
        *,
        service: str,
        limiter: RateLimiter,
        timeout_s: tuple[float, float] = (5, 60),
        secrets: Iterable[str] = (),
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        rng: Callable[[], float] = random.random,
        log: logging.Logger = _log,
        more_sessions: Callable[[], requests.Session] | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.service = service
        self.stats = Stats(service)
        self._session = session
        self._limiter = limiter
        self._timeout_s = timeout_s
        self.secrets = tuple(secrets)
        self._clock = clock
        self._sleep = sleep
        self._rng = rng
        self._log = log
        self._more_sessions = more_sessions

    def sent_lately(self) -> Sent:
        """The requests that still count in the service's limits, those of earlier processes too."""
        return self._limiter.sent(self._clock())

    def take_over(self, sent: Sent, ago_s: float) -> None:
        """Count what earlier processes have sent.

        :param sent: as they left it
        :param ago_s: how long ago
        """
        later = {
            budget: {age_ms + int(ago_s * 1000): number for age_ms, number in ages.items()}
            for budget, ages in sent.items()
        }
        self._limiter.take_over(later, self._clock())

    @contextmanager
    def beside(self, most: int) -> Iterator[list[Transport]]:
        """Transports for as many threads, each with a connection of its own; closed afterwards.

        :param most: how many; fewer where no more sessions can be made, and this one at the least
        """
        if self._more_sessions is None or most < 2:
            yield [self]
            return
        with ExitStack() as open_sessions:
            others = [self._with(open_sessions.enter_context(self._more_sessions())) for _ in range(most - 1)]
            yield [self, *others]

    def _with(self, session: requests.Session) -> Transport:
        other = copy(self)
        other._session = session
        return other

    def get_decoded(
        self, path: str, params: Params = (), *, of: type[T], budget: str = READS, check: Check[T] = _accept
    ) -> T:
        """A JSON answer as a record. A broken body is asked for again.

        :param path: below the base URL, starting with a slash
        :param params: of the query; a key may occur more than once
        :param of: type to decode to
        :param budget: which rate limit it counts in
        :param check: says what is wrong with a decoded answer, where a service reports errors with status 200
        :raises UnexpectedAnswerError: well-formed JSON of another shape; names the field
        :raises ApiError: by what to do about it; see ``errors``
        """
        return self._call(
            "GET",
            path,
            params,
            b"",
            budget,
            lambda answer, received: _usable_body(answer, received, of, check),
        )

    def write(self, method: str, path: str, body: bytes = b"") -> bytes:
        """Send a change once and return the body of the answer, which may be empty; see ``write_decoded``."""
        return self._call(method, path, (), body, WRITES, _body_or_empty)

    def write_decoded(
        self, method: str, path: str, body: Body, *, of: type[T], check: Check[T] = _accept
    ) -> T:
        """Send a change once and decode the answer.

        :param method: ``POST``, ``PUT``, ``PATCH`` or ``DELETE``
        :param path: below the base URL, starting with a slash
        :param body: JSON; or what makes it, called right before each try, after all waiting for rate limits: it may
            read what the change is built on
        :param of: type of the answer
        :param check: as of ``get_decoded``
        :raises AnswerLostError: it may have taken effect; look it up before sending it again
        :raises ApiError: it was refused, and had no effect
        """
        return self._call(
            method, path, (), body, WRITES, lambda answer, received: _usable_body(answer, received, of, check)
        )

    def _call(
        self,
        method: str,
        path: str,
        params: Params,
        body: Body,
        budget: str,
        read: Callable[[requests.Response, bytes], T | Failure],
    ) -> T:
        call = Call(self.service, method, path, self.base_url)
        outcome: T | Failure = self._retrying(call)(self._attempt, call, params, body, budget, read)
        if isinstance(outcome, Failure):
            raise error_of(outcome, call)
        return outcome

    def _attempt(
        self,
        call: Call,
        params: Params,
        body: Body,
        budget: str,
        read: Callable[[requests.Response, bytes], T | Failure],
    ) -> T | Failure:
        # A body that is made right before the try makes a read of its own.
        now = self._clock()
        reservation = self._limiter.reserve(now, budget, with_a_read=callable(body))
        self._pause(reservation.moment - now)
        sent = body() if callable(body) else body
        self.stats.add(requests=1)
        try:
            answer = self._session.request(
                call.method,
                self.base_url + call.path,
                params=list(params),
                data=sent or None,
                headers=_JSON if sent else {"Accept": _JSON["Accept"]},
                timeout=self._timeout_s,
                allow_redirects=False,
                stream=True,
                # Passed with each request: REQUESTS_CA_BUNDLE in the environment overrides the session's setting.
                verify=None if self._session.verify is True else self._session.verify,
            )
            received = b"".join(answer.iter_content(_piece_bytes(answer)))
        except requests.RequestException as problem:
            return failure_of_exception(problem)
        finally:
            self._limiter.answered(reservation, self._clock())
        self.stats.add(received_bytes=len(received))
        headers = cast("dict[str, str]", answer.headers)
        self._limiter.observe(headers, self._clock())
        kind = classify(answer.status_code)
        outcome = read(answer, received) if kind is None else self._failed_status(kind, answer, received)
        return with_request_id(outcome, headers, self.secrets)

    def _failed_status(self, kind: Kind, answer: requests.Response, received: bytes) -> Failure:
        headers = cast("dict[str, str]", answer.headers)
        return Failure(
            kind,
            status=answer.status_code,
            retry_after_s=retry_after_s(headers, datetime.now(UTC)),
            detail=service_words(received, self.secrets),
        )

    def _retrying(self, call: Call) -> tenacity.Retrying:
        return tenacity.Retrying(**retry_plan(call, self._rng, self._report), sleep=self._pause)

    def _report(self, state: tenacity.RetryCallState) -> None:
        self.stats.add(retries=1)
        report_retry(self._log, self.service, state)

    def _pause(self, seconds: float) -> None:
        if seconds > 0:
            self.stats.add(waited_s=seconds)
            self._sleep(seconds)


def _piece_bytes(answer: requests.Response) -> int | None:
    """``None``: in one piece, which is copied the least; but not if the stated length is absurd or missing."""
    length = answer.headers.get("Content-Length", "")
    return None if length.isdecimal() and int(length) <= _LARGEST_PIECE_BYTES else _PIECE_BYTES


def _usable_body(answer: requests.Response, received: bytes, of: type[T], check: Check[T]) -> T | Failure:
    body = decoded(received, answer.headers.get("Content-Type", ""), answer.status_code, of)
    return body if isinstance(body, Failure) else check(body) or body


def _body_or_empty(answer: requests.Response, received: bytes) -> bytes | Failure:
    if not received:
        return b""
    raw = _usable_body(answer, received, msgspec.Raw, _accept)
    return raw if isinstance(raw, Failure) else bytes(raw)

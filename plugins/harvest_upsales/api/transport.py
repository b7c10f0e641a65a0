"""One request to a service: rate limit, time-outs, retries, and errors that say what to do.

Reads are tried again until a usable answer comes, within the bounds of the retry rules. A write is sent once;
it's sent again only where it certainly had no effect. Bodies, queries and tokens are never logged; exceptions
of the HTTP library are not chained, because their texts hold whole URLs.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar, cast

import msgspec
import requests
import tenacity

from harvest_upsales.api.answers import decoded, failure_of_exception
from harvest_upsales.api.call_errors import Call, error_of, service_words
from harvest_upsales.api.rate_limit import READS, WRITES, RateLimiter
from harvest_upsales.api.retry_plan import report_retry, retry_plan
from harvest_upsales.api.retry_rules import Failure, Kind, classify, retry_after_s

T = TypeVar("T")
Params = Sequence[tuple[str, str]]
Check = Callable[[T], Failure | None]
_JSON = {"Content-Type": "application/json", "Accept": "application/json"}
_log = logging.getLogger(__name__)


def _accept(answer: object) -> None:
    """Every answer that decodes is good."""


@dataclass
class Stats:
    """What a transport has done, for a task's one line of log."""

    service: str
    requests: int = 0
    retries: int = 0
    waited_s: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.service}: {self.requests} requests, {self.retries} of them retries, "
            f"{self.waited_s:.1f} s waited"
        )


class Transport:
    """Requests to one service, for one thread.

    :param session: carries the credentials, proxies and TLS settings
    :param base_url: without a slash at its end
    :param service: ``Harvest`` or ``Upsales``
    :param limiter: the service's rate limits
    :param timeout_s: seconds to connect, and seconds to wait for more of an answer
    :param secrets: blotted out of a service's own error texts
    :param clock: steady seconds
    :param sleep: waits for seconds
    :param rng: random number from 0 to 1, for jitter
    :param log: where retries are reported
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
        return self._call("GET", path, params, b"", budget, lambda answer: _usable_body(answer, of, check))

    def write(self, method: str, path: str, body: bytes = b"") -> bytes:
        """Send a change once and return the body of the answer, which may be empty; see ``write_decoded``."""
        return self._call(method, path, (), body, WRITES, _body_or_empty)

    def write_decoded(
        self, method: str, path: str, body: bytes, *, of: type[T], check: Check[T] = _accept
    ) -> T:
        """Send a change once and decode the answer.

        :param method: ``POST``, ``PUT``, ``PATCH`` or ``DELETE``
        :param path: below the base URL, starting with a slash
        :param body: JSON
        :param of: type of the answer
        :param check: as of ``get_decoded``
        :raises AnswerLostError: it may have taken effect; look it up before sending it again
        :raises ApiError: it was refused, and had no effect
        """
        return self._call(method, path, (), body, WRITES, lambda answer: _usable_body(answer, of, check))

    def _call(
        self,
        method: str,
        path: str,
        params: Params,
        body: bytes,
        budget: str,
        read: Callable[[requests.Response], T | Failure],
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
        body: bytes,
        budget: str,
        read: Callable[[requests.Response], T | Failure],
    ) -> T | Failure:
        self._pause(self._limiter.reserve(self._clock(), budget))
        self.stats.requests += 1
        try:
            answer = self._session.request(
                call.method,
                self.base_url + call.path,
                params=list(params),
                data=body or None,
                headers=_JSON if body else {"Accept": _JSON["Accept"]},
                timeout=self._timeout_s,
                allow_redirects=False,
                stream=False,
            )
        except requests.RequestException as problem:
            return failure_of_exception(problem)
        self._limiter.observe(cast("dict[str, str]", answer.headers), self._clock())
        kind = classify(answer.status_code)
        return read(answer) if kind is None else self._refusal(kind, answer)

    def _refusal(self, kind: Kind, answer: requests.Response) -> Failure:
        headers = cast("dict[str, str]", answer.headers)
        return Failure(
            kind,
            status=answer.status_code,
            retry_after_s=retry_after_s(headers, datetime.now(UTC)),
            detail=service_words(answer.content, self.secrets),
            request_id=headers.get("X-Request-Id"),
        )

    def _retrying(self, call: Call) -> tenacity.Retrying:
        return tenacity.Retrying(**retry_plan(call, self._rng, self._report), sleep=self._pause)

    def _report(self, state: tenacity.RetryCallState) -> None:
        self.stats.retries += 1
        report_retry(self._log, self.service, state)

    def _pause(self, seconds: float) -> None:
        if seconds > 0:
            self.stats.waited_s += seconds
            self._sleep(seconds)


def _usable_body(answer: requests.Response, of: type[T], check: Check[T]) -> T | Failure:
    body = decoded(answer.content, answer.headers.get("Content-Type", ""), answer.status_code, of)
    return body if isinstance(body, Failure) else check(body) or body


def _body_or_empty(answer: requests.Response) -> bytes | Failure:
    if not answer.content:
        return b""
    raw = _usable_body(answer, msgspec.Raw, _accept)
    return raw if isinstance(raw, Failure) else bytes(raw)

"""Reads one order without blocking: for triggers, which wait for a billing app's answer.

It has the retry rules of the blocking client and none of its calls. It never writes: a trigger may be started
twice.
"""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, cast

import aiohttp
import tenacity

from harvest_upsales.api.answers import decoded
from harvest_upsales.api.call_errors import Call, error_of, service_words, with_request_id
from harvest_upsales.api.retry_plan import report_retry, retry_plan
from harvest_upsales.api.retry_rules import Failure, Kind, classify, retry_after_s
from harvest_upsales.api.upsales_envelope import Envelope, fault_of_read
from harvest_upsales.records.upsales_records import Order

_log = logging.getLogger(__name__)


class AsyncUpsalesReader:
    """Reads orders; an asynchronous context manager that holds one session.

    :param base_url: without a slash at its end
    :param headers: with the API key, where it travels as a cookie
    :param params: with the API key, where it travels in the query
    :param timeout_s: seconds to connect, and seconds to wait for more of an answer
    :param proxy: URL of a proxy
    :param verify: ``False``, or the path of a CA bundle
    :param secrets: removed from the service's own error texts
    :param sleep: waits for seconds
    :param rng: random number from 0 to 1, for jitter
    """

    def __init__(
        self,
        base_url: str,
        *,
        headers: Mapping[str, str],
        params: Mapping[str, str],
        timeout_s: tuple[float, float] = (5, 60),
        proxy: str | None = None,
        verify: bool | str = True,
        secrets: Iterable[str] = (),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        rng: Callable[[], float] = random.random,
    ) -> None:
        self._base_url = base_url
        self._headers = {**headers, "Accept": "application/json"}
        self._params = dict(params)
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=timeout_s[0], sock_read=timeout_s[1])
        self._proxy = proxy
        self._verify = verify
        self._secrets = tuple(secrets)
        self._sleep = sleep
        self._rng = rng
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> AsyncUpsalesReader:
        context: ssl.SSLContext | bool = self._verify is not False
        if isinstance(self._verify, str):
            context = await asyncio.to_thread(ssl.create_default_context, cafile=self._verify)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=context),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=self._headers,
            timeout=self._timeout,
            trust_env=False,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def read_order(self, order_id: int) -> Order:
        """One opportunity or order.

        :param order_id: of the order
        :raises ApiError: by what to do about it; see ``errors``
        """
        call = Call("Upsales", "GET", f"/orders/{order_id:d}", self._base_url)
        plan = retry_plan(call, self._rng, lambda state: report_retry(_log, call.service, state))
        outcome: Order | Failure = await tenacity.AsyncRetrying(**plan, sleep=self._sleep)(
            self._attempt, call
        )
        if isinstance(outcome, Failure):
            raise error_of(outcome, call)
        return outcome

    async def _attempt(self, call: Call) -> Order | Failure:
        if self._session is None:
            raise RuntimeError("AsyncUpsalesReader is used outside of `async with`.")
        try:
            async with self._session.get(
                self._base_url + call.path, params=self._params, proxy=self._proxy, allow_redirects=False
            ) as answer:
                outcome = self._read(answer, await answer.read())
                return with_request_id(outcome, answer.headers, self._secrets)
        except (aiohttp.ClientError, TimeoutError) as problem:
            return failure_of_exception(problem)

    def _read(self, answer: aiohttp.ClientResponse, body: bytes) -> Order | Failure:
        kind = classify(answer.status)
        if kind is None:
            content_type = answer.headers.get("Content-Type", "")
            envelope = decoded(
                body, content_type, answer.status, cast("type[Envelope[Any]]", Envelope[Order])
            )
            if isinstance(envelope, Failure):
                return envelope
            return fault_of_read(envelope, self._secrets) or cast(Order, envelope.data)
        return Failure(
            kind,
            status=answer.status,
            retry_after_s=retry_after_s(answer.headers, datetime.now(UTC)),
            detail=service_words(body, self._secrets),
        )


def failure_of_exception(problem: aiohttp.ClientError | TimeoutError) -> Failure:
    """What a failed request tells about itself; its text is left out, as it may hold the URL."""
    if isinstance(problem, aiohttp.ClientConnectorCertificateError):
        return Failure(Kind.CERTIFICATE_INVALID)
    if isinstance(problem, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return Failure(Kind.NOT_CONNECTED)
    if isinstance(problem, TimeoutError):
        return Failure(Kind.TIMED_OUT)
    return Failure(Kind.CONNECTION_LOST)

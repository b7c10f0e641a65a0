"""What the hooks of both services share: one connection, one session, one client each.

Built on ``HttpHook`` for its proxy, TLS and keep-alive settings. Its ``run`` is not used: it turns every
refusal into one error without a status, sends unknown extras as headers, login and password as basic auth.
"""

from __future__ import annotations

import hashlib
import logging
import re
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from http.cookiejar import DefaultCookiePolicy
from typing import Any, ClassVar
from urllib.parse import quote, quote_plus, urlsplit

import requests
from airflow.providers.http.hooks.http import HttpHook
from airflow.sdk import Connection
from airflow.sdk.log import mask_secret
from requests.auth import AuthBase
from requests.utils import default_headers

from harvest_upsales.api.rate_limit import RateLimiter
from harvest_upsales.api.transport import Transport
from harvest_upsales.errors import HarvestUpsalesError, ServiceUnavailableError
from harvest_upsales.hooks.connection_fields import (
    ConnectionFieldError,
    base_url_of,
    check_network_extras,
    secret_of,
    timeouts_of,
    web_address_of,
)

_BRIEF_CONNECT_S, _BRIEF_READ_S, _BRIEF_PAUSES_S = 3.0, 10.0, 3.0


class TokenFilter(logging.Filter):
    """Removes ``token=...`` from log lines: at debug level urllib3 logs each URL with its query."""

    _TOKEN = re.compile(r"(token=)[^&\s\"']+")

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the line, without the token."""
        message = record.getMessage()
        if "token=" in message:
            record.msg, record.args = self._TOKEN.sub(r"\1***", message), ()
        return True


_URL_LOGGERS = ("urllib3.connectionpool", "urllib3.util.retry")


def hide_tokens_in_url_logs() -> None:
    """Make sure that no logged URL contains a token. Safe to repeat."""
    for name in _URL_LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(known, TokenFilter) for known in logger.filters):
            logger.addFilter(TokenFilter())


class ServiceHook(HttpHook):
    """A hook whose requests go through ``Transport``.

    :param conn_id: id of the connection
    """

    service: str
    default_base_url: str
    secret_meaning: str
    brief = False
    """Whether a person waits for the answers; then time-outs and pauses are short."""
    form_labels: ClassVar[Mapping[str, str]]
    """Labels of the connection's fields in Airflow's form; see provider_info.py."""

    def __init__(self, conn_id: str) -> None:
        super().__init__(http_conn_id=conn_id)

    @cached_property
    def connection(self) -> Connection:
        """The connection; read once, as each reading asks Airflow's server."""
        return self.get_connection(self.http_conn_id)

    def test_connection(self) -> tuple[bool, str]:
        """Test the connection: the account, user and rights, or the field to correct.

        No person is named, as the text is shown on a page.
        """
        try:
            # No call needs it, so nothing else would tell that it is wrong.
            _ = self.web_address
            return True, self._test()
        except ConnectionFieldError as wrong:
            return False, f"{self.form_labels.get(wrong.field, wrong.field)} {wrong.problem}."
        except HarvestUpsalesError as problem:
            return False, problem.message

    @property
    def service_url(self) -> str:
        """The address of the service's API, without credentials."""
        return base_url_of(self.connection, self.default_base_url)

    @property
    def fingerprint(self) -> str:
        """Tells one connection from another, its secret and extras included; nothing can be read out of it."""
        known = self.connection
        parts = (known.host, known.port, known.schema, known.login, known.password, known.extra)
        return hashlib.sha256(repr((known.conn_id, parts)).encode()).hexdigest()

    @property
    def web_address(self) -> str:
        """Where people find the service's web app, as far as the connection says; empty where it does not."""
        return web_address_of(self.connection)

    @cached_property
    def session(self) -> requests.Session:
        """The session of all requests."""
        return self.get_conn()

    def get_conn(
        self, headers: dict[Any, Any] | None = None, extra_options: dict[str, Any] | None = None
    ) -> requests.Session:
        """A session with the connection's credentials, proxy and TLS settings.

        :param headers: more headers
        :param extra_options: as of ``HttpHook``
        :raises SetupError: a field of the connection is missing or wrong
        """
        check_network_extras(self.connection)
        self.base_url = base_url_of(self.connection, self.default_base_url)
        self._base_url_initialized = True
        session = self._configure_session_from_extra(requests.Session(), self.connection, extra_options or {})
        # HttpHook has made headers of all extras that it doesn't know: none of ours is one.
        session.headers.clear()
        session.headers.update({**default_headers(), **self._headers(), **(headers or {})})
        # With an auth of its own, the session doesn't look for another one in a netrc file.
        session.auth = self._auth()
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        if urlsplit(self.base_url).scheme == "http":
            # Only this machine is spoken to in clear text; a proxy from the environment would read it.
            session.trust_env = False
        return self._configure_session_from_mount_adapters(session)

    def close(self) -> None:
        """Close the connections that are kept alive."""
        if "session" in self.__dict__:
            self.session.close()

    def _secret(self) -> str:
        secret = secret_of(self.connection, self.secret_meaning)
        for form in {secret, quote(secret, safe=""), quote_plus(secret)}:
            mask_secret(form)
        return secret

    def _transport(self, limiter: RateLimiter) -> Transport:
        hide_tokens_in_url_logs()
        session = self.session
        timeouts = timeouts_of(self.connection)
        pauses: dict[str, Any] = {"sleep": _brief_sleep(self.service)} if self.brief else {}
        return Transport(
            session,
            self.base_url,
            service=self.service,
            limiter=limiter,
            timeout_s=_shortened(timeouts) if self.brief else timeouts,
            secrets=(self._secret(),),
            log=logging.getLogger(f"{__name__}.{self.service.lower()}"),
            more_sessions=self.get_conn,
            **pauses,
        )

    def _test(self) -> str:
        """Describe what the connection has access to.

        :raises HarvestUpsalesError: it does not work; the message says what to correct
        """
        raise NotImplementedError

    def _headers(self) -> dict[str, str]:
        return {}

    def _auth(self) -> AuthBase:
        raise NotImplementedError


def _shortened(timeouts: tuple[float, float]) -> tuple[float, float]:
    connect_s, read_s = timeouts
    return min(connect_s, _BRIEF_CONNECT_S), min(read_s, _BRIEF_READ_S)


def _brief_sleep(service: str) -> Callable[[float], None]:
    """Wait for a few seconds in total; give up if more is asked for."""
    left = _BRIEF_PAUSES_S

    def sleep(seconds: float) -> None:
        nonlocal left
        left -= seconds
        if left < 0:
            msg = f"{service} does not answer in a usable way right now. Try again in a minute."
            raise ServiceUnavailableError(msg, service=service, call="several")
        time.sleep(seconds)

    return sleep

"""Connection to Upsales, and the clients that speak through it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

from airflow.sdk import Connection
from airflow.sdk.log import mask_secret
from requests import PreparedRequest
from requests.auth import AuthBase
from requests.utils import get_environ_proxies, select_proxy

from harvest_upsales.api.async_reader import AsyncUpsalesReader
from harvest_upsales.api.rate_limit import UPSALES_LIMITS, RateLimiter
from harvest_upsales.api.upsales_api import UpsalesClient
from harvest_upsales.domain.links import upsales_web_of
from harvest_upsales.errors import AuthenticationError, NotFoundError, SetupError
from harvest_upsales.hooks.connection_fields import (
    ConnectionFieldError,
    ConnectionFields,
    base_url_of,
    check_network_extras,
    secret_of,
    timeouts_of,
)
from harvest_upsales.hooks.service_hook import ServiceHook

DEFAULT_BASE_URL = "https://power.upsales.com/api/v2"
SECRET_MEANING = "an Upsales API key"  # noqa: S105


class CookieAuth(AuthBase):
    """The key as a cookie, which no URL and no log line holds."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Cookie"] = f"token={self._token}"
        return request


class QueryAuth(AuthBase):
    """The key in the query, the only form documented for ``integration.upsales.com``."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.prepare_url(request.url, {"token": self._token})
        return request


class UpsalesHook(ServiceHook):
    """Calls to Upsales with the connection's API key.

    :param upsales_conn_id: connection with host = base URL, password = API key, extra ``token_in`` =
        ``cookie`` or ``query``; extras ``proxies``, ``verify``, ``cert``, ``timeout`` as of Airflow's HTTP
        connection
    """

    conn_name_attr = "upsales_conn_id"
    default_conn_name = "upsales_default"
    conn_type = "upsales"
    hook_name = "Upsales"
    service = "Upsales"
    default_base_url = DEFAULT_BASE_URL
    secret_meaning = SECRET_MEANING
    form_labels: ClassVar[Mapping[str, str]] = {
        "host": "Base URL",
        "password": "API key",
        "extra 'token_in'": "Send the API key in",
        "extra 'web_url'": "Address of an order",
    }

    def __init__(self, upsales_conn_id: str = default_conn_name) -> None:
        super().__init__(upsales_conn_id)
        self.upsales_conn_id = upsales_conn_id

    @cached_property
    def client(self) -> UpsalesClient:
        """Typed calls; one client, session and rate limiter per hook."""
        return UpsalesClient(self._transport(RateLimiter(UPSALES_LIMITS)))

    @property
    def web_address(self) -> str:
        """Upsales' web app: by the connection's extra ``web_url``, else where the API is."""
        return super().web_address or upsales_web_of(self.service_url)

    def _test(self) -> str:
        try:
            owner = self.client.owner()
        except AuthenticationError as refused:
            msg = (
                f"{refused.message} Upsales refuses the API key (password). On integration.upsales.com the key has to "
                "be sent in the query (extra 'token_in')."
            )
            raise SetupError(msg) from refused
        except NotFoundError as refused:
            msg = f"{refused.message} The base URL (host) usually ends in /api/v2."
            raise SetupError(msg) from refused
        stages, fields = self.client.order_stages(), self.client.order_fields()
        return (
            f"Connected to Upsales as user {owner.id}. The key may read the board: {len(stages)} stages, {len(fields)} "
            "order fields."
        )

    def _auth(self) -> AuthBase:
        auth = QueryAuth if token_in_query(self.connection) else CookieAuth
        return auth(self._secret())


def token_in_query(connection: ConnectionFields) -> bool:
    """Whether the key goes into the query instead of a cookie.

    :raises SetupError: the extra ``token_in`` says something else
    """
    place = connection.extra_dejson.get("token_in") or "cookie"
    if place not in ("cookie", "query"):
        raise ConnectionFieldError(connection.conn_id, "extra 'token_in'", "must be 'cookie' or 'query'")
    return bool(place == "query")


def async_reader(connection: Connection) -> AsyncUpsalesReader:
    """A reader for triggers. No request is made here, and none of the hook's blocking calls is used there.

    :param connection: of Upsales, as ``await BaseHook.aget_connection(...)`` gives it
    :raises SetupError: a field of the connection is missing or wrong
    """
    check_network_extras(connection)
    base_url = base_url_of(connection, DEFAULT_BASE_URL)
    token = secret_of(connection, SECRET_MEANING)
    mask_secret(token)
    in_query = token_in_query(connection)
    extra = connection.extra_dejson
    return AsyncUpsalesReader(
        base_url,
        headers={} if in_query else {"Cookie": f"token={token}"},
        params={"token": token} if in_query else {},
        timeout_s=timeouts_of(connection),
        proxy=_proxy(base_url, extra),
        verify=extra.get("verify", extra.get("verify_ssl", True)),
        secrets=(token,),
    )


def _proxy(base_url: str, extra: dict[str, Any]) -> str | None:
    """The proxy for a URL: the connection's, else the environment's (never in clear text)."""
    proxies = extra.get("proxies") or extra.get("proxy") or {}
    if not proxies and base_url.startswith("https://") and extra.get("trust_env", True):
        proxies = get_environ_proxies(base_url)
    return select_proxy(base_url, proxies)

"""What the two connection types have in common: their fields, checked before anything is sent.

A wrong field is an error that names it. No value of a secret field appears in a message.
"""

from __future__ import annotations

import ipaddress
from typing import Any, Protocol
from urllib.parse import SplitResult, urlsplit, urlunsplit

from requests import PreparedRequest, RequestException

from harvest_upsales.domain.links import web_address
from harvest_upsales.errors import SetupError

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 60.0


class ConnectionFieldError(SetupError):
    """A field of a connection is missing or wrong.

    :param field: its name in Airflow's connection, such as ``login`` or ``extra 'contact'``
    :param problem: what is wrong with it
    """

    def __init__(self, conn_id: str, field: str, problem: str) -> None:
        super().__init__(f"Connection '{conn_id}': {field} {problem}.")
        self.field = field
        self.problem = problem


class ConnectionFields(Protocol):
    """The fields of an Airflow connection that are used here."""

    conn_id: str
    host: str | None
    schema: str | None
    port: int | None
    login: str | None
    password: str | None

    @property
    def extra_dejson(self) -> dict[str, Any]: ...


def base_url_of(connection: ConnectionFields, default: str) -> str:
    """The service's address, without a slash at its end.

    The host may be a whole URL, or a bare host with schema and port as in Airflow's URI form. A missing path
    is that of the default.

    :param connection: ``host``, ``schema``, ``port``
    :param default: URL where there is no host
    :raises SetupError: no usable URL, or one that would carry the token in clear text beyond this machine
    """
    host = (connection.host or "").strip()
    if not host:
        return default
    if "://" not in host:
        host = f"{(connection.schema or 'https').lower()}://{host}"
    # The parser would pass over line ends and other characters that no address may contain.
    if " " in host or not host.isprintable():
        raise _field_error(connection, "host", "is not a URL")
    try:
        parts = urlsplit(host)
        port = parts.port or connection.port
    except ValueError:
        raise _field_error(connection, "host", "is not a URL") from None
    _check_url(connection, parts)
    netloc = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else str(parts.hostname)
    if port:
        netloc = f"{netloc}:{port}"
    url = urlunsplit((parts.scheme, netloc, parts.path.rstrip("/") or urlsplit(default).path, "", ""))
    try:
        PreparedRequest().prepare_url(url, None)
    except (RequestException, UnicodeError):
        raise _field_error(connection, "host", "is not a URL") from None
    return url


def _check_url(connection: ConnectionFields, parts: SplitResult) -> None:
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise _field_error(connection, "host", "must be a URL that starts with https://")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise _field_error(connection, "host", "must be a plain URL, without credentials or a query")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise _field_error(
            connection, "host", "must start with https://, or the token would travel in clear text"
        )


def is_loopback(host: str) -> bool:
    """Whether a host is this machine.

    :param host: name or address, without port
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def secret_of(connection: ConnectionFields, meaning: str) -> str:
    """The password field, fit for a header.

    :param meaning: what the password is, for the message
    :raises SetupError: it's empty, or contains what no header may
    """
    secret = (connection.password or "").strip()
    if not secret:
        raise _field_error(connection, "password", f"is empty: it takes {meaning}")
    if not (secret.isascii() and secret.isprintable()) or any(sign in secret for sign in ' ";,'):
        raise _field_error(
            connection, "password", f"contains a character that {meaning} can't contain: copy it again"
        )
    return secret


def header_text_of(connection: ConnectionFields, field: str, text: object, meaning: str) -> str:
    """A field that travels in a header.

    :param field: its name in the connection
    :param text: its value
    :param meaning: what it takes, for the message
    :raises SetupError: it's empty, or contains what no header may
    """
    value = str(text or "").strip()
    if not value:
        raise _field_error(connection, field, f"is empty: it takes {meaning}")
    if not (value.isascii() and value.isprintable()):
        raise _field_error(connection, field, "contains a character that can't be sent in a header")
    return value


def timeouts_of(connection: ConnectionFields) -> tuple[float, float]:
    """Seconds to connect and to wait for more of an answer; extra ``timeout`` sets the second."""
    timeout = connection.extra_dejson.get("timeout")
    try:
        seconds = READ_TIMEOUT_S if timeout is None else float(timeout)
    except (TypeError, ValueError, OverflowError):
        seconds = 0.0
    # To Python, true is a number.
    if isinstance(timeout, bool) or not 0 < seconds <= 3_600:
        raise _field_error(
            connection, "extra 'timeout'", "must be a number of seconds, more than 0 and at most 3600"
        )
    return min(CONNECT_TIMEOUT_S, seconds), seconds


def web_address_of(connection: ConnectionFields) -> str:
    """Extra ``web_url``: where people find the service's web app; empty where it is not given.

    :raises SetupError: it is not a plain URL
    """
    given = connection.extra_dejson.get("web_url")
    if not given:
        return ""
    address = web_address(str(given))
    if not address:
        raise _field_error(connection, "extra 'web_url'", "must be a URL that starts with https://")
    return address


def check_network_extras(connection: ConnectionFields) -> None:
    """The extras that go to the HTTP libraries as they are, which would break only at the first request.

    :raises SetupError: one of them is of a type that no request can take
    """
    extra = connection.extra_dejson
    for name in ("proxies", "proxy"):
        proxies = extra.get(name) or {}
        if not isinstance(proxies, dict) or not all(isinstance(each, str) for each in proxies.values()):
            raise _field_error(
                connection, f"extra '{name}'", 'must be an object such as {"https": "http://proxy:3128"}'
            )
    for name in ("verify", "verify_ssl"):
        if not isinstance(extra.get(name, True), bool | str):
            raise _field_error(
                connection, f"extra '{name}'", "must be true, false or the path of a CA bundle"
            )
    cert = extra.get("cert")
    if not (cert is None or isinstance(cert, str) or _is_pair(cert)):
        raise _field_error(
            connection, "extra 'cert'", "must be a path, or a certificate's and its key's path"
        )


def _is_pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(part, str) for part in value)


def _field_error(connection: ConnectionFields, field: str, problem: str) -> ConnectionFieldError:
    return ConnectionFieldError(connection.conn_id, field, problem)

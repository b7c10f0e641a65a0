"""Fields of a connection become an address and credentials, or an error that names the field."""

import json
from typing import Any

import pytest
from airflow.sdk import Connection

from harvest_upsales.errors import SetupError
from harvest_upsales.hooks.connection_fields import base_url_of, secret_of, timeouts_of, web_address_of
from harvest_upsales.hooks.upsales_hook import token_in_query

DEFAULT = "https://power.upsales.com/api/v2"


def connection(extra: dict[str, Any] | None = None, **fields: Any) -> Connection:
    return Connection(conn_id="upsales_default", conn_type="upsales", extra=json.dumps(extra or {}), **fields)


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        ({}, DEFAULT),
        ({"host": "  "}, DEFAULT),
        ({"host": "https://integration.upsales.com/api/v2/"}, "https://integration.upsales.com/api/v2"),
        ({"host": "https://integration.upsales.com"}, "https://integration.upsales.com/api/v2"),
        ({"host": "integration.upsales.com"}, "https://integration.upsales.com/api/v2"),
        ({"host": "http://127.0.0.1:8123/api/v2"}, "http://127.0.0.1:8123/api/v2"),
        ({"host": "127.0.0.1", "schema": "http", "port": 8123}, "http://127.0.0.1:8123/api/v2"),
        ({"host": "http://localhost", "port": 8123}, "http://localhost:8123/api/v2"),
        ({"host": "http://[::1]:8123/x"}, "http://[::1]:8123/x"),
    ],
)
def test_the_address(fields: dict[str, Any], url: str) -> None:
    assert base_url_of(connection(**fields), DEFAULT) == url


@pytest.mark.parametrize(
    "host",
    [
        "http://power.upsales.com/api/v2",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "ftp://power.upsales.com",
        "https://",
        "https://user:pass@power.upsales.com",
        "https://power.upsales.com/api/v2?token=abc",
        "https://power.upsales.com:port/api",
        "https://[::1/api",
    ],
)
def test_an_address_that_would_leak_or_fail_is_refused(host: str) -> None:
    with pytest.raises(SetupError, match=r"upsales_default.*host"):
        base_url_of(connection(host=host), DEFAULT)


@pytest.mark.parametrize("password", [None, "", "  "])
def test_a_missing_secret_names_its_field(password: str | None) -> None:
    with pytest.raises(SetupError, match="password is empty"):
        secret_of(connection(password=password), "an Upsales API key")


@pytest.mark.parametrize("password", ["abc…def", "abc\ndef", "abc def", "abc;def", "å"])
def test_a_secret_that_no_header_can_hold_is_refused_unseen(password: str) -> None:
    with pytest.raises(SetupError) as refused:
        secret_of(connection(password=password), "an Upsales API key")

    assert password not in refused.value.message


def test_blanks_around_a_pasted_secret_do_no_harm() -> None:
    assert secret_of(connection(password=" abc\n"), "an Upsales API key") == "abc"


def test_time_outs() -> None:
    assert timeouts_of(connection()) == (5, 60)
    assert timeouts_of(connection(extra={"timeout": "20"})) == (5, 20)
    assert timeouts_of(connection(extra={"timeout": 2})) == (2, 2)
    assert timeouts_of(connection(extra={"timeout": None})) == (5, 60)
    assert timeouts_of(connection(extra={"timeout": 0.5})) == (0.5, 0.5)
    assert timeouts_of(connection(extra={"timeout": 3600})) == (5, 3600)


@pytest.mark.parametrize("timeout", [0, -1, 3600.5, True, False, "never", float("inf"), float("nan")])
def test_a_time_out_is_a_number_of_seconds_within_its_bounds(timeout: Any) -> None:
    with pytest.raises(
        SetupError, match="'timeout' must be a number of seconds, more than 0 and at most 3600"
    ):
        timeouts_of(connection(extra={"timeout": timeout}))


def test_the_web_app() -> None:
    assert web_address_of(connection()) == ""
    assert web_address_of(connection(extra={"web_url": None})) == ""
    assert web_address_of(connection(extra={"web_url": "https://x.example/"})) == "https://x.example"
    with pytest.raises(SetupError, match="web_url"):
        web_address_of(connection(extra={"web_url": "javascript:alert(1)"}))


def test_the_place_of_the_key() -> None:
    assert not token_in_query(connection())
    assert not token_in_query(connection(extra={"token_in": "cookie"}))
    assert token_in_query(connection(extra={"token_in": "query"}))
    with pytest.raises(SetupError, match="token_in"):
        token_in_query(connection(extra={"token_in": "header"}))

"""Whatever stands in a connection or a run's params: it's used, or refused in an error that names it and hides it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import requests
from airflow.sdk import Connection
from hypothesis import example, given
from hypothesis import strategies as st

from harvest_upsales.errors import ParamsError, SetupError
from harvest_upsales.hooks.harvest_hook import HarvestHook
from harvest_upsales.hooks.service_hook import ServiceHook
from harvest_upsales.hooks.upsales_hook import UpsalesHook, async_reader
from harvest_upsales.operators.base_operator import truth
from harvest_upsales.operators.extract_time_operator import _day, ids_of

SECRET = "s3cr3t-of-the-account"
GOOD: dict[str, Any] = {"login": "1029384", "password": SECRET, "host": "https://services.example/v2"}
EXTRA = {"contact": "time@nordlys.example"}
FIELDS = (
    "host",
    "schema",
    "login",
    "password",
    "contact",
    "token_in",
    "timeout",
    "verify",
    "cert",
    "proxies",
    "web_url",
)
HOSTILE_TEXT = st.sampled_from(
    [
        *(
            "",
            " ",
            "\n",
            "\x00",
            "\r\nX-Evil: 1",
            f"{SECRET}\r\nX-Evil: 1",
            f"{SECRET}\n{SECRET}",
            "å" * 9,
            "x" * 70_000,
        ),
        *(
            "https://user:pw@services.example",
            "https://services.example?token=1",
            "javascript:alert(1)",
            "file:///etc",
        ),
        *(
            "http://services.example",
            "https://services.example/\r\nX-Evil: 1",
            "https://[::1",
            "//",
            "{{ conn }}",
        ),
        *(
            "https://services.example\\@evil.example",
            "https://ser vices.example",
            "https://\u202eevil.example",
            "cookie",
        ),
    ]
)
VALUES = (
    HOSTILE_TEXT
    | st.none()
    | st.booleans()
    | st.integers(-2, 10**30)
    | st.just([1])
    | st.just({"a": 1})
    | st.text()
)


def connection_of(changes: dict[str, Any]) -> Connection:
    """A good connection with some fields changed; as Airflow has them, all but the extras are text."""
    fields = GOOD | {
        name: str(value) for name, value in changes.items() if name in ("host", "schema", "login", "password")
    }
    extra = EXTRA | {name: value for name, value in changes.items() if name not in fields}
    return Connection(conn_id="ours", conn_type="http", extra=json.dumps(extra), **fields)


@given(
    st.sampled_from([HarvestHook, UpsalesHook]), st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=3)
)
@example(HarvestHook, {"verify": [1]})
@example(HarvestHook, {"proxies": "http://proxy.example"})
@example(HarvestHook, {"proxies": {"https": 1}})
@example(UpsalesHook, {"token_in": [1]})
@example(UpsalesHook, {"token_in": {"a": 1}})
@example(UpsalesHook, {"timeout": 10**400})
@example(HarvestHook, {"contact": "a\r\nX-Evil: 1"})
@example(HarvestHook, {"login": "1\r\nX-Evil: 1"})
@example(UpsalesHook, {"password": "a\r\nX-Evil: 1"})
@example(UpsalesHook, {"host": "https://services.example/\r\nX-Evil: 1"})
def test_a_connection_is_used_or_refused_by_name(kind: type[ServiceHook], changes: dict[str, Any]) -> None:
    hook = kind("ours")
    hook.__dict__["connection"] = connection_of(changes)
    message = ""
    try:
        transport = hook.client.transport  # type: ignore[attr-defined]
        if kind is UpsalesHook:
            async_reader(hook.connection)
    except SetupError as refused:
        message = refused.message
    if message:
        assert "'ours'" in message
        assert any(name in message for name in changes)
        assert SECRET not in message
        assert len(message) < 300
        assert message.isprintable()
        return
    url = urlsplit(transport.base_url)
    assert url.scheme == "https"
    assert (url.query, url.username, url.password) == ("", None, None)
    assert transport.base_url.isprintable()
    assert " " not in transport.base_url
    session = transport._session
    session.merge_environment_settings(transport.base_url, {}, None, None, None)
    prepared = session.prepare_request(requests.Request("GET", f"{transport.base_url}/self"))
    for name, value in prepared.headers.items():
        assert str(value).isprintable(), name
    hook.close()


PARAMS = (
    st.none()
    | st.booleans()
    | st.integers()
    | HOSTILE_TEXT
    | st.text(max_size=30)
    | st.lists(st.integers() | st.text())
)


@given(PARAMS)
@example("2026-13-01")
@example("9" * 5_000)
@example(["9" * 5_000])
@example("\u0661")
@example([-1])
def test_params_are_used_or_refused_in_a_short_line(given_: Any) -> None:
    for read in (lambda: _day("start_date (spent_from)", given_), lambda: ids_of(given_)):
        message = ""
        try:
            read()
        except ParamsError as refused:
            message = refused.message
        assert not message or "start_date" in message or "project_ids" in message
        assert len(message) < 300
        assert message.isprintable()
    assert truth(given_) in (True, False)

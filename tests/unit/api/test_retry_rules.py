"""When a request may be sent again, and after how long."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvest_upsales.api.retry_rules import (
    MAX_TOTAL_WAIT_S,
    MAX_TRIES,
    Failure,
    Kind,
    classify,
    gives_up,
    retry_after_s,
    should_retry,
    wait_s,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, None),
        (204, None),
        (302, Kind.REDIRECTED),
        (400, Kind.REJECTED),
        (401, Kind.UNAUTHORIZED),
        (403, Kind.FORBIDDEN),
        (404, Kind.NOT_FOUND),
        (408, Kind.UNAVAILABLE),
        (422, Kind.REJECTED),
        (429, Kind.RATE_LIMITED),
        (500, Kind.UNAVAILABLE),
        (503, Kind.UNAVAILABLE),
        (599, Kind.UNAVAILABLE),
    ],
)
def test_each_status_has_one_meaning(status: int, kind: Kind | None) -> None:
    assert classify(status) is kind


def test_a_write_is_repeated_only_where_it_certainly_had_no_effect() -> None:
    repeated = {kind for kind in Kind if should_retry(Failure(kind), is_write=True)}

    assert repeated == {Kind.RATE_LIMITED, Kind.NOT_CONNECTED}


def test_a_read_is_repeated_whatever_may_go_away_by_itself() -> None:
    final = {kind for kind in Kind if not should_retry(Failure(kind), is_write=False)}

    assert final == {
        Kind.CERTIFICATE_INVALID,
        Kind.MISSHAPEN,
        Kind.REDIRECTED,
        Kind.UNAUTHORIZED,
        Kind.FORBIDDEN,
        Kind.NOT_FOUND,
        Kind.REJECTED,
    }


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": ""}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "inf"}, None),
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": " 2.5 "}, 2.5),
        ({"Retry-After": "-3"}, 0),
        ({"Retry-After": "Sun, 22 Nov 2026 12:00:30 GMT"}, 30),
        ({"Retry-After": "Sun, 22 Nov 2026 11:00:00 GMT"}, 0),
        ({"Retry-After": "Sun, 99 Nov 2026 11:00:00 GMT"}, None),
        # The service's own clock counts, not ours.
        (
            {"Retry-After": "Sun, 22 Nov 2026 09:00:10 GMT", "Date": "Sun, 22 Nov 2026 09:00:00 GMT"},
            10,
        ),
    ],
)
def test_retry_after_is_seconds_or_a_date(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(headers, NOW) == seconds


@given(text=st.text(max_size=40))
def test_retry_after_survives_any_text(text: str) -> None:
    seconds = retry_after_s({"Retry-After": text}, NOW)

    assert seconds is None or seconds >= 0


@given(attempt=st.integers(1, 50), asked=st.floats(0, 10_000), luck=st.floats(0, 1))
def test_the_wait_is_never_shorter_than_asked(attempt: int, asked: float, luck: float) -> None:
    assert asked <= wait_s(attempt, asked, lambda: luck) <= asked + 1


@given(attempt=st.integers(1, 50), luck=st.floats(0, 1))
def test_the_back_off_grows_and_is_bounded(attempt: int, luck: float) -> None:
    full = min(2.0 ** (attempt - 1), 30.0)

    assert full / 2 <= wait_s(attempt, None, lambda: luck) <= full


@given(luck=st.floats(0, 1), asked=st.none() | st.floats(0, 1_000))
def test_one_call_ends_within_its_bounds(luck: float, asked: float | None) -> None:
    tries, waited = 1, 0.0
    while not gives_up(tries, waited, pause := wait_s(tries, asked, lambda: luck)):
        tries, waited = tries + 1, waited + pause

    assert tries <= MAX_TRIES
    assert waited <= MAX_TOTAL_WAIT_S


def test_a_long_retry_after_is_left_to_the_task() -> None:
    assert gives_up(1, 0, wait_s(1, MAX_TOTAL_WAIT_S + 1, lambda: 0.0))

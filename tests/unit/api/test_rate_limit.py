"""The limiter keeps below every window, whatever the rhythm of requests."""

import heapq

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvest_upsales.api.rate_limit import (
    ALL,
    HARVEST_LIMITS,
    READS,
    REPORTS,
    WRITES,
    RateLimiter,
    Reservation,
    Window,
)

windows = st.lists(st.builds(Window, st.integers(1, 6), st.floats(0.5, 30)), min_size=1, max_size=3)
requests = st.lists(st.tuples(st.floats(0, 8), st.sampled_from([READS, WRITES])), max_size=60)


def sent_at(limiter: RateLimiter, requests: list[tuple[float, str]]) -> list[tuple[float, str]]:
    """The moments at which requests go out, each asked for some time after the last was sent."""
    now, moments = 0.0, []
    for pause, budget in requests:
        now += pause
        now = limiter.reserve(now, budget).moment
        moments.append((now, budget))
    return moments


def most_in(window: Window, moments: list[float]) -> int:
    return max((sum(start <= m < start + window.seconds for m in moments) for start in moments), default=0)


@given(shared=windows, writes=windows, requests=requests)
def test_no_window_ever_holds_more_than_its_limit(
    shared: list[Window], writes: list[Window], requests: list[tuple[float, str]]
) -> None:
    moments = sent_at(RateLimiter({ALL: shared, WRITES: writes}), requests)

    for window in shared:
        assert most_in(window, [moment for moment, _ in moments]) <= window.requests
    for window in writes:
        assert most_in(window, [m for m, budget in moments if budget == WRITES]) <= window.requests


@given(shared=windows, writes=windows, requests=requests)
def test_a_write_that_reads_first_is_sent_when_it_is_reckoned_with(
    shared: list[Window], writes: list[Window], requests: list[tuple[float, str]]
) -> None:
    shared = [Window(max(2, window.requests), window.seconds) for window in shared]
    limiter, now = RateLimiter({ALL: shared, WRITES: writes}), 0.0
    moments: list[tuple[float, str]] = []
    for pause, budget in requests:
        now += pause
        now = limiter.reserve(now, budget, with_a_read=budget == WRITES).moment
        if budget == WRITES:
            assert limiter.reserve(now, READS).moment < now + 1e-9
            moments.append((now, READS))
        moments.append((now, budget))

    for window in shared:
        assert most_in(window, [moment for moment, _ in moments]) <= window.requests


@given(
    window=st.builds(Window, st.integers(12, 20), st.floats(1, 15)),
    delays=st.lists(st.tuples(st.floats(0.1, 0.2), st.floats(0, 1)), min_size=30, max_size=80),
)
def test_requests_of_threads_that_arrive_late_keep_the_window_too(
    window: Window, delays: list[tuple[float, float]]
) -> None:
    """Five threads; each request takes up to a fifth of the window, and arrives at any moment of that time."""
    limiter, arrived = RateLimiter({ALL: [window]}), []
    free = [0.0] * 5
    under_way: list[tuple[float, int, Reservation]] = []
    for number, (takes, arrives) in enumerate(delays):
        now = heapq.heappop(free)
        while under_way and under_way[0][0] <= now:
            answered, _, reservation = heapq.heappop(under_way)
            limiter.answered(reservation, answered)
        reservation = limiter.reserve(now)
        arrived.append(reservation.moment + takes * arrives * window.seconds)
        answered = reservation.moment + takes * window.seconds
        heapq.heappush(free, answered)
        heapq.heappush(under_way, (answered, number, reservation))

    assert most_in(window, arrived) <= window.requests


@given(requests=requests)
def test_no_request_waits_longer_than_the_longest_window(requests: list[tuple[float, str]]) -> None:
    limiter, now = RateLimiter({ALL: [Window(1, 5)]}), 0.0
    for pause, budget in requests:
        now += pause
        moment = limiter.reserve(now, budget).moment
        assert now <= moment <= now + 5.2
        now = moment


def test_reports_have_a_budget_of_their_own() -> None:
    limiter = RateLimiter(HARVEST_LIMITS)
    for _ in range(100):
        limiter.reserve(0.0, REPORTS)

    assert 15 < limiter.reserve(0.0, READS).moment < 16
    assert 900 < limiter.reserve(20.0, REPORTS).moment <= 901


@pytest.mark.parametrize(
    ("remaining", "reset", "wait"),
    [
        (None, None, 0),
        ("12", "9", 0),
        ("0", "9", 9),
        ("0", "-2", 0),
        ("0", "3600", 15),
        ("0", "soon", 0),
        ("0", None, 0),
        ("-1", "4", 4),
        ("many", "9", 0),
    ],
)
def test_rate_limit_headers_are_obeyed_within_reason(
    remaining: str | None, reset: str | None, wait: float
) -> None:
    limiter = RateLimiter({})
    headers = {"X-RateLimit-Remaining": remaining, "X-RateLimit-Reset": reset}

    limiter.observe({name: text for name, text in headers.items() if text is not None}, 100.0)

    assert limiter.reserve(100.0).moment == 100 + wait
    assert limiter.reserve(100.0 + wait).moment == 100 + wait


@given(shared=windows, writes=windows, requests=requests, at=st.integers(0, 60))
def test_a_process_that_takes_over_keeps_the_windows_of_the_one_before(
    shared: list[Window], writes: list[Window], requests: list[tuple[float, str]], at: int
) -> None:
    limits = {ALL: shared, WRITES: writes}
    first, second = RateLimiter(limits), RateLimiter(limits)
    moments = sent_at(first, requests[:at])
    now = moments[-1][0] if moments else 0.0
    second.take_over(first.sent(now), now)
    for pause, budget in requests[at:]:
        now += pause
        now = second.reserve(now, budget).moment
        moments.append((now, budget))

    for window in shared:
        assert most_in(window, [moment for moment, _ in moments]) <= window.requests
    for window in writes:
        assert most_in(window, [m for m, budget in moments if budget == WRITES]) <= window.requests

"""Rate limits as the services count them."""

import time
from collections import deque
from collections.abc import Callable, Sequence

Clock = Callable[[], float]


class SlidingWindow:
    """At most ``limit`` calls in any ``seconds``; Harvest's way."""

    def __init__(self, limit: int, seconds: float, clock: Clock = time.monotonic) -> None:
        self.limit, self.seconds = limit, seconds
        self._clock = clock
        self._calls: deque[float] = deque()

    def wait_s(self) -> float:
        """Count a call and return 0, or return the seconds until one is free."""
        now = self._clock()
        while self._calls and now - self._calls[0] >= self.seconds:
            self._calls.popleft()
        if len(self._calls) >= self.limit:
            return self.seconds - (now - self._calls[0])
        self._calls.append(now)
        return 0

    def reset(self) -> None:
        self._calls.clear()


class FixedWindow:
    """At most ``limit`` calls in each window of ``seconds``; Upsales' way."""

    def __init__(self, limit: int, seconds: float, clock: Clock = time.monotonic) -> None:
        self.limit, self.seconds = limit, seconds
        self._clock = clock
        self._opened, self._used = clock(), 0

    def take(self) -> bool:
        self._roll()
        self._used += 1
        return self._used <= self.limit

    @property
    def remaining(self) -> int:
        self._roll()
        return max(0, self.limit - self._used)

    @property
    def reset_s(self) -> int:
        return round(self.seconds - (self._clock() - self._opened))

    def reset(self) -> None:
        self._opened, self._used = self._clock(), 0

    def _roll(self) -> None:
        if self._clock() - self._opened >= self.seconds:
            self.reset()


class FixedWindows:
    """All of Upsales' windows at once: some count every call, some those that write."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self.every = tuple(FixedWindow(*size, clock) for size in ((200, 10), (6_000, 600), (20_000, 3_600)))
        self.writes = tuple(FixedWindow(*size, clock) for size in ((2_000, 600), (5_000, 3_600)))

    def take(self, *, is_write: bool) -> bool:
        """Count a call in each window that it belongs to; False where one of them is full."""
        taken = [window.take() for window in self._of(is_write=is_write)]
        return all(taken)

    def tightest(self, *, is_write: bool) -> FixedWindow:
        """The window that lets the fewest calls of its limit through now; the headers tell of it."""
        return min(self._of(is_write=is_write), key=lambda window: window.remaining / window.limit)

    def reset(self) -> None:
        for window in self._of(is_write=True):
            window.reset()

    def _of(self, *, is_write: bool) -> Sequence[FixedWindow]:
        return (*self.every, *self.writes) if is_write else self.every


class Limits:
    """Both services' limits. ``enabled`` False counts nothing.

    :param clock: seconds on any steady clock
    """

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self.enabled = True
        self.harvest = SlidingWindow(100, 15, clock)
        self.harvest_reports = SlidingWindow(100, 15 * 60, clock)
        self.upsales = FixedWindows(clock)

    def reset(self) -> None:
        for window in (self.harvest, self.harvest_reports, self.upsales):
            window.reset()

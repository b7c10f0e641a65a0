"""Rate limits as the services count them, on the machine's own clock."""

import time
from collections import deque


class SlidingWindow:
    """At most ``limit`` calls in any ``seconds``; Harvest's way."""

    def __init__(self, limit: int, seconds: float) -> None:
        self.limit, self.seconds = limit, seconds
        self._calls: deque[float] = deque()

    def wait_s(self) -> float:
        """Count a call and return 0, or return the seconds until one is free."""
        now = time.monotonic()
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

    def __init__(self, limit: int, seconds: float) -> None:
        self.limit, self.seconds = limit, seconds
        self._opened, self._used = time.monotonic(), 0

    def take(self) -> bool:
        now = time.monotonic()
        if now - self._opened >= self.seconds:
            self._opened, self._used = now, 0
        self._used += 1
        return self._used <= self.limit

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self._used)

    @property
    def reset_s(self) -> int:
        return round(self.seconds - (time.monotonic() - self._opened))

    def reset(self) -> None:
        self._opened, self._used = time.monotonic(), 0


class Limits:
    """Both services' limits. ``enabled`` False counts nothing."""

    def __init__(self) -> None:
        self.enabled = True
        self.harvest = SlidingWindow(100, 15)
        self.harvest_reports = SlidingWindow(100, 15 * 60)
        self.upsales = FixedWindow(200, 10)
        self.upsales_ten_minutes = FixedWindow(6_000, 600)

    def reset(self) -> None:
        for window in (self.harvest, self.harvest_reports, self.upsales, self.upsales_ten_minutes):
            window.reset()

"""The first sync of many projects under Upsales' limits, in simulated time: how long the limits make it wait.

Each batch is a task of its own in a process of its own, and goes on counting where the one before it stopped.
A server that keeps all of the documented windows, fixed as Upsales' are, counts how often it has to refuse.
"""

from __future__ import annotations

from dataclasses import dataclass

from harvest_upsales.api.rate_limit import ALL, READS, UPSALES_LIMITS, WRITES, RateLimiter, Window

# Assumed, not measured: an answer, and the gap between two tasks in the pool of one slot.
ANSWER_S = 0.005
BETWEEN_TASKS_S = 0.5
READS_A_BATCH = 5


class FixedWindows:
    """Upsales' windows; they begin with the first request and then one after the other."""

    def __init__(self) -> None:
        self._opened: dict[tuple[str, Window], tuple[float, int]] = {}
        self.refused = 0

    def ask(self, now: float, budget: str) -> tuple[bool, dict[str, str]]:
        """Whether a request is let through, and the headers of its answer."""
        tightest, allowed = (1.0, 0, 0.0), True
        for name in {ALL, budget}:
            for window in UPSALES_LIMITS.get(name, ()):
                opened, used = self._opened.get((name, window), (now, 0))
                if now - opened >= window.seconds:
                    opened, used = now, 0
                self._opened[name, window] = opened, used + 1
                left = window.requests - used - 1
                allowed = allowed and left >= 0
                tightest = min(
                    tightest, (left / window.requests, max(0, left), opened + window.seconds - now)
                )
        self.refused += not allowed
        return allowed, {
            "X-RateLimit-Remaining": str(tightest[1]),
            "X-RateLimit-Reset": str(round(tightest[2])),
        }


@dataclass(frozen=True)
class FirstSync:
    """What a first sync came to.

    :param bound_s: what the limits alone impose on its requests
    """

    projects: int
    seconds: float
    bound_s: float
    refused: int


def first_sync(projects: int, batch: int = 100) -> FirstSync:
    """Simulate it: every batch reads what it needs, then creates its opportunities one after the other."""
    server, now, limiter = FixedWindows(), 0.0, RateLimiter(UPSALES_LIMITS)
    for first in range(0, projects, batch):
        before, limiter = limiter, RateLimiter(UPSALES_LIMITS)
        limiter.take_over(before.sent(now), now)
        writes = min(batch, projects - first)
        for budget in [READS] * READS_A_BATCH + [WRITES] * writes:
            now += limiter.reserve(now, budget)
            allowed, headers = server.ask(now, budget)
            while not allowed:
                now += float(headers["X-RateLimit-Reset"]) or 1.0
                allowed, headers = server.ask(now, budget)
            now += ANSWER_S
            limiter.observe(headers, now)
        now += BETWEEN_TASKS_S
    return FirstSync(projects, now, bound_s(projects), server.refused)


def bound_s(projects: int, batch: int = 100) -> float:
    """The shortest time in which the limits let through what a first sync has to ask and to write."""
    asked = {ALL: projects + READS_A_BATCH * -(-projects // batch), WRITES: projects}
    windows = [(window, number) for budget, number in asked.items() for window in UPSALES_LIMITS[budget]]
    return max((number - 1) // window.requests * window.seconds for window, number in windows)

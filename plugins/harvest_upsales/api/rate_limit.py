"""Stays below the services' rate limits: pure, with the time passed in.

Harvest: 100 requests in 15 s, its reports 100 in 15 min
(https://help.getharvest.com/api-v2/introduction/overview/general/#rate-limiting). Upsales: 200 in 10 s (its
documentation); newer texts: 6,000 in 10 min and 20,000 an hour, and for writes 2,000 in 10 min and 5,000 an
hour. Other programs may use the same account, so the limits here keep most 429s away; they don't replace the
retry rules.
"""

from __future__ import annotations

import math
import threading
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

ALL = "all"
READS = "reads"
REPORTS = "reports"
WRITES = "writes"

MARGIN_S = 0.1
"""The service's clock may run a little differently: each window is watched a little longer than it lasts."""
LONGEST_RESET_S = 15.0


Sent = dict[str, dict[int, int]]
"""By budget: how many requests were sent how many milliseconds ago. Ages are rounded down, never up."""


@dataclass(frozen=True)
class Window:
    """At most ``requests`` in any stretch of ``seconds``."""

    requests: int
    seconds: float


HARVEST_LIMITS: Mapping[str, Sequence[Window]] = {
    ALL: (Window(100, 15),),
    REPORTS: (Window(100, 900),),
}
UPSALES_LIMITS: Mapping[str, Sequence[Window]] = {
    ALL: (Window(200, 10), Window(6_000, 600), Window(20_000, 3_600)),
    WRITES: (Window(2_000, 600), Window(5_000, 3_600)),
}


@dataclass
class Reservation:
    """One request's place in its windows.

    :param moment: when it is to be sent; once it is answered, when that was
    """

    moment: float


class SlidingWindow:
    """The requests of the last stretch of one window."""

    def __init__(self, window: Window, margin_s: float = MARGIN_S) -> None:
        self._length_s = window.seconds + margin_s
        self._sent: deque[Reservation] = deque(maxlen=window.requests)

    def earliest(self, more: int = 1) -> float:
        """The moment from which so many more requests fit."""
        too_many = max(0, len(self._sent) + more - (self._sent.maxlen or 0))
        # Threads are answered in another order than they asked in: each of those that drop out is looked at.
        oldest = (one.moment for one in islice(self._sent, too_many))
        return max(oldest, default=-math.inf) + self._length_s

    def moments(self, now: float) -> list[float]:
        """When the requests were sent that the window still holds."""
        return [one.moment for one in self._sent if now - one.moment < self._length_s]

    def add(self, reservation: Reservation) -> None:
        """Note a request; the oldest one drops out when the window is full."""
        self._sent.append(reservation)


class RateLimiter:
    """Several windows at once; a request counts in those of ``all`` and of its own budget.

    Threads that read side by side share it: what one reserves, the others see at once. A request arrives some time
    between its sending and its answer, and later than its thread meant to where the machine is busy: so it counts from
    its answer on, and no window of the service can hold more than its limit.

    :param limits: windows by budget
    """

    def __init__(self, limits: Mapping[str, Sequence[Window]]) -> None:
        self._budgets = {
            name: [SlidingWindow(window) for window in windows] for name, windows in limits.items()
        }
        self._last = -math.inf
        self._blocked_until = -math.inf
        self._lock = threading.Lock()

    def reserve(self, now: float, budget: str = READS, *, with_a_read: bool = False) -> Reservation:
        """Reserve the next request.

        :param now: seconds on any steady clock
        :param budget: ``reads``, ``reports`` or ``writes``
        :param with_a_read: keep room for a read beside it, which comes right before it: what is read must not grow old
            while the request waits
        :return: with the moment at which it may be sent, ``now`` or later; to be handed to ``answered``
        """
        of_all, own = self._budgets.get(ALL, ()), self._budgets.get(budget, ())
        windows = [*of_all, *own]
        with self._lock:
            earliest = [window.earliest(1 + with_a_read) for window in of_all]
            earliest += [window.earliest() for window in own]
            reservation = Reservation(max(now, self._last, self._blocked_until, *earliest))
            for window in windows:
                window.add(reservation)
            self._last = reservation.moment
        return reservation

    def answered(self, reservation: Reservation, now: float) -> None:
        """The request has certainly arrived by now, or never will."""
        with self._lock:
            reservation.moment = now

    def sent(self, now: float) -> Sent:
        """What the windows hold, for a process that goes on after this one."""
        with self._lock:
            longest = {
                budget: max(([*window.moments(now)] for window in windows), key=len, default=[])
                for budget, windows in self._budgets.items()
            }
        return {
            budget: dict(Counter(_age_ms(now - moment) for moment in moments))
            for budget, moments in longest.items()
        }

    def take_over(self, sent: Sent, now: float) -> None:
        """Count what another process has sent; before the first request of this one."""
        with self._lock:
            for budget, ages in sent.items():
                for age_ms, number in sorted(ages.items(), reverse=True):
                    for window in self._budgets.get(budget, ()):
                        for _ in range(number):
                            window.add(Reservation(now - age_ms / 1000))

    def observe(self, headers: Mapping[str, str], now: float) -> None:
        """Obey ``X-RateLimit-Remaining`` and ``-Reset``: nothing remains means wait for the reset.

        Upsales sends them with most answers, not all; the reset was seen from -2 to 10 seconds.

        :param headers: of an answer; names in any case
        :param now: seconds on the clock given to ``reserve``
        """
        remaining = _integer(headers.get("X-RateLimit-Remaining"))
        if remaining is None or remaining > 0:
            return
        reset_s = _integer(headers.get("X-RateLimit-Reset")) or 0
        until = now + min(max(reset_s, 0), LONGEST_RESET_S)
        with self._lock:
            self._blocked_until = max(self._blocked_until, until)


def _age_ms(age_s: float) -> int:
    """Rounded down, so that no window opens too early: finely within the short windows, to seconds beyond them."""
    return max(0, int(age_s * 20) * 50 if age_s < LONGEST_RESET_S else int(age_s) * 1000)


def _integer(text: str | None) -> int | None:
    try:
        return int(text) if text is not None else None
    except ValueError:
        return None

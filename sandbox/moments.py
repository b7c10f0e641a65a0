"""Things that happen between two requests, and answers that are changed on their way out."""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.clock import locked
from sandbox.jsonio import Record, decode, encode


@dataclass
class Arrival:
    """What happens at one request, counted from now on over both services, whatever it asks.

    :param nth: which request; 1 = the next one
    :param before: before the request is carried out; else right after, before its answer leaves
    """

    nth: int
    act: Callable[[], object]
    before: bool
    seen: int = 0
    happened: int = 0


@dataclass
class Moment:
    """What happens when a call has been carried out and its answer is on its way.

    :param act: is given the answer's body, decoded, and may change it; whatever it does to the world comes after
        this answer and before the next request.
    :param nth: only at the nth such call (1 = the first); None = at each.
    """

    service: str
    method: str
    path: str
    act: Callable[[Record], object]
    nth: int | None = None
    seen: int = 0
    happened: int = 0

    def concerns(self, service: str, method: str, path: str) -> bool:
        return self.service == service and self.method == method and re.search(self.path, path) is not None

    def due(self) -> bool:
        """Count one call; say whether this is the moment."""
        self.seen += 1
        if self.nth not in (None, self.seen):
            return False
        self.happened += 1
        return True


class Moments:
    """What a test lets happen at chosen moments."""

    def __init__(self, lock: threading.RLock) -> None:
        self.lock = lock
        self.all: list[Moment] = []
        self.arrivals: list[Arrival] = []

    @locked
    def after(self, service: str, path: str, act: Callable[[], object], *, nth: int | None = 1) -> Moment:
        """Let something happen right after the nth reading of a path, before the next request.

        :param path: regular expression searched in the path below the service's base
        """
        return self._add(Moment(service, "GET", path, lambda _: act(), nth))

    @locked
    def change(
        self,
        service: str,
        path: str,
        act: Callable[[Record], object],
        *,
        nth: int | None = 1,
        method: str = "GET",
    ) -> Moment:
        """Let the nth answer of a path say something else: ``act`` changes its decoded body."""
        return self._add(Moment(service, method, path, act, nth))

    @locked
    def at(self, nth: int, act: Callable[[], object], *, before: bool) -> Arrival:
        """Let something happen at the nth request from now on, before it is carried out or right after."""
        self.arrivals.append(Arrival(nth, act, before))
        return self.arrivals[-1]

    @locked
    def clear(self) -> None:
        self.all.clear()
        self.arrivals.clear()

    @locked
    def arrive(self) -> None:
        """A request has come in."""
        for arrival in self.arrivals:
            arrival.seen += 1
        self._happen(before=True)

    @locked
    def carried_out(self) -> None:
        """The request has been carried out; its answer has not left yet."""
        self._happen(before=False)

    def _happen(self, *, before: bool) -> None:
        for arrival in [
            a for a in self.arrivals if a.before is before and a.seen == a.nth and not a.happened
        ]:
            arrival.happened += 1
            arrival.act()

    @locked
    def pass_by(self, service: str, method: str, path: str, content: bytes) -> bytes:
        """Let happen what is due; the answer's content as it leaves."""
        due = [m for m in self.all if m.concerns(service, method, path) and m.due()]
        if not due:
            return content
        body = decode(content)
        for moment in due:
            moment.act(body)
        return encode(body)

    def _add(self, moment: Moment) -> Moment:
        self.all.append(moment)
        return moment

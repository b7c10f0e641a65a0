"""Two runs at once, request by request, in an order that is the same every time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from harvest_upsales.domain.window import Window
from harvest_upsales.errors import HarvestUpsalesError
from tests.flows.run_harness import Bench, Run

# Nothing waits in these tests: a turn that does not come is a defect of the test.
_TURN_LIMIT_S = 60


class Turns:
    """Only the run whose turn it is moves; the other stands before its next request.

    :param hold_at: the first run stands before its request of this number
    :param meanwhile: so many requests the second one makes then; fewer where it ends or waits for the slot
    :param pool: whether the slot is held by one at a time; without, everybody has it at once
    :ivar met: the first run was held while both were under way
    """

    def __init__(self, hold_at: int, meanwhile: int, *, pool: bool = True) -> None:
        self._switch_before = {0: hold_at, 1: meanwhile + 1}
        self._pool = pool
        self._changed = threading.Condition()
        self._turn = 0
        self._made = [0, 0]
        self._ended = [False, False]
        self._waits_for_slot = [False, False]
        self._slot_of: int | None = None
        self.met = False

    def request(self, run: int) -> None:
        """Stand until it is this run's turn to make its next request."""
        with self._changed:
            self._made[run] += 1
            if self._made[run] == self._switch_before[run]:
                self.met |= run == 0
                self._pass_on(run)
            self._wait(run)

    @contextmanager
    def slot(self, run: int) -> Iterator[None]:
        """The pool's one slot, which a task that waits for it gets as soon as it is free."""
        if not self._pool:
            yield
            return
        with self._changed:
            self._wait(run)
            while self._slot_of is not None:
                self._waits_for_slot[run] = True
                self._pass_on(run)
                self._wait(run)
            self._waits_for_slot[run] = False
            self._slot_of = run
        try:
            yield
        finally:
            with self._changed:
                self._slot_of = None
                if self._waits_for_slot[1 - run]:
                    self._pass_on(run)

    def begin(self, run: int) -> None:
        """Nothing of a run happens before its turn."""
        with self._changed:
            self._wait(run)

    def end(self, run: int) -> None:
        """A run that has ended is waited for no more."""
        with self._changed:
            self._ended[run] = True
            self._turn = 1 - run
            self._changed.notify_all()

    def _pass_on(self, run: int) -> None:
        if not self._ended[1 - run]:
            self._turn = 1 - run
            self._changed.notify_all()

    def _wait(self, run: int) -> None:
        if not self._changed.wait_for(lambda: self._turn == run, _TURN_LIMIT_S):
            msg = f"run {run} waited in vain for its turn"
            raise TimeoutError(msg)


class Turnstile(HTTPAdapter):
    """Sends a run's requests when it is its turn."""

    def __init__(self, turns: Turns, run: int) -> None:
        super().__init__()
        self._turns, self._run = turns, run

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        self._turns.request(self._run)
        return super().send(*args, **kwargs)


@dataclass
class Both:
    """What came of two runs.

    :param raised: errors that ended a run
    :param broke: errors that no run may end with
    """

    runs: dict[int, Run] = field(default_factory=dict)
    raised: list[HarvestUpsalesError] = field(default_factory=list)
    broke: list[BaseException] = field(default_factory=list)


WindowOf = Callable[[Bench], Window]


def at_once(bench: Bench, windows: tuple[WindowOf, WindowOf], turns: Turns, **settings: Any) -> Both:
    """Take two runs to their ends, each in a thread with clients of its own."""
    both = Both()

    def take(number: int) -> None:
        mine = Bench(bench.server)
        mine.send_through(Turnstile(turns, number))
        mine.slot = lambda: turns.slot(number)
        try:
            turns.begin(number)
            both.runs[number] = mine.run(windows[number](mine), **settings)
        except HarvestUpsalesError as error:
            both.raised.append(error)
        except BaseException as error:  # noqa: BLE001 - told in the test's own thread
            both.broke.append(error)
        finally:
            turns.end(number)
            mine.close()

    threads = [threading.Thread(target=take, args=(number,), name=f"run {number}") for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if both.broke:
        raise both.broke[0]
    return both

"""Faults on demand: rules that make chosen calls fail in a chosen way."""

import re
import threading
from typing import Any, Literal

import msgspec

from sandbox.clock import locked

Kind = Literal[
    "status",
    "delay",
    "cut_before",
    "cut_after",
    "truncate",
    "html200",
    "wrong_content_type",
    "empty_envelope",
    "stall",
    "late",
    "dribble",
    "bare",
    "edit",
]
NEEDS_PROCESSING = frozenset(
    {"cut_after", "truncate", "wrong_content_type", "delay", "stall", "late", "dribble", "bare", "edit"}
)


class FaultRule(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which calls fail, and how.

    :param kind: ``status``: ``status``/``headers``/``body`` are answered; ``delay``: only late;
        ``cut_before``: the connection is closed and nothing done; ``cut_after``: done, then closed without an
        answer; ``truncate``: done, half of the body sent (``short``: with the Content-Length of the half, so
        that only the JSON is broken); ``html200``: a 200 with an HTML page; ``wrong_content_type``: the right
        body as text/html; ``empty_envelope``: a 200 with ``{}``; ``stall``: done at once, answered
        ``answer_s`` seconds later; ``late``: not answered, and done only at ``Faults.carry_out_late``;
        ``dribble``: the answer comes in ten parts over ``answer_s`` seconds; ``bare``: done, and what the
        answer holds comes without the envelope around it; ``edit``: done, and the value at ``at`` (keys and
        positions, with dots between) in the answer is replaced by the JSON text ``raw``, whatever that is.
    :param path: regular expression searched in the path below the service's base, e.g. ``^/orders/\\d+$``.
    :param nth: only the nth matching call (1 = the first). ``every``: each k-th. ``times``: at most so often.
    :param delay_s: seconds to wait first, with any kind.
    :param reset: for ``cut_before`` and ``cut_after``: with TCP's RST instead of FIN.
    :param processed: for ``status``, ``html200`` and ``empty_envelope``: the request is carried out too.
    """

    kind: Kind
    service: Literal["harvest", "upsales", "any"] = "any"
    method: str = "*"
    path: str = ""
    nth: int | None = None
    every: int | None = None
    times: int | None = None
    status: int = 500
    headers: dict[str, str] = {}
    body: str = ""
    delay_s: float = 0
    answer_s: float = 0
    reset: bool = False
    at: str = ""
    raw: str = "null"
    processed: bool = False
    short: bool = False
    seen: int = 0
    fired: int = 0

    def concerns(self, service: str, method: str, path: str) -> bool:
        return (
            self.service in ("any", service)
            and self.method.upper() in ("*", method)
            and re.search(self.path, path) is not None
        )

    def due(self) -> bool:
        """Count one matching call; say whether it is one that fails."""
        self.seen += 1
        if self.times is not None and self.fired >= self.times:
            return False
        if self.nth is not None and self.seen != self.nth:
            return False
        if self.every is not None and self.seen % self.every != 0:
            return False
        self.fired += 1
        return True

    @property
    def carries_out(self) -> bool:
        return self.processed or self.kind in NEEDS_PROCESSING


class Faults:
    def __init__(self, lock: threading.RLock) -> None:
        self.lock = lock
        self.rules: list[FaultRule] = []
        self._late: list[tuple[threading.Event, threading.Event]] = []

    @locked
    def add(self, **rule: Any) -> FaultRule:
        """:raises msgspec.ValidationError: an unknown key or a value of the wrong type."""
        added = msgspec.convert(rule, FaultRule)
        re.compile(added.path)
        self.rules.append(added)
        return added

    @locked
    def clear(self) -> None:
        self.rules.clear()

    @locked
    def match(self, service: str, method: str, path: str) -> FaultRule | None:
        """The first rule that is due; every concerned rule counts the call."""
        due = [rule for rule in self.rules if rule.concerns(service, method, path) and rule.due()]
        return due[0] if due else None

    @locked
    def put_off(self) -> tuple[threading.Event, threading.Event]:
        """For one request that is carried out later: when it may be, and when it has been."""
        events = threading.Event(), threading.Event()
        self._late.append(events)
        return events

    def carry_out_late(self, timeout_s: float = 5) -> int:
        """Carry out the requests of ``late`` rules; say how many there were.

        :raises TimeoutError: one of them is still not done after ``timeout_s`` seconds
        """
        with self.lock:
            late, self._late = self._late, []
        for may, _ in late:
            may.set()
        if not all(done.wait(timeout_s) for _, done in late):
            raise TimeoutError("a late request was not carried out")
        return len(late)

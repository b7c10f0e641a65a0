"""What was asked of the sandbox: every request in order, and what no client should have sent."""

from enum import StrEnum

from sandbox.clock import Clock
from sandbox.jsonio import JsonError, Record, decode

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
HIDDEN = "***"


class Moment(StrEnum):
    """Where a write stands: the boundaries at which its client can be lost."""

    ARRIVED = "before it is processed"
    DONE = "after it took effect, before the answer"
    ANSWERED = "right after the answer"


class Journal:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.entries: list[Record] = []
        self.violations: list[Record] = []

    def open(self, service: str, method: str, path: str, query: list[tuple[str, str]], body: bytes) -> Record:
        """Begin an entry; ``status`` stays None where the connection is cut before any answer."""
        entry: Record = {
            "sequence": len(self.entries) + 1,
            "time": self._clock.now().isoformat(),
            "service": service,
            "method": method,
            "path": path,
            "query": [[name, HIDDEN if name == "token" else value] for name, value in query],
            "body": _readable(body) if method in WRITES else None,
            "status": None,
            "is_write": method in WRITES,
            "took_effect": False,
            "fault": None,
        }
        self.entries.append(entry)
        return entry

    def since(self, sequence: int) -> list[Record]:
        return self.entries[max(sequence, 0) :]

    def writes(self, service: str | None = None) -> list[Record]:
        """The writes that took effect."""
        return [
            e for e in self.entries if e["took_effect"] and e["is_write"] and service in (None, e["service"])
        ]

    def violation(self, service: str, sequence: int, detail: str) -> None:
        self.violations.append({"sequence": sequence, "service": service, "detail": detail})


def _readable(body: bytes) -> object:
    if not body:
        return None
    try:
        return decode(body)
    except JsonError:
        return body.decode("utf-8", "replace")

"""What one program took: wall and CPU seconds, and its memory at the peak. Standard library only."""

from __future__ import annotations

import json
import time
from pathlib import Path


def memory_mb(field: str) -> float:
    """``VmHWM`` (the peak) or ``VmRSS`` (now) of this process, in MB of 1,000,000 bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0


class Stopwatch:
    """Runs from its making to ``report``."""

    def __init__(self) -> None:
        self._before_mb = memory_mb("VmRSS")
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def report(self, *, entries: int, hours: object = None, amount: object = None, **more: object) -> None:
        """Print one line of JSON as the last line of the output."""
        took = {
            "wall_s": time.perf_counter() - self._wall,
            "cpu_s": time.process_time() - self._cpu,
            "before_mb": self._before_mb,
            "peak_mb": memory_mb("VmHWM"),
            "entries": entries,
            "hours": None if hours is None else str(hours),
            "amount": None if amount is None else str(amount),
            **more,
        }
        print(json.dumps(took), flush=True)

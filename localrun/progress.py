"""One line for each phase: its name at once, a dot every second, then how long it took and what came of it."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO

NAME_WIDTH = 26
DOT_EVERY_S = 1.0


@dataclass
class Phase:
    """One phase while it goes on; ``told`` is what the line says at its end."""

    name: str
    took_s: float = 0.0
    told: str = ""


@dataclass
class Progress:
    """Writes the lines, and keeps how long each phase took."""

    out: TextIO = sys.stdout
    phases: list[Phase] = field(default_factory=list)

    def say(self, text: str = "") -> None:
        """A line of its own."""
        self.out.write(text + "\n")
        self.out.flush()

    @contextmanager
    def phase(self, name: str) -> Iterator[Phase]:
        """Time a phase, and show that it goes on."""
        phase, began, over = Phase(name), time.monotonic(), threading.Event()
        self._write(name.ljust(NAME_WIDTH))

        def tick() -> None:
            while not over.wait(DOT_EVERY_S):
                self._write(".")

        ticker = threading.Thread(target=tick, name="progress", daemon=True)
        ticker.start()
        ended = "stopped"
        try:
            yield phase
            ended = ""
        finally:
            over.set()
            ticker.join()
            phase.took_s = time.monotonic() - began
            self.phases.append(phase)
            self.say(f" {phase.took_s:.1f} s  {ended or phase.told}".rstrip())

    @property
    def total_s(self) -> float:
        """Seconds of all phases together."""
        return sum(phase.took_s for phase in self.phases)

    def _write(self, text: str) -> None:
        self.out.write(text)
        self.out.flush()

"""What the reliability tests counted, printed at the end of the run."""

from __future__ import annotations

from collections import defaultdict

from tests.reliability.books import Findings

DUPLICATES, LOSSES = "duplicates", "losses"


class Figures:
    """Counts by part (``crash matrix``, ``fault matrix`` ...) and name, in the order in which they came up."""

    def __init__(self) -> None:
        self._counts: defaultdict[str, dict[str, int]] = defaultdict(dict)

    def add(self, part: str, name: str, count: int = 1) -> None:
        """Add to a count; also with 0, so that the name is printed."""
        self._counts[part][name] = self._counts[part].get(name, 0) + count

    def counts(self) -> dict[str, dict[str, int]]:
        """All counts, by part and name."""
        return {part: dict(counts) for part, counts in self._counts.items()}

    def take_in(self, counts: dict[str, dict[str, int]]) -> None:
        """Add what another process counted."""
        for part, names in counts.items():
            for name, count in names.items():
                self.add(part, name, count)

    def judge(self, part: str, findings: Findings) -> None:
        """Count what an audit found, and fail the test where it found anything."""
        self.add(part, DUPLICATES, len(findings.duplicates))
        self.add(part, LOSSES, len(findings.losses))
        assert not findings, findings

    def lines(self) -> list[str]:
        """One line a part."""
        return [
            f"{part}: " + ", ".join(f"{count:,} {name}" for name, count in counts.items())
            for part, counts in self._counts.items()
        ]


FIGURES = Figures()

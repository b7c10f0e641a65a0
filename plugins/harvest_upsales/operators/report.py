"""Task logs that read like a report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_WIDEST = 120


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns side by side; cells are cut at 120 characters and hold no line ends. Empty without rows."""
    lines = [[" ".join(str(cell).split())[:_WIDEST] for cell in row] for row in rows]
    if not lines:
        return ""
    widths = [max(len(row[i]) for row in [list(head), *lines]) for i in range(len(head))]
    ruler = ["-" * width for width in widths]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [list(head), ruler, *lines]
    )

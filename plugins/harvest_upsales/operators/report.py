"""Task logs that read like a report: tables, amounts one below the other, details that Airflow's log viewer folds."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from harvest_upsales.domain.money import plain, rounded

_WIDEST = 120
_GAP = "  "


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, right: Collection[str] = ()) -> str:
    """Columns side by side, as wide as what stands in them. Empty without rows.

    A cell holds no line ends, and is cut at 120 columns.

    :param right: names of the columns that are aligned to the right
    """
    lines = [[_cut(_cell_text(cell)) for cell in row] for row in rows]
    if not lines:
        return ""
    widths = [max(width_of(row[i]) for row in [list(head), *lines]) for i in range(len(head))]
    ruler = ["-" * width for width in widths]
    return "\n".join(
        _GAP.join(
            _padded(cell, width, right=name in right)
            for cell, width, name in zip(row, widths, head, strict=True)
        ).rstrip()
        for row in [list(head), ruler, *lines]
    )


def amount(number: Decimal | None, currency: str = "") -> str:
    """``1,234,567.50 SEK``, with all of its digits and at least the currency's own; empty for nothing."""
    if number is None:
        return ""
    in_full = rounded(number, currency) if currency else number
    return f"{in_full if in_full == number else number:,f} {currency}".rstrip()


def hours(number: Decimal) -> str:
    """``1,234.75``, without zeros at the end."""
    return f"{plain(number):,f}"


@contextmanager
def folded(log: Any, title: str) -> Iterator[None]:
    """What is logged inside is folded into one line in Airflow's log viewer.

    The viewer knows the two marks by their text, each in a message of its own.

    :param log: the task's logger
    :param title: what the line says
    """
    log.info("::group::%s", _cell_text(title))
    try:
        yield
    finally:
        log.info("::endgroup::")


def report(log: Any, heading: str, rows: str) -> None:
    """A heading with its table; the heading alone where there are no rows."""
    log.info("%s", f"{heading}\n{rows}" if rows else heading)


def width_of(text: str) -> int:
    """Columns that a text takes in a monospaced font: wide characters (CJK, most emoji) take two, marks none."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _cell_text(cell: object) -> str:
    """Names are typed by people: none of them may end a line or a group."""
    text = " ".join(str(cell).split())
    for mark in ("::group::", "::endgroup::"):
        text = text.replace(mark, mark.strip(":"))
    return text


def _cut(cell: str) -> str:
    if width_of(cell) <= _WIDEST:
        return cell
    kept, columns = [], 1
    for character in cell:
        columns += _columns(character)
        if columns > _WIDEST:
            break
        kept.append(character)
    return "".join(kept) + "…"


def _padded(cell: str, width: int, *, right: bool) -> str:
    blanks = " " * (width - width_of(cell))
    return blanks + cell if right else cell + blanks

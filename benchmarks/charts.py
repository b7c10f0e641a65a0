"""Bar charts as SVG, by hand: a handful of rectangles needs no library."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import log10

_ROW, _LEFT, _WIDTH = 26, 210, 760
_INK, _OURS, _OTHERS = "#1f2933", "#0f766e", "#94a3b8"


def bars(title: str, rows: Sequence[tuple[str, float, str]], *, ours: str) -> str:
    """A bar for each row, on a logarithmic scale, as the slowest takes a hundred times what the fastest does.

    :param rows: name, value, and the value in words
    :param ours: the rows that begin so are set off
    """
    values = [value for _, value, _ in rows if value > 0]
    low, high = min(values) / 2, max(values)
    room = _WIDTH - _LEFT - 130
    height = 40 + _ROW * len(rows)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" '
        f'font-size="13" role="img" aria-label="{escape(title)}">',
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="10" y="22" font-weight="bold" fill="{_INK}">{escape(title)}</text>',
    ]
    for number, (name, value, words) in enumerate(rows):
        y = 36 + _ROW * number
        length = max(2.0, room * (log10(max(value, low)) - log10(low)) / (log10(high) - log10(low)))
        colour = _OURS if name.startswith(ours) else _OTHERS
        parts += [
            f'<text x="{_LEFT - 8}" y="{y + 15}" text-anchor="end" fill="{_INK}">{escape(name)}</text>',
            f'<rect x="{_LEFT}" y="{y + 2}" width="{length:.0f}" height="{_ROW - 8}" fill="{colour}"/>',
            f'<text x="{_LEFT + length + 6:.0f}" y="{y + 15}" fill="{_INK}">{escape(words)}</text>',
        ]
    return "\n".join([*parts, "</svg>", ""])

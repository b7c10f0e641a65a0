"""A time entry on one line of an opportunity's notes."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import lru_cache

from harvest_upsales.domain.money import plain
from harvest_upsales.records.bounds import one_line
from harvest_upsales.records.harvest_records import TimeEntry

LINE_LIMIT = 1_000
# What joins emoji, and tells the direction of the text beside it: people's own notes are read as they wrote them.
# Another set would have every opportunity that lists one of the others written anew.
INVISIBLE_KEPT = "\u200d\u200e\u200f"


def line_of(entry: TimeEntry) -> str:
    """One entry on one line; whatever people typed stays text on that line."""
    return line(
        entry.spent_date,
        hours_in_words(entry.rounded_hours),
        entry.task.name if entry.task is not None else "",
        entry.user.name if entry.user is not None else "",
        entry.notes or "",
    )


def line(day: dt.date, *said: str) -> str:
    """The day and what is said of it, within :data:`LINE_LIMIT` characters; empty parts are left out.

    :param said: hours, task, person, notes
    """
    text = " | ".join((day.isoformat(), *filter(None, said)))
    if not text.isprintable() or "  " in text or text[-1] == " ":
        text = one_line(text, keep=INVISIBLE_KEPT)
    return text if len(text) <= LINE_LIMIT else text[: LINE_LIMIT - 1] + "…"


@lru_cache(maxsize=1024)
def hours_in_words(hours: Decimal) -> str:
    """``7.5 h``."""
    return f"{plain(hours)} h"

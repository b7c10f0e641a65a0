"""``HARVEST_KEY``: how an opportunity is found again."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass

_KEY = re.compile(
    r"(?P<account>[^:\s]+):(?P<project>[1-9][0-9]{0,18})(?::(?P<month>[1-9][0-9]{3}-(?:0[1-9]|1[0-2])))?"
)


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month of ``spent_date``, written ``YYYY-MM``."""

    year: int
    number: int

    @classmethod
    def of(cls, day: dt.date) -> Month:
        """The month in which ``day`` lies."""
        return cls(day.year, day.month)

    @property
    def first_day(self) -> dt.date:
        """The first day of the month."""
        return dt.date(self.year, self.number, 1)

    @property
    def last_day(self) -> dt.date:
        """The last day of the month."""
        return dt.date(self.year, self.number, calendar.monthrange(self.year, self.number)[1])

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"


@dataclass(frozen=True, slots=True)
class HarvestKey:
    """``<Harvest account id>:<project id>``, in month mode followed by ``:<YYYY-MM>``."""

    account_id: str
    project_id: int
    month: Month | None = None

    def __str__(self) -> str:
        base = f"{self.account_id}:{self.project_id}"
        return base if self.month is None else f"{base}:{self.month}"


def parse_key(text: object) -> HarvestKey | None:
    """Read a ``HARVEST_KEY``; ``None`` for anything that this package did not write."""
    match = _KEY.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        return None
    month = match["month"]
    return HarvestKey(
        account_id=match["account"],
        project_id=int(match["project"]),
        month=Month(int(month[:4]), int(month[5:])) if month else None,
    )

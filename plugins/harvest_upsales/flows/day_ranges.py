"""Where to cut a long list of time entries, so that several connections can read it side by side.

Where to cut is not known beforehand: a list's first pages tell how many there are, and how many days one fills.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from harvest_upsales.api.harvest_pages import Page
from harvest_upsales.records.harvest_records import TimeEntry

# More gain nothing: Harvest's limit allows 6.7 requests a second in the long run, one connection's worth.
CONNECTIONS = 5
# What a range should come to: long enough that its last page, not full, weighs little; short enough to share out.
_RANGE_PAGES = 16
# Where Harvest doesn't say how long a list is, it has to prove by so many pages that it is worth cutting.
_UNTOLD_PAGES = 3
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Days:
    """A range of ``spent_date``, both ends included; ``None`` is open."""

    first: dt.date | None = None
    last: dt.date | None = None


def pages_to_judge_by(first: Page[TimeEntry]) -> int:
    """How many of a list's first pages :func:`cut` has to see.

    :param first: the first of them
    """
    return 1 if first.total_pages is not None else _UNTOLD_PAGES


def cut(beginning: Sequence[Page[TimeEntry]], days: Days) -> tuple[Days, ...]:
    """Ranges for what a range's first pages leave, each of about as many pages; none where little is left.

    The last day on the pages may go on on the next one, so it belongs to what is left.

    :param beginning: the range's first pages, latest day first
    """
    dates = [entry.spent_date for page in beginning for entry in page.records]
    total = beginning[-1].total_pages
    left = CONNECTIONS * _RANGE_PAGES if total is None else total - len(beginning)
    if not beginning[-1].links.next or not _fall(dates) or not _is_worth_cutting(days, left, total):
        return ()
    # As many for each connection, or some would wait for the last one.
    number = CONNECTIONS * math.ceil(left / (CONNECTIONS * _RANGE_PAGES))
    step = dt.timedelta(days=max(1, round(_days_a_page(dates, len(beginning[0].records)) * left / number)))
    # Where the length is told, the oldest part is one of them; where not, what is left may be longer than they all.
    newer = list(islice(_of_length(step, dates[-1], days.first), number if total is None else number - 1))
    oldest = Days(days.first, newer[-1].first - _DAY if newer and newer[-1].first else dates[-1])
    # The oldest part first: it may turn out to be long, and to be cut again.
    return (oldest, *newer)


def _fall(dates: Sequence[dt.date]) -> bool:
    """Whether the days go back, as the list has to for a cut between two of them to hold."""
    return bool(dates) and dates[0] != dates[-1] and list(dates) == sorted(dates, reverse=True)


def _is_worth_cutting(days: Days, left: int, total: int | None) -> bool:
    """Whether so many pages are left that sharing them out pays.

    :param total: how long Harvest says the range is
    """
    if left < CONNECTIONS:
        return False
    # A range that was cut already is cut again only where it is much longer than was expected.
    return days.first is None or (total is not None and left >= 2 * _RANGE_PAGES)


def _days_a_page(dates: Sequence[dt.date], page_size: int) -> float:
    """How many days fill a page, by the entries of all days but the last, which may go on on the next page."""
    newer = sum(date > dates[-1] for date in dates)
    return (dates[0] - dates[-1]).days / newer * page_size


def _of_length(step: dt.timedelta, last: dt.date, first: dt.date | None) -> Iterator[Days]:
    """Ranges of a length, from a last day back to a first one, without end where there is none."""
    while first is None or last - step >= first:
        yield Days(last - step + _DAY, last)
        last -= step

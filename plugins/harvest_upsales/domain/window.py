"""Where a run looks for changed time, by the kind of run it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from harvest_upsales.errors import ParamsError

# Clocks differ, and an entry may be saved while the previous run reads.
OVERLAP = dt.timedelta(hours=3)
# As far back as a run reads updates where the runs before it did not go well; beyond, it compares the whole history.
LONGEST_GAP = dt.timedelta(days=7)
# The run whose data interval holds this hour (UTC) compares the whole history.
NIGHT_HOUR = 3


@dataclass(frozen=True, slots=True)
class Window:
    """Where a run looks for changes; what it finds is then computed whole.

    :param updated_since: entries saved since then (scheduled runs)
    :param spent_from: entries of these days, both ends included (backfills, ``start_date``/``end_date``)
    :param whole_history: compare Harvest's sums back to the account's beginning, not of the last year alone
    """

    updated_since: dt.datetime | None = None
    spent_from: dt.date | None = None
    spent_to: dt.date | None = None
    whole_history: bool = False

    @property
    def everything(self) -> bool:
        """Neither bound: all projects are taken up."""
        return self.updated_since is None and self.spent_from is None and self.spent_to is None

    def __str__(self) -> str:
        if self.everything:
            return "everything"
        if self.updated_since is not None:
            return f"time updated since {self.updated_since:%Y-%m-%d %H:%M} UTC"
        return f"time spent from {self.spent_from or 'the beginning'} to {self.spent_to or 'today'}"


def window_of(
    run_type: str,
    interval: tuple[dt.datetime | None, dt.datetime | None],
    *,
    went_well_until: Callable[[], dt.datetime | None],
    spent_from: dt.date | None = None,
    spent_to: dt.date | None = None,
) -> Window:
    """The rule: given days win; a backfill looks at the days of its interval, any other run at what was updated since
    its interval began, a scheduled one further back where the runs before it failed or were left out; without an
    interval, everything is looked at.

    :param run_type: Airflow's word for how the run came about: ``scheduled``, ``manual``, ``backfill``, ...
    :param interval: the run's data interval, aware; empty or open where it has none
    :param went_well_until: tells the end of the last data interval whose run went well; only a scheduled run asks. A
        manual run that went well counts there too, whatever it was confined to: what it hides from this window is left
        to the night
    :param spent_from: first day of ``spent_date`` that somebody asked for
    :param spent_to: last day that somebody asked for
    :raises ParamsError: the given days end before they begin
    """
    if spent_from or spent_to:
        return _window_of_days(spent_from, spent_to)
    start, end = interval
    if start is None or end is None or start == end:
        return Window()
    if run_type == "backfill":
        return window_of_backfill(start, end)
    return window_of_schedule(start, end, went_well_until() if run_type == "scheduled" else None)


def _window_of_days(first: dt.date | None, last: dt.date | None) -> Window:
    if first and last and first > last:
        msg = f"The window ends ({last}) before it begins ({first})"
        raise ParamsError(msg)
    return Window(spent_from=first, spent_to=last)


def window_of_schedule(
    start: dt.datetime, end: dt.datetime, went_well_until: dt.datetime | None = None
) -> Window:
    """Entries updated since the data interval's start, with an overlap; after an outage, since it began.

    One run a day compares the whole history: an old invoice that is deleted frees time and leaves no update behind.

    :param went_well_until: end of the last data interval whose run went well, where one did. What was saved since has
        been seen by no run to its end, and time that only moved to another month changes no sum that is compared
    """
    first = _utc(start)
    since = first if went_well_until is None else min(first, _utc(went_well_until))
    longest = first - LONGEST_GAP
    night = first.replace(hour=NIGHT_HOUR, minute=0, second=0, microsecond=0)
    night = night if night >= first else night + dt.timedelta(days=1)
    return Window(
        updated_since=max(since, longest) - OVERLAP,
        whole_history=night < _utc(end) or since < longest,
    )


def window_of_backfill(start: dt.datetime, end: dt.datetime) -> Window:
    """Entries spent inside the data interval; its end is not part of it."""
    first, last = _utc(start).date(), (_utc(end) - dt.timedelta(microseconds=1)).date()
    return Window(spent_from=first, spent_to=max(first, last))


def _utc(moment: dt.datetime) -> dt.datetime:
    """A plain datetime in UTC, whatever kind of datetime a scheduler hands over."""
    return dt.datetime.fromtimestamp(moment.timestamp(), dt.UTC)

"""Where a run looks for changed time: the rule of schedule, backfill, given days and no interval."""

import datetime as dt
from itertools import pairwise
from zoneinfo import ZoneInfo

import pendulum
import pytest

from harvest_upsales.domain.window import (
    OVERLAP,
    Window,
    window_of,
    window_of_backfill,
    window_of_schedule,
)
from harvest_upsales.errors import ParamsError

START = dt.datetime(2026, 10, 1, 5, tzinfo=dt.UTC)
END = START + dt.timedelta(hours=1)
STOCKHOLM = ZoneInfo("Europe/Stockholm")


@pytest.mark.parametrize(
    "start",
    [
        dt.datetime(2026, 10, 25, 1, 0, tzinfo=dt.UTC),
        dt.datetime(2026, 10, 25, 2, 0, fold=1, tzinfo=STOCKHOLM),
        pendulum.datetime(2026, 10, 25, 1, 0, tz="UTC"),
        pendulum.datetime(2026, 10, 24, 21, 0, tz="America/New_York"),
    ],
)
def test_a_scheduled_run_looks_back_from_its_interval_s_start_with_an_overlap(start: dt.datetime) -> None:
    window = window_of_schedule(start, start + dt.timedelta(hours=1))

    assert window == Window(updated_since=dt.datetime(2026, 10, 24, 22, 0, tzinfo=dt.UTC))
    assert type(window.updated_since) is dt.datetime
    assert not window.everything


@pytest.mark.parametrize(
    ("hours_red", "since", "whole_history"),
    [
        (0, "2026-10-01 09:00", False),
        (5, "2026-10-01 04:00", False),
        (7 * 24, "2026-09-24 09:00", False),
        (7 * 24 + 1, "2026-09-24 09:00", True),
    ],
)
def test_after_an_outage_a_run_looks_back_to_the_last_that_went_well(
    hours_red: int, since: str, *, whole_history: bool
) -> None:
    start = dt.datetime(2026, 10, 1, 12, tzinfo=dt.UTC)

    window = window_of_schedule(
        start, start + dt.timedelta(hours=1), start.astimezone(STOCKHOLM) - dt.timedelta(hours=hours_red)
    )

    assert window.updated_since == dt.datetime.fromisoformat(f"{since}+00:00")
    assert window.whole_history is whole_history


def test_a_later_interval_that_went_well_moves_no_window() -> None:
    start = dt.datetime(2026, 10, 1, 12, tzinfo=dt.UTC)
    hour = dt.timedelta(hours=1)

    assert window_of_schedule(start, start + hour, start + hour) == window_of_schedule(start, start + hour)


def test_one_hourly_run_a_day_compares_the_whole_history() -> None:
    hour = dt.timedelta(hours=1)
    starts = [dt.datetime(2026, 10, 24, tzinfo=dt.UTC) + number * hour for number in range(48)]

    nightly = [start for start in starts if window_of_schedule(start, start + hour).whole_history]

    assert [start.hour for start in nightly] == [3, 3]
    assert all(window_of_schedule(start, start + 24 * hour).whole_history for start in starts)


@pytest.mark.parametrize(
    ("start", "end", "first", "last"),
    [
        (
            dt.datetime(2026, 10, 1, tzinfo=dt.UTC),
            dt.datetime(2026, 11, 1, tzinfo=dt.UTC),
            "2026-10-01",
            "2026-10-31",
        ),
        (
            pendulum.datetime(2026, 10, 1, tz="Europe/Stockholm"),
            pendulum.datetime(2026, 11, 1, tz="Europe/Stockholm"),
            "2026-09-30",
            "2026-10-31",
        ),
        (
            pendulum.datetime(2026, 10, 1, tz="America/New_York"),
            pendulum.datetime(2026, 11, 1, tz="America/New_York"),
            "2026-10-01",
            "2026-11-01",
        ),
        (
            dt.datetime(2026, 3, 29, 0, tzinfo=dt.UTC),
            dt.datetime(2026, 3, 29, 1, tzinfo=dt.UTC),
            "2026-03-29",
            "2026-03-29",
        ),
        (
            dt.datetime(2026, 3, 28, 23, tzinfo=dt.UTC),
            dt.datetime(2026, 3, 29, 0, tzinfo=dt.UTC),
            "2026-03-28",
            "2026-03-28",
        ),
        (
            dt.datetime(2026, 3, 29, tzinfo=dt.UTC),
            dt.datetime(2026, 3, 29, tzinfo=dt.UTC),
            "2026-03-29",
            "2026-03-29",
        ),
    ],
)
def test_a_backfill_looks_at_the_days_of_its_interval(
    start: dt.datetime, end: dt.datetime, first: str, last: str
) -> None:
    window = window_of_backfill(start, end)

    assert (str(window.spent_from), str(window.spent_to)) == (first, last)
    assert window.updated_since is None


def test_monthly_backfills_of_any_zone_leave_no_day_out() -> None:
    for zone in ("UTC", "Europe/Stockholm", "America/New_York", "Pacific/Auckland"):
        months = [pendulum.datetime(2024, 11, 1, tz=zone).add(months=number) for number in range(25)]
        windows = [window_of_backfill(start, end) for start, end in pairwise(months)]
        for one, following in pairwise(windows):
            assert one.spent_to is not None
            assert following.spent_from is not None
            assert following.spent_from <= one.spent_to + dt.timedelta(days=1)


def test_no_bounds_mean_everything() -> None:
    assert Window().everything
    assert str(Window()) == "everything"
    assert not Window(spent_to=dt.date(2026, 1, 1)).everything
    assert str(Window(spent_to=dt.date(2026, 1, 1))) == "time spent from the beginning to 2026-01-01"
    assert str(
        window_of_schedule(
            dt.datetime(2026, 1, 1, 3, tzinfo=dt.UTC), dt.datetime(2026, 1, 1, 4, tzinfo=dt.UTC)
        )
    ) == ("time updated since 2026-01-01 00:00 UTC")


def never_asked() -> dt.datetime | None:
    raise AssertionError


@pytest.mark.parametrize("run_type", ["scheduled", "manual"])
def test_a_run_with_an_interval_looks_at_what_was_updated_since(run_type: str) -> None:
    window = window_of(run_type, (START, END), went_well_until=lambda: None)

    assert window.updated_since == START - OVERLAP
    assert (window.spent_from, window.spent_to, window.everything) == (None, None, False)


def test_a_scheduled_run_begins_where_the_last_one_that_went_well_ended() -> None:
    earlier = START - dt.timedelta(hours=5)

    assert (
        window_of("scheduled", (START, END), went_well_until=lambda: earlier).updated_since
        == earlier - OVERLAP
    )


@pytest.mark.parametrize("run_type", ["manual", "backfill", "asset_triggered"])
def test_other_runs_ask_for_no_run_before(run_type: str) -> None:
    assert not window_of(run_type, (START, END), went_well_until=never_asked).everything


def test_a_backfill_looks_at_its_days() -> None:
    window = window_of("backfill", (START, END), went_well_until=never_asked)

    assert window == Window(spent_from=START.date(), spent_to=START.date())


@pytest.mark.parametrize("interval", [(None, None), (START, START), (START, None)])
@pytest.mark.parametrize("run_type", ["scheduled", "backfill", "asset_triggered"])
def test_a_run_without_an_interval_looks_at_everything(
    run_type: str, interval: tuple[dt.datetime | None, dt.datetime | None]
) -> None:
    assert window_of(run_type, interval, went_well_until=never_asked).everything


@pytest.mark.parametrize("run_type", ["manual", "scheduled", "backfill"])
def test_given_days_win(run_type: str) -> None:
    first, last = dt.date(2026, 9, 1), dt.date(2026, 9, 30)
    for days in ({"spent_from": first, "spent_to": last}, {"spent_from": first}, {"spent_to": last}):
        assert window_of(run_type, (START, END), went_well_until=never_asked, **days) == Window(**days)


def test_days_that_end_before_they_begin_are_refused() -> None:
    first, last = dt.date(2026, 10, 2), dt.date(2026, 10, 1)
    with pytest.raises(ParamsError, match=r"ends .* before it begins"):
        window_of("manual", (START, END), went_well_until=never_asked, spent_from=first, spent_to=last)

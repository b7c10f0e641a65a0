"""Which time a run looks at: the rule of schedule, backfill, given days and no interval."""

import datetime as dt
from types import SimpleNamespace
from typing import Any

import lazy_object_proxy
import pendulum
import pytest

from harvest_upsales.domain.touched import OVERLAP, Window
from harvest_upsales.errors import ParamsError
from harvest_upsales.operators.extract_time_operator import ExtractTimeOperator, window_of

START = pendulum.datetime(2026, 10, 1, 5, tz="UTC")
END = START.add(hours=1)


def context(run_type: str, start: Any = START, end: Any = END) -> dict[str, Any]:
    return {
        "dag_run": SimpleNamespace(run_type=run_type),
        "data_interval_start": start,
        "data_interval_end": end,
    }


@pytest.mark.parametrize("run_type", ["scheduled", "manual"])
def test_a_run_with_an_interval_looks_at_what_was_updated_since(run_type: str) -> None:
    window = window_of(context(run_type), None, None)
    assert window.updated_since == dt.datetime(2026, 10, 1, 5, tzinfo=dt.UTC) - OVERLAP
    assert (window.spent_from, window.spent_to, window.everything) == (None, None, False)


class Lazy(lazy_object_proxy.Proxy):
    """As Airflow hands over what it has to ask for: never ``None`` itself."""


@pytest.mark.parametrize("end", [None, START, START.subtract(hours=5)])
def test_a_scheduled_run_begins_where_the_last_one_that_went_well_ended(end: Any) -> None:
    given = context("scheduled") | {"prev_data_interval_end_success": Lazy(lambda: end)}

    window = window_of(given, None, None)

    assert window.updated_since == dt.datetime.fromisoformat((end or START).isoformat()) - OVERLAP


@pytest.mark.parametrize("run_type", ["manual", "backfill"])
def test_other_runs_ask_for_no_run_before(run_type: str) -> None:
    given = context(run_type)
    assert window_of(given | {"prev_data_interval_end_success": START.subtract(hours=5)}, None, None) == (
        window_of(given, None, None)
    )


def test_a_backfill_looks_at_the_days_of_its_interval() -> None:
    window = window_of(context("backfill"), None, None)
    assert window == Window(spent_from=dt.date(2026, 10, 1), spent_to=dt.date(2026, 10, 1))


@pytest.mark.parametrize(("start", "end"), [(None, None), (START, START)])
def test_a_run_without_an_interval_looks_at_everything(start: Any, end: Any) -> None:
    assert window_of(context("asset_triggered", start, end), None, None).everything


@pytest.mark.parametrize("run_type", ["manual", "scheduled", "backfill"])
def test_given_days_win(run_type: str) -> None:
    first, last = dt.date(2026, 9, 1), dt.date(2026, 9, 30)
    assert window_of(context(run_type), first, last) == Window(spent_from=first, spent_to=last)
    assert window_of(context(run_type), first, None) == Window(spent_from=first)


def test_days_that_end_before_they_begin_are_refused() -> None:
    with pytest.raises(ParamsError, match=r"ends .* before it begins"):
        window_of(context("manual"), dt.date(2026, 10, 2), dt.date(2026, 10, 1))


def test_one_hourly_run_a_day_compares_the_whole_history() -> None:
    starts = [pendulum.datetime(2026, 10, 1, tz="UTC").add(hours=hour) for hour in range(48)]
    deep = [
        start
        for start in starts
        if window_of(context("scheduled", start, start.add(hours=1)), None, None).whole_history
    ]
    assert [start.hour for start in deep] == [3, 3]
    daily = window_of(context("scheduled", starts[0], starts[24]), None, None)
    assert daily.whole_history


def test_the_operators_fields_are_templates() -> None:
    assert {"project_ids", "spent_from", "spent_to", "setup", "plan_only"} <= set(
        ExtractTimeOperator.template_fields
    )

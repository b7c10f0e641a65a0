"""What Airflow's context says of a run's window; the rule itself is the domain's."""

import datetime as dt
from types import SimpleNamespace
from typing import Any

import lazy_object_proxy
import pendulum
import pytest
from airflow.utils.types import DagRunType

from harvest_upsales.domain.window import OVERLAP, Window
from harvest_upsales.operators.extract_time_operator import ExtractTimeOperator
from harvest_upsales.operators.run_window import window_of_run

START = pendulum.datetime(2026, 10, 1, 5, tz="UTC")
END = START.add(hours=1)


def context(run_type: str, start: Any = START, end: Any = END) -> dict[str, Any]:
    return {
        "dag_run": SimpleNamespace(run_type=run_type),
        "data_interval_start": start,
        "data_interval_end": end,
    }


class Lazy(lazy_object_proxy.Proxy):
    """As Airflow hands over what it has to ask for: never ``None`` itself."""


@pytest.mark.parametrize("end", [None, START, START.subtract(hours=5)])
def test_a_scheduled_run_begins_where_the_last_one_that_went_well_ended(end: Any) -> None:
    given = context("scheduled") | {"prev_data_interval_end_success": Lazy(lambda: end)}

    window = window_of_run(given)

    assert window.updated_since == dt.datetime.fromisoformat((end or START).isoformat()) - OVERLAP


@pytest.mark.parametrize("run_type", ["manual", "backfill"])
def test_no_other_run_has_airflow_asked_for_it(run_type: str) -> None:
    def asked() -> None:
        raise AssertionError

    given = context(run_type)
    assert window_of_run(given | {"prev_data_interval_end_success": Lazy(asked)}) == window_of_run(given)


@pytest.mark.parametrize("run_type", ["backfill", DagRunType.BACKFILL_JOB])
def test_the_kind_of_run_is_a_word_or_airflows_own(run_type: str) -> None:
    assert window_of_run(context(run_type)) == Window(
        spent_from=dt.date(2026, 10, 1), spent_to=dt.date(2026, 10, 1)
    )


def test_a_run_without_an_interval_looks_at_everything() -> None:
    assert window_of_run(context("asset_triggered", None, None)).everything
    assert window_of_run({"dag_run": SimpleNamespace(run_type="manual")}).everything


def test_given_days_are_handed_on() -> None:
    first, last = dt.date(2026, 9, 1), dt.date(2026, 9, 30)
    assert window_of_run(context("manual"), first, last) == Window(spent_from=first, spent_to=last)


def test_one_hourly_run_a_day_compares_the_whole_history() -> None:
    starts = [START.start_of("day").add(hours=hour) for hour in range(48)]
    deep = [
        start
        for start in starts
        if window_of_run(context("scheduled", start, start.add(hours=1))).whole_history
    ]
    assert [start.hour for start in deep] == [3, 3]
    assert window_of_run(context("scheduled", starts[0], starts[24])).whole_history


def test_the_operators_fields_are_templates() -> None:
    assert {"project_ids", "spent_from", "spent_to", "setup", "plan_only"} <= set(
        ExtractTimeOperator.template_fields
    )

"""What Airflow's context says of the kind of run, for the rule of :func:`~harvest_upsales.domain.window.window_of`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from harvest_upsales.domain.window import Window, window_of


def window_of_run(
    context: Mapping[str, Any], spent_from: dt.date | None = None, spent_to: dt.date | None = None
) -> Window:
    """Where the run of a task looks for changes.

    :param context: Airflow's, of the task
    :param spent_from: first day of ``spent_date`` that somebody asked for
    :param spent_to: last day that somebody asked for
    :raises ParamsError: the given days end before they begin
    """
    return window_of(
        run_type_of(context),
        (context.get("data_interval_start"), context.get("data_interval_end")),
        # Airflow asks for it when it is looked at, and hands over a stand-in that is never None itself.
        went_well_until=lambda: context.get("prev_data_interval_end_success") or None,
        spent_from=spent_from,
        spent_to=spent_to,
    )


def run_type_of(context: Mapping[str, Any]) -> str:
    """How the run came about, in Airflow's word: ``scheduled``, ``manual``, ``backfill``, ..."""
    run_type = context["dag_run"].run_type
    return str(getattr(run_type, "value", run_type))

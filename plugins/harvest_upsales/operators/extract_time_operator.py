"""``extract_time``: which projects and orders this run takes up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from airflow.sdk.definitions.context import Context

from harvest_upsales.domain.xcom_keys import BEGAN_KEY, IDLE_KEY, ORDERS_KEY, OVERVIEW_KEY
from harvest_upsales.errors import ParamsError
from harvest_upsales.flows.extract import Extract, extract
from harvest_upsales.operators.base_operator import ServicesOperator, to_xcom
from harvest_upsales.operators.lineage import ORDERS, TIME_ENTRIES
from harvest_upsales.operators.mapping_limit import most_mapped
from harvest_upsales.operators.report import folded, table
from harvest_upsales.operators.run_window import window_of_run
from harvest_upsales.operators.staging import stage

_LONGEST_SHOWN = 80


class ExtractTimeOperator(ServicesOperator):
    """Find the projects whose time changed and the orders to settle.

    Returns the batches for :class:`UpsertOpportunitiesOperator` (``expand(batch=...)``). The orders to settle go to
    XCom under ``orders``; what was read of both services is staged, and its place goes to XCom under ``overview``.
    Projects that make no opportunity, or whose changed time makes none, stand under ``idle``, with the reason.

    :param project_ids: only these Harvest projects; empty means all (templated)
    :param spent_from: first day of a window of ``spent_date``, ``YYYY-MM-DD`` (templated)
    :param spent_to: last day of that window (templated)
    """

    template_fields: Sequence[str] = (
        *ServicesOperator.template_fields,
        "project_ids",
        "spent_from",
        "spent_to",
    )
    reads = (TIME_ENTRIES, ORDERS)

    def __init__(
        self,
        *,
        project_ids: Sequence[int] | str | None = None,
        spent_from: str | None = None,
        spent_to: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.project_ids = project_ids
        self.spent_from = spent_from
        self.spent_to = spent_to

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """Look for changes; nothing is written."""
        with self.failure_told(context):
            return self._look(context)

    def _look(self, context: Context) -> list[dict[str, Any]]:
        first = _day("start_date (spent_from)", self.spent_from)
        last = _day("end_date (spent_to)", self.spent_to)
        window = window_of_run(context, first, last)
        self.log.info("Looking at %s", window)
        services = self.services(context)
        began = services.now()
        found = extract(services, window, ids_of(self.project_ids), most_batches=most_mapped())
        self._report(found)
        task_instance = context["ti"]
        task_instance.xcom_push(key=ORDERS_KEY, value=to_xcom(found.orders))
        task_instance.xcom_push(key=OVERVIEW_KEY, value=stage(context, "overview", found.overview.sides))
        task_instance.xcom_push(key=IDLE_KEY, value=to_xcom(found.idle))
        task_instance.xcom_push(key=BEGAN_KEY, value=began.isoformat())
        self.log_requests()
        returned: list[dict[str, Any]] = to_xcom(found.batches)
        return returned

    def _report(self, found: Extract) -> None:
        projects = sum(len(batch.project_ids) for batch in found.batches)
        if not projects and not found.orders:
            self.log.info("Nothing to do: Harvest and Upsales agree, and no order waits for settlement")
        else:
            self.log.info("%d projects to compute, %d orders to settle or undo", projects, len(found.orders))
        idle = [(str(each.project_id), each.project, each.reason) for each in found.idle]
        if idle:
            with folded(self.log, f"Projects or changed time that make no opportunity: {len(idle)} projects"):
                self.log.info("%s", table(("id", "project", "why"), idle, right=("id",)))
        for order in found.reopened:
            others = found.others_of(order.order_id)
            if others:
                self.log.warning(
                    "%s was invoiced and stands below 100 %%, but has its HARVEST_KEY in common with order %s. If it "
                    "is a copy of that one: clear HARVEST_KEY and HARVEST_INVOICE on it, and leave the invoice alone.",
                    order.label,
                    ", ".join(str(order_id) for order_id in others),
                )
                continue
            self.log.warning(
                "%s was invoiced and moved back below 100 %%. Delete its Harvest invoice and clear HARVEST_INVOICE, or "
                "set reopened_orders to undo.",
                order.label,
            )


def _day(name: str, text: str | None) -> dt.date | None:
    if text in (None, "", "None"):
        return None
    try:
        return dt.date.fromisoformat(str(text))
    except ValueError:
        msg = f"{name} is {_shown(text)}, but has to be a day such as 2026-10-31"
        raise ParamsError(msg) from None


def ids_of(given: Sequence[int] | str | None) -> list[int]:
    """Project ids as a list, or as a template renders one."""
    if given is None or given == "None":
        return []
    try:
        parts = given.strip("[]() ").split(",") if isinstance(given, str) else [str(part) for part in given]
        ids = sorted({int(part) for part in parts if part.strip()})
    except (TypeError, ValueError):
        ids = [0]
    if ids and ids[0] <= 0:
        msg = f"project_ids is {_shown(given)}, but has to be a list of Harvest project ids"
        raise ParamsError(msg)
    return ids


def _shown(given: object) -> str:
    """What somebody gave, in a length and form that a log can hold."""
    return repr(given)[:_LONGEST_SHOWN]

"""``upsert_opportunities``: one batch of projects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from airflow.sdk.definitions.context import Context

from harvest_upsales.domain.outcome import Outcome
from harvest_upsales.domain.plan import Action
from harvest_upsales.domain.xcom_keys import RETURNED_KEY
from harvest_upsales.errors import PartialFailureError
from harvest_upsales.flows.extract import Batch
from harvest_upsales.flows.upsert import Upsert
from harvest_upsales.operators.base_operator import ServicesOperator, to_xcom
from harvest_upsales.operators.lineage import ORDERS, TIME_ENTRIES
from harvest_upsales.operators.link_buttons import HarvestProjectLink, UpsalesOrderLink
from harvest_upsales.operators.order_store import order_memory
from harvest_upsales.operators.report import amount, folded, hours, report, table


class UpsertOpportunitiesOperator(ServicesOperator):
    """Bring the opportunities of a batch of projects in line with Harvest's uninvoiced time.

    Computes every project whole, so it may be repeated at any time. Returns one outcome per opportunity, also where
    some projects failed. It writes to Upsales: run it in a pool with one slot.

    With an asset as inlet, the one that :class:`ReconcileOperator` has as outlet, it knows of orders that earlier tasks
    and runs have seen, and creates nothing where Upsales' lists are blind.

    :param batch: a batch of :class:`ExtractTimeOperator`, or a plain list of Harvest project ids (templated)
    """

    template_fields: Sequence[str] = (*ServicesOperator.template_fields, "batch")
    reads = (TIME_ENTRIES, ORDERS)
    writes = (ORDERS,)
    operator_extra_links = (HarvestProjectLink(), UpsalesOrderLink())

    def __init__(self, *, batch: Mapping[str, Any] | Sequence[int] | Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.batch = batch

    @property
    def label(self) -> str:
        """Readable name of the mapped task instance."""
        return str(self.batch["label"]) if isinstance(self.batch, Mapping) else "projects"

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """Sync the projects one by one.

        :raises PartialFailureError: some projects failed after all others were done; a retry does what is left
        """
        upsert = Upsert(
            self.services(context),
            self._project_ids(),
            dry_run=self.is_dry_run,
            memory=order_memory(context, self.inlets),
        )
        outcomes: list[Outcome] = []
        try:
            outcomes.extend(upsert.run())
        finally:
            # Whatever ends the batch, what was done by then is told and known to reconcile.
            self._show_only_project(context, outcomes)
            self.log_requests()
            self._report(outcomes)
            context["ti"].xcom_push(key=RETURNED_KEY, value=to_xcom(outcomes))
        if upsert.failures:
            done = sum(outcome.action is not Action.FAIL for outcome in outcomes)
            raise PartialFailureError(done, upsert.failures)
        returned: list[dict[str, Any]] = to_xcom(outcomes)
        return returned

    def _report(self, outcomes: Sequence[Outcome]) -> None:
        told = [outcome for outcome in outcomes if outcome.action is not Action.UNCHANGED]
        unchanged = [outcome for outcome in outcomes if outcome.action is Action.UNCHANGED]
        heading = "Plan, nothing is written" if self.is_dry_run else "Opportunities"
        report(self.log, f"{heading}: {len(told)} to tell of, {len(unchanged)} unchanged", _rows(told))
        changes = _changes(told)
        if changes:
            with folded(self.log, "What changes" if self.is_dry_run else "What changed"):
                self.log.info("%s", changes)
        if unchanged:
            with folded(self.log, f"{len(unchanged)} unchanged"):
                self.log.info("%s", _rows(unchanged))

    def _show_only_project(self, context: Context, outcomes: Sequence[Outcome]) -> None:
        """Where the batch is one project, the task instance links to it."""
        project_ids = self._project_ids()
        if len(project_ids) == 1:
            orders = [outcome.order_id for outcome in outcomes if outcome.order_id]
            self.show_places(context, project_id=project_ids[0], order_id=orders[-1] if orders else None)

    def _project_ids(self) -> list[int]:
        if isinstance(self.batch, Mapping):
            return msgspec.convert(self.batch, Batch, strict=False).project_ids
        return [int(project_id) for project_id in self.batch]


def _rows(outcomes: Sequence[Outcome]) -> str:
    """What was done (or would be), as a table."""
    head = ("action", "project", "hours", "amount", "order", "why")
    rows = [
        (
            outcome.action,
            outcome.project,
            hours(outcome.hours) if outcome.key else "",
            amount(outcome.amount, outcome.currency) if outcome.key else "",
            str(outcome.order_id or ""),
            outcome.reason,
        )
        for outcome in outcomes
    ]
    return table(head, rows, right=("hours", "amount", "order"))


def _changes(outcomes: Sequence[Outcome]) -> str:
    rows = [
        (outcome.project, change.field, change.old, change.new)
        for outcome in outcomes
        for change in outcome.changes
    ]
    return table(("project", "field", "before", "after"), rows)

"""``upsert_opportunities``: one batch of projects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from airflow.sdk.definitions.context import Context

from harvest_upsales.domain.plan import Action
from harvest_upsales.errors import PartialFailureError
from harvest_upsales.flows.extract import Batch
from harvest_upsales.flows.upsert import Outcome, Upsert
from harvest_upsales.operators.base_operator import ServicesOperator, to_xcom
from harvest_upsales.operators.report import table


class UpsertOpportunitiesOperator(ServicesOperator):
    """Bring the opportunities of a batch of projects in line with Harvest's uninvoiced time.

    Computes every project whole, so it may be repeated at any time. Returns one outcome per opportunity, also where
    some projects failed. It writes to Upsales: run it in a pool with one slot.

    :param batch: a batch of :class:`ExtractTimeOperator`, or a plain list of Harvest project ids (templated)
    """

    template_fields: Sequence[str] = (*ServicesOperator.template_fields, "batch")

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
        upsert = Upsert(self.services(context), self._project_ids(), dry_run=self.only_plans)
        outcomes: list[Outcome] = []
        try:
            outcomes.extend(upsert.run())
        finally:
            # Whatever ends the batch, what was done by then is told and known to reconcile.
            self.log_requests()
            self.log.info("%s", _report(outcomes, planned=self.only_plans))
            context["ti"].xcom_push(key="return_value", value=to_xcom(outcomes))
        if upsert.failures:
            done = sum(outcome.action is not Action.FAIL for outcome in outcomes)
            raise PartialFailureError(done, upsert.failures)
        returned: list[dict[str, Any]] = to_xcom(outcomes)
        return returned

    def _project_ids(self) -> list[int]:
        if isinstance(self.batch, Mapping):
            return msgspec.convert(self.batch, Batch, strict=False).project_ids
        return [int(project_id) for project_id in self.batch]


def _report(outcomes: Sequence[Outcome], *, planned: bool) -> str:
    """What was done (or would be), as a table; unchanged opportunities are only counted."""
    shown = [outcome for outcome in outcomes if outcome.action is not Action.UNCHANGED]
    rows = [_row(outcome) for outcome in shown]
    unchanged = len(outcomes) - len(shown)
    heading = "Plan, nothing is written" if planned else "Opportunities"
    head = ("action", "project", "hours", "amount", "order", "why or what")
    return f"{heading}: {len(shown)} to tell of, {unchanged} unchanged\n" + table(head, rows)


def _row(outcome: Outcome) -> tuple[str, ...]:
    changes = "; ".join(f"{change.field}: {change.old} → {change.new}" for change in outcome.changes)
    return (
        outcome.action,
        outcome.project,
        f"{outcome.hours}",
        f"{outcome.amount} {outcome.currency}" if outcome.key else "",
        str(outcome.order_id or ""),
        outcome.reason or changes,
    )

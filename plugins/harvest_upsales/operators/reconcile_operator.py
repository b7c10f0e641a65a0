"""``reconcile``: the run's last word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from airflow.sdk.definitions.context import Context
from airflow.sdk.exceptions import AirflowSkipException

from harvest_upsales.domain.board import Board
from harvest_upsales.domain.next_board import next_board
from harvest_upsales.domain.reconciliation import Balance, ProjectBalance
from harvest_upsales.domain.run_facts import RunFacts
from harvest_upsales.domain.xcom_keys import RETURNED_KEY
from harvest_upsales.errors import RunFailedError
from harvest_upsales.flows.overview import Sides
from harvest_upsales.flows.reconcile import Reconciliation, reconcile_run
from harvest_upsales.operators.assets import announce, opportunities_asset, outlet_assets, withhold
from harvest_upsales.operators.base_operator import ServicesOperator, to_xcom
from harvest_upsales.operators.board_store import renew_board
from harvest_upsales.operators.extract_time_operator import ids_of
from harvest_upsales.operators.lineage import ORDERS, TIME_ENTRIES
from harvest_upsales.operators.order_store import order_memory
from harvest_upsales.operators.report import amount, folded, report, table
from harvest_upsales.operators.run_results import RunResults, task_states
from harvest_upsales.operators.staging import clear, staged
from harvest_upsales.operators.untold_totals import UntoldTotals

_AMOUNTS = ("Harvest", "Upsales", "drift", "projects")
_FAILED = frozenset({"failed", "upstream_failed"})


class ReconcileOperator(ServicesOperator):
    """Compare Harvest's uninvoiced amount with Upsales' value per project, and name every drift.

    Returns ``{"projects": [...], "totals": {currency: ...}, "drifts": n}``. Where the run wrote something, or a failed
    one before it did, the totals go to the outlet asset as extra; else the outlet gets no event. It always runs, and
    fails where a task before it failed, so that a run with a failure is never green.

    :param extract_task_id: the task of this run that read both sides; used again where the run wrote nothing since
    :param upsert_task_id: the mapped task that synced the projects
    :param settle_task_id: the mapped task that settled orders
    :param billing_task_id: the mapped task that waited for the billing app
    :param project_ids: the Harvest projects that the run was confined to; empty means all (templated)
    :param drift_threshold: drift per project up to which nobody needs to look, in units of its currency (templated)
    """

    template_fields: Sequence[str] = (*ServicesOperator.template_fields, "drift_threshold", "project_ids")
    reads = (TIME_ENTRIES, ORDERS)

    def __init__(
        self,
        *,
        extract_task_id: str = "extract_time",
        upsert_task_id: str = "upsert_opportunities",
        settle_task_id: str = "settle.mark_project_invoiced",
        billing_task_id: str = "settle.sync_billing",
        drift_threshold: str | Decimal = "0",
        project_ids: Sequence[int] | str | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("outlets", [opportunities_asset()])
        super().__init__(**kwargs)
        self.extract_task_id = extract_task_id
        self.upsert_task_id = upsert_task_id
        self.settle_task_id = settle_task_id
        self.billing_task_id = billing_task_id
        self.drift_threshold = drift_threshold
        self.project_ids = project_ids

    def execute(self, context: Context) -> dict[str, Any]:
        """Compare, report, and pass judgement on the run.

        :raises AirflowSkipException: the set-up was left out, as there are no settings yet
        :raises RunFailedError: a task of the run failed, or a drift is above the threshold
        """
        states = task_states(context)
        failed_tasks = _failed_tasks(states, self.task_id)
        if states.get(self.setup_task_id) == "skipped":
            msg = f"Nothing to compare, as {self.setup_task_id} was skipped"
            raise AirflowSkipException(msg)
        if not self.has_setup(context):
            raise RunFailedError(
                _verdict(failed_tasks, ()) or "Nothing was checked, so nothing can be compared."
            )
        ran = RunResults.read(
            context,
            extract=self.extract_task_id,
            upsert=self.upsert_task_id,
            settle=self.settle_task_id,
            billing=self.billing_task_id,
        )
        result = self._compare(context, ran)
        self._report(result)
        summary: dict[str, Any] = to_xcom(
            {"projects": result.lines, "totals": result.totals, "drifts": len(result.drifts)}
        )
        context["ti"].xcom_push(key=RETURNED_KEY, value=summary)
        if not self.is_dry_run:
            memory = order_memory(context, self.outlets)
            if memory is not None:
                memory.keep_listed(result.sides.order_ids)
            renew_board(
                context, outlet_assets(self), lambda before: self._board(context, ran, result, before)
            )
        verdict = _verdict(failed_tasks, () if self.is_dry_run else result.drifts)
        self._tell_asset(context, ran, summary["totals"], green=not verdict)
        # Where this is tried again, both services are asked again.
        clear(ran.overview)
        if verdict:
            raise RunFailedError(verdict)
        return summary

    def _compare(self, context: Context, ran: RunResults) -> Reconciliation:
        services = self.services(context, as_checked=False)
        try:
            return reconcile_run(
                services,
                None if ran.wrote else staged(ran.overview, Sides),
                failed=ran.failed,
                since=ran.began or services.now(),
                threshold=Decimal(self.drift_threshold),
                only=ids_of(self.project_ids),
                fixed_fees=ran.fixed_fees,
                told=ran.told,
            )
        finally:
            self.log_requests()

    def _board(
        self, context: Context, ran: RunResults, result: Reconciliation, before: Board | None
    ) -> Board:
        services = self.services(context, as_checked=False)
        facts = RunFacts(
            as_of=services.now() if ran.began is None else ran.began,
            run_id=str(context["dag_run"].run_id),
            lines={line.project_id: line for line in result.lines},
            harvest=result.sides.harvest,
            orders=result.sides.orders,
            whole=result.sides.whole,
            outcomes=ran.outcomes,
            idle=ran.idle,
            settled=ran.settled,
            held={**result.gone, **ran.held},
            billing=ran.billing,
            web=services.setup.web,
        )
        return next_board(before, facts)

    def _tell_asset(self, context: Context, ran: RunResults, totals: dict[str, Any], *, green: bool) -> None:
        """Give the outlets an event where opportunities were updated; after a failed task, the next green one does."""
        if self.is_dry_run:
            withhold(self)
            return
        untold = UntoldTotals(context, outlet_assets(self))
        if not green:
            if ran.wrote:
                untold.note()
        elif ran.wrote or untold.are_there:
            announce(self, context, {"totals": totals})
            untold.note_told()
        else:
            withhold(self)

    def _report(self, result: Reconciliation) -> None:
        told = [line for line in result.lines if line.state is not Balance.EQUAL]
        equal = [line for line in result.lines if line.state is Balance.EQUAL]
        report(self.log, f"{len(equal)} projects agree, {len(told)} to tell of", _rows(told))
        if equal:
            with folded(self.log, f"{len(equal)} projects that agree"):
                self.log.info("%s", _rows(equal))
        if result.totals:
            report(self.log, "Totals", _totals(result))


def _rows(lines: Sequence[ProjectBalance]) -> str:
    head = ("state", "project", "Harvest", "Upsales", "drift", "currency", "likely cause")
    rows = [
        (
            line.state,
            line.project,
            *map(amount, (line.harvest, line.upsales, line.drift)),
            line.currency,
            line.cause,
        )
        for line in lines
    ]
    return table(head, rows, right=_AMOUNTS)


def _totals(result: Reconciliation) -> str:
    rows = [
        (currency, *map(amount, (total.harvest, total.upsales, total.drift)), str(total.projects))
        for currency, total in result.totals.items()
    ]
    return table(("currency", "Harvest", "Upsales", "drift", "projects"), rows, right=_AMOUNTS)


def _failed_tasks(states: Mapping[str, str], own_task_id: str) -> list[str]:
    return sorted(name for name, state in states.items() if state in _FAILED and name != own_task_id)


def _verdict(failed_tasks: Sequence[str], drifts: Sequence[ProjectBalance]) -> str:
    """Why the run is not green, empty where it is."""
    parts = []
    if failed_tasks:
        parts.append(f"{len(failed_tasks)} tasks failed, their logs say why: {', '.join(failed_tasks)}.")
    if drifts:
        lines = "\n".join(
            f"  - {line.project} (project {line.project_id}): {line.state}, Harvest {line.harvest}, Upsales "
            f"{line.upsales} {line.currency}" + (f" ({line.cause})" if line.cause else "")
            for line in drifts
        )
        parts.append(f"{len(drifts)} projects differ:\n{lines}")
    return " ".join(parts)

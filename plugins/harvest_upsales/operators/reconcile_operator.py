"""``reconcile``: the run's last word."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from airflow.sdk import Asset
from airflow.sdk.definitions.context import Context

from harvest_upsales.domain.plan import Action
from harvest_upsales.domain.reconciliation import Balance, ProjectBalance
from harvest_upsales.errors import RunFailedError
from harvest_upsales.flows.overview import Sides
from harvest_upsales.flows.reconcile import Reconciliation, reconcile_run
from harvest_upsales.operators.base_operator import ServicesOperator, to_xcom
from harvest_upsales.operators.extract_time_operator import BEGAN_KEY, OVERVIEW_KEY, ids_of
from harvest_upsales.operators.report import table
from harvest_upsales.operators.staging import clear, staged

OPPORTUNITIES = Asset("harvest_upsales/opportunities")
_FAILED = frozenset({"failed", "upstream_failed"})
# A failed write may have taken effect.
_WRITES = frozenset({Action.CREATE, Action.UPDATE, Action.FAIL})


class ReconcileOperator(ServicesOperator):
    """Compare Harvest's uninvoiced amount with Upsales' value per project, and name every drift.

    Returns ``{"projects": [...], "totals": {currency: ...}, "drifts": n}``; the totals go to the outlet asset as
    extra. It always runs, and fails where a task before it failed, so that a run with a failure is never green.

    :param extract_task_id: the task of this run that read both sides; used again where the run wrote nothing since
    :param upsert_task_id: the mapped task that synced the projects
    :param settle_task_id: the mapped task that settled orders
    :param project_ids: the Harvest projects that the run was confined to; empty means all (templated)
    :param drift_threshold: drift per project up to which nobody needs to look, in units of its currency (templated)
    """

    template_fields: Sequence[str] = (*ServicesOperator.template_fields, "drift_threshold", "project_ids")

    def __init__(
        self,
        *,
        extract_task_id: str = "extract_time",
        upsert_task_id: str = "upsert_opportunities",
        settle_task_id: str = "settle.mark_project_invoiced",
        drift_threshold: str | Decimal = "0",
        project_ids: Sequence[int] | str | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("outlets", [OPPORTUNITIES])
        super().__init__(**kwargs)
        self.extract_task_id = extract_task_id
        self.upsert_task_id = upsert_task_id
        self.settle_task_id = settle_task_id
        self.drift_threshold = drift_threshold
        self.project_ids = project_ids

    def execute(self, context: Context) -> dict[str, Any]:
        """Compare, report, and pass judgement on the run.

        :raises RunFailedError: a task of the run failed, or a drift is above the threshold
        """
        failed_tasks = _failed_tasks(context, self.task_id)
        if not self.has_setup(context):
            raise RunFailedError(
                _verdict(failed_tasks, ()) or "Nothing was checked, so nothing can be compared."
            )
        ran = _Ran.of(context, self)
        result = self._compare(context, ran)
        self._report(result)
        summary: dict[str, Any] = to_xcom(
            {"projects": result.lines, "totals": result.totals, "drifts": len(result.drifts)}
        )
        _tell_asset(context, summary["totals"])
        context["ti"].xcom_push(key="return_value", value=summary)
        verdict = _verdict(failed_tasks, () if self.only_plans else result.drifts)
        if verdict:
            raise RunFailedError(verdict)
        clear(ran.overview)
        return summary

    def _compare(self, context: Context, ran: _Ran) -> Reconciliation:
        services = self.services(context)
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

    def _report(self, result: Reconciliation) -> None:
        rows = [_row(line) for line in result.lines if line.state is not Balance.EQUAL]
        equal = len(result.lines) - len(rows)
        head = ("state", "project", "Harvest", "Upsales", "drift", "likely cause")
        self.log.info("%d projects agree, %d to tell of\n%s", equal, len(rows), table(head, rows))
        for currency, total in result.totals.items():
            self.log.info(
                "%s: Harvest %s, Upsales %s, drift %s, %d projects",
                currency,
                total.harvest,
                total.upsales,
                total.drift,
                total.projects,
            )


@dataclass(frozen=True, slots=True)
class _Ran:
    """What the tasks before this one left.

    :param failed: reasons by project id
    :param fixed_fees: ids of the fixed-fee projects it took up
    :param told: why it left projects alone, by project id
    """

    overview: str
    began: dt.datetime | None
    wrote: bool
    failed: dict[int, str]
    fixed_fees: frozenset[int]
    told: dict[int, str]

    @classmethod
    def of(cls, context: Context, operator: ReconcileOperator) -> _Ran:
        pull = context["ti"].xcom_pull
        began = pull(task_ids=operator.extract_task_id, key=BEGAN_KEY)
        outcomes = _flat(pull(task_ids=operator.upsert_task_id))
        settled = _flat(pull(task_ids=operator.settle_task_id))
        return cls(
            overview=str(pull(task_ids=operator.extract_task_id, key=OVERVIEW_KEY) or ""),
            began=dt.datetime.fromisoformat(began) if began else None,
            wrote=bool(settled) or any(outcome["action"] in _WRITES for outcome in outcomes),
            failed=_reasons(outcomes, Action.FAIL),
            fixed_fees=frozenset(int(outcome["project_id"]) for outcome in outcomes if outcome["fixed_fee"]),
            told=_reasons(outcomes, Action.SKIP),
        )


def _reasons(outcomes: list[Mapping[str, Any]], action: Action) -> dict[int, str]:
    found = (outcome for outcome in outcomes if outcome["action"] == action)
    return {int(outcome["project_id"]): str(outcome["reason"]) for outcome in found}


def _row(line: ProjectBalance) -> tuple[str, ...]:
    amounts = (f"{amount} {line.currency}" for amount in (line.harvest, line.upsales, line.drift))
    return (line.state, line.project, *amounts, line.cause)


def _flat(found: Any) -> list[Mapping[str, Any]]:
    """Mapped tasks give a list of what each returned, where a failed one returned nothing."""
    if isinstance(found, Mapping):
        return [found]
    if found is None or isinstance(found, str):
        return []
    return [item for part in found for item in _flat(part)]


def _failed_tasks(context: Mapping[str, Any], own_task_id: str) -> list[str]:
    task_instance = context["ti"]
    run_id = context["dag_run"].run_id
    states = task_instance.get_task_states(dag_id=task_instance.dag_id, run_ids=[run_id]).get(run_id, {})
    return sorted(name for name, state in states.items() if state in _FAILED and name != own_task_id)


def _verdict(failed_tasks: Sequence[str], drifts: Sequence[ProjectBalance]) -> str:
    """Why the run is not green, empty where it is."""
    parts = []
    if failed_tasks:
        parts.append(f"{len(failed_tasks)} tasks failed, their logs say why: {', '.join(failed_tasks)}.")
    if drifts:
        lines = "\n".join(
            f"  - {line.project} (project {line.project_id}): {line.state}, Harvest {line.harvest}, Upsales "
            f"{line.upsales} {line.currency}"
            for line in drifts
        )
        parts.append(f"{len(drifts)} projects differ, and nothing known explains it:\n{lines}")
    return " ".join(parts)


def _tell_asset(context: Mapping[str, Any], totals: dict[str, Any]) -> None:
    events = context.get("outlet_events")
    if events is not None:
        events[OPPORTUNITIES].extra = {"totals": totals}

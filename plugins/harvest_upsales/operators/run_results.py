"""What the tasks of a run left for its last one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from airflow.sdk.definitions.context import Context

from harvest_upsales.domain.board import BillingResult
from harvest_upsales.domain.changes import IdleProject
from harvest_upsales.domain.outcome import Outcome, may_have_written
from harvest_upsales.domain.plan import Action
from harvest_upsales.domain.xcom_keys import (
    BEGAN_KEY,
    CLOSED_KEY,
    FAILURE_KEY,
    IDLE_KEY,
    OVERVIEW_KEY,
    RETURNED_KEY,
    UNDONE_KEY,
)
from harvest_upsales.operators.staging import place_of


@dataclass(frozen=True, slots=True)
class RunResults:
    """What the tasks before this one left.

    :param outcomes: of every opportunity that was looked at
    :param idle: projects that make no opportunity, or whose changed time makes none
    :param settled: orders that are settled up to the billing app
    :param held: why other orders are not
    :param billing: how the billing app answered, by order id
    :param undone: orders whose invoice was taken back
    :param closed: settled orders whose project was archived since
    """

    overview: str
    began: dt.datetime | None
    outcomes: list[Outcome]
    idle: dict[int, IdleProject]
    settled: frozenset[int]
    held: dict[int, str]
    billing: dict[int, BillingResult]
    undone: frozenset[int] = frozenset()
    closed: frozenset[int] = frozenset()

    @property
    def wrote(self) -> bool:
        """Whether the run wrote, or may have."""
        return may_have_written(self.outcomes, self.settled, self.held, self.undone, self.closed)

    @property
    def failed(self) -> dict[int, str]:
        """Reasons by project id."""
        return self._reasons(Action.FAIL)

    @property
    def told(self) -> dict[int, str]:
        """Why it left projects alone, by project id."""
        return self._reasons(Action.SKIP)

    @property
    def fixed_fees(self) -> frozenset[int]:
        """Ids of the fixed-fee projects it took up."""
        return frozenset(outcome.project_id for outcome in self.outcomes if outcome.fixed_fee)

    def _reasons(self, action: Action) -> dict[int, str]:
        return {outcome.project_id: outcome.reason for outcome in self.outcomes if outcome.action is action}

    @classmethod
    def read(cls, context: Context, *, extract: str, upsert: str, settle: str, billing: str) -> RunResults:
        """Pull it from XCom; a task that did not run left nothing.

        :param extract: id of the task that read both sides
        :param upsert: of the one that synced the projects
        :param settle: of the one that settled orders
        :param billing: of the one that waited for the billing app
        """

        def left(task_id: str, key: str = RETURNED_KEY) -> list[Mapping[str, Any]]:
            return _flat(context["ti"].xcom_pull(task_ids=task_id, key=key))

        began = context["ti"].xcom_pull(task_ids=extract, key=BEGAN_KEY)
        overview = context["ti"].xcom_pull(task_ids=extract, key=OVERVIEW_KEY)
        answers = [
            *(_billing_result(each, sent=True, detail=each["billing"]) for each in left(billing)),
            *(
                _billing_result(each, sent=False, detail=each["message"])
                for each in left(billing, FAILURE_KEY)
            ),
        ]
        idle = msgspec.convert(left(extract, IDLE_KEY), list[IdleProject], strict=False)
        return cls(
            overview=place_of(overview),
            began=dt.datetime.fromisoformat(began) if began else None,
            outcomes=msgspec.convert(left(upsert), list[Outcome], strict=False),
            idle={each.project_id: each for each in idle},
            settled=_order_ids(left(settle)),
            held={int(each["order_id"]): str(each["message"]) for each in left(settle, FAILURE_KEY)},
            billing={each.order_id: each for each in answers},
            undone=_order_ids(left(settle, UNDONE_KEY)),
            closed=_order_ids(left(settle, CLOSED_KEY)),
        )


def task_states(context: Mapping[str, Any]) -> Mapping[str, str]:
    """How each task of the run stands, by its id."""
    task_instance = context["ti"]
    run_id = context["dag_run"].run_id
    found: Mapping[str, Mapping[str, str]] = task_instance.get_task_states(
        dag_id=task_instance.dag_id, run_ids=[run_id]
    )
    return found.get(run_id, {})


def _flat(found: Any) -> list[Mapping[str, Any]]:
    """Mapped tasks give a list of what each returned, where a failed one returned nothing."""
    if isinstance(found, Mapping):
        return [found]
    if found is None or isinstance(found, str):
        return []
    return [item for part in found for item in _flat(part)]


def _order_ids(left: Iterable[Mapping[str, Any]]) -> frozenset[int]:
    return frozenset(int(each["order_id"]) for each in left)


def _billing_result(left: Mapping[str, Any], *, sent: bool, detail: object) -> BillingResult:
    return BillingResult(int(left["order_id"]), sent=sent, detail=str(detail))

"""What a run's tasks left in XCom, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import msgspec
from airflow.models.dagrun import DagRun
from airflow.models.xcom import XComModel
from airflow.sdk.execution_time.xcom import XCom
from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.orm import Session

from harvest_upsales.domain.outcome import Outcome
from harvest_upsales.domain.plan import Action, FieldChange
from harvest_upsales.domain.xcom_keys import CLOSED_KEY, FAILURE_KEY, RETURNED_KEY, UNDONE_KEY
from harvest_upsales.web.airflow_links import run_page
from harvest_upsales.web.plugin_dags import PluginDag


class PlannedChange(Struct, frozen=True):
    """What is done to one opportunity; one that stays as it is is left out."""

    project_id: int
    client: str
    project: str
    action: Action
    order_id: int | None
    hours: Decimal
    amount: Decimal
    currency: str
    reason: str
    changes: tuple[FieldChange, ...]


class PlannedSettlement(Struct, frozen=True):
    """What is done to one won order; ``done`` in the order of the steps."""

    order_id: int
    project: str = ""
    hours: Decimal = Decimal(0)
    amount: Decimal = Decimal(0)
    currency: str = ""
    invoice_id: int | None = None
    done: tuple[str, ...] = ()


class PlannedUndo(Struct, frozen=True):
    """The invoice of an order that was moved back is taken back; ``done`` in the order of the steps."""

    order_id: int
    project: str = ""
    amount: Decimal = Decimal(0)
    currency: str = ""
    done: tuple[str, ...] = ()


class PlannedClosing(Struct, frozen=True):
    """A project whose settled months are all that it had is archived after its end."""

    order_id: int
    project: str = ""
    done: tuple[str, ...] = ()


class PlanFailure(Struct, frozen=True):
    """What can't be done: a project or an order, or a whole task."""

    task: str
    reason: str
    client: str = ""
    project: str = ""
    project_id: int | None = None
    order_id: int | None = None


class PlanAnswer(Struct, frozen=True):
    """What a run did or would do. ``state`` is Airflow's: ``queued``, ``running``, ``success`` or ``failed``."""

    state: str
    outcomes: list[PlannedChange]
    settlements: list[PlannedSettlement]
    undos: list[PlannedUndo]
    closings: list[PlannedClosing]
    failures: list[PlanFailure]
    warnings: list[str]
    run_url: str


def read_plan(session: Session, dag: PluginDag, run_id: str) -> PlanAnswer | None:
    """Gather what a run's tasks returned so far, ``None`` where there is no such run."""
    state = session.scalar(select(DagRun.state).where(DagRun.dag_id == dag.dag_id, DagRun.run_id == run_id))
    if state is None:
        return None
    left = _Left(session, dag, run_id)
    outcomes = [
        (task_id, outcome)
        for task_id, returned in left.of("UpsertOpportunitiesOperator", RETURNED_KEY)
        for outcome in msgspec.convert(returned, list[Outcome], strict=False)
    ]
    settled = (returned for _, returned in left.of("MarkProjectInvoicedOperator", RETURNED_KEY))
    undone = (told for _, told in left.of("MarkProjectInvoicedOperator", UNDONE_KEY))
    closed = (told for _, told in left.of("MarkProjectInvoicedOperator", CLOSED_KEY))
    warnings = (returned.get("warnings", ()) for _, returned in left.of("CheckSetupOperator", RETURNED_KEY))
    return PlanAnswer(
        state=str(getattr(state, "value", state)),
        outcomes=[
            _change(outcome)
            for _, outcome in outcomes
            if outcome.action not in (Action.UNCHANGED, Action.FAIL)
        ],
        settlements=[msgspec.convert(each, PlannedSettlement, strict=False) for each in settled],
        undos=[msgspec.convert(each, PlannedUndo, strict=False) for each in undone],
        closings=[msgspec.convert(each, PlannedClosing, strict=False) for each in closed],
        failures=[*_failed_projects(outcomes), *_failed_tasks(left, dag)],
        warnings=[str(warning) for each in warnings for warning in each],
        run_url=run_page(dag.dag_id, run_id),
    )


class _Left:
    """One run's XComs."""

    def __init__(self, session: Session, dag: PluginDag, run_id: str) -> None:
        self._session, self._dag, self._run_id = session, dag, run_id

    def of(self, operator: str, key: str) -> Iterator[tuple[str, Any]]:
        """Task id and value of every instance of an operator's tasks, by map index."""
        rows = self._session.scalars(
            select(XComModel)
            .where(
                XComModel.dag_id == self._dag.dag_id,
                XComModel.run_id == self._run_id,
                XComModel.key == key,
                XComModel.task_id.in_(self._dag.task_ids(operator)),
            )
            .order_by(XComModel.task_id, XComModel.map_index)
        )
        for row in rows:
            value = XCom.deserialize_value(row)
            if value is not None:
                yield row.task_id, value


def _change(outcome: Outcome) -> PlannedChange:
    return PlannedChange(
        project_id=outcome.project_id,
        client=outcome.client,
        project=outcome.own_name,
        action=outcome.action,
        order_id=outcome.order_id,
        hours=outcome.hours,
        amount=outcome.amount,
        currency=outcome.currency,
        reason=outcome.reason,
        changes=outcome.changes,
    )


def _failed_projects(outcomes: list[tuple[str, Outcome]]) -> list[PlanFailure]:
    """Each failure with the task that left its outcome."""
    return [
        PlanFailure(
            task=task_id,
            reason=outcome.reason,
            client=outcome.client,
            project=outcome.own_name,
            project_id=outcome.project_id,
        )
        for task_id, outcome in outcomes
        if outcome.action is Action.FAIL
    ]


def _failed_tasks(left: _Left, dag: PluginDag) -> Iterator[PlanFailure]:
    """Failures that tasks have told of, with their own message; projects tell of theirs themselves."""
    for operator in dag.tasks:
        for task_id, told in left.of(operator, FAILURE_KEY):
            if isinstance(told, Mapping):
                yield PlanFailure(
                    task=task_id, reason=str(told.get("message", "")), order_id=told.get("order_id")
                )

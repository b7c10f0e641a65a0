"""What was done to one opportunity, in words for the log, the XCom and the reconciliation."""

from __future__ import annotations

import re

from harvest_upsales.domain.money import plain
from harvest_upsales.domain.opportunity import Desired
from harvest_upsales.domain.outcome import Outcome
from harvest_upsales.domain.plan import Action, Plan
from harvest_upsales.domain.uninvoiced_time import describe
from harvest_upsales.errors import HarvestUpsalesError, ProjectError, Recovery
from harvest_upsales.records.harvest_records import Project


def skipped(project: Project, reason: str) -> Outcome:
    """A project without an opportunity, and why."""
    return _of_project(project, Action.SKIP, reason)


def gone(project_id: int) -> Outcome:
    """A project that was deleted."""
    reason = "the project no longer exists in Harvest"
    return Outcome(project_id=project_id, project=f"project {project_id}", action=Action.SKIP, reason=reason)


def failed(project: Project | None, project_id: int, error: HarvestUpsalesError) -> Outcome:
    """A project that failed.

    :param project: ``None`` where it could not be read
    """
    if project is None:
        return Outcome(
            project_id=project_id, project=f"project {project_id}", action=Action.FAIL, reason=error.message
        )
    return _of_project(project, Action.FAIL, error.message)


def planned(desired: Desired, plan: Plan, order_id: int | None = None) -> Outcome:
    """What the plan does to the opportunity, done or in a dry run."""
    project = desired.project
    return Outcome(
        project_id=project.id,
        project=project.full_name,
        action=plan.action,
        key=str(desired.key),
        order_id=order_id,
        hours=plain(desired.time.hours),
        amount=desired.amount,
        currency=desired.currency,
        reason=plan.reason,
        changes=plan.changes,
        fixed_fee=project.is_fixed_fee,
        client=project.client.name,
        code=project.code or "",
        months=desired.amounts_by_month,
    )


def not_tried(project_id: int) -> HarvestUpsalesError:
    """The failure of a project that was not reached any more."""
    error = ProjectError(
        f"Project {project_id}: not tried, the service failed several times in a row. A retry takes it up."
    )
    error.recovery = Recovery.WAIT_AND_RETRY
    return error


def naming_project(
    error: HarvestUpsalesError, project: Project | None, project_id: int
) -> HarvestUpsalesError:
    """The same failure, naming its project and keeping its recovery."""
    if re.search(rf"\bProject {project_id}\b", error.message) is not None:
        return error
    name = f"Project {project_id}" if project is None else describe(project)
    named = ProjectError(f"{name}: {error.message}")
    named.recovery = error.recovery
    named.__cause__ = error
    return named


def _of_project(project: Project, action: Action, reason: str) -> Outcome:
    return Outcome(
        project_id=project.id,
        project=project.full_name,
        action=action,
        currency=project.client.currency,
        reason=reason,
        client=project.client.name,
        code=project.code or "",
    )

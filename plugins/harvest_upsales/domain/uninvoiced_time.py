"""Which time counts, and which projects are billed at all."""

from __future__ import annotations

from harvest_upsales.records.harvest_records import BillBy, Project, TimeEntry


def counts(entry: TimeEntry, *, approved_only: bool) -> bool:
    """Whether an entry is part of its project's opportunity; ``approved_only`` wants Harvest's approval too."""
    return why_not_counted(entry, approved_only=approved_only) is None


def why_not_counted(entry: TimeEntry, *, approved_only: bool) -> str | None:
    """The rule: what is billable, not billed and not running counts. Why an entry does not, or ``None``."""
    if not entry.billable:
        return "not billable"
    if entry.is_billed:
        return "billed already"
    if entry.is_running:
        return "a running timer"
    return "not approved" if approved_only and not entry.is_closed else None


def why_not_billed(project: Project) -> str | None:
    """Why a project gets no opportunity at all, or ``None`` where it may have one."""
    if not project.is_billable:
        return "the project is not billable"
    if project.bill_by == BillBy.NONE and not project.is_fixed_fee:
        return "the project is billed by none"
    return None


def describe(project: Project) -> str:
    """How messages name a project."""
    return f"Project {project.id} ({project.full_name})"

"""Time entries: how one is made, priced, rounded and locked."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING, Final

from sandbox.jsonio import Amount, Record, exact, exact_or_none

if TYPE_CHECKING:
    from sandbox.harvest.account import HarvestAccount

FROM_PROJECT: Final = "from the project's pricing"
Rate = Amount | None


def new_entry(
    account: HarvestAccount, project_id: int, spent_date: str, hours: Amount, *, rounded_hours: Amount | None,
    rate: Rate, billable: bool, notes: str, user: int | None, task: int | None, is_running: bool,
    is_closed: bool,
) -> Record:  # fmt: skip
    """The record of a new time entry, priced by its project and locked where it must be."""
    project = account.projects[project_id]
    person = account.users[user] if user else account.me
    work = account.tasks[task] if task else next(iter(account.tasks.values()))
    now, tracked = account.clock.harvest_stamp(), exact(hours)
    entry: Record = {
        "id": account.next_id("time_entry"),
        "spent_date": spent_date,
        "user": {"id": person["id"], "name": f"{person['first_name']} {person['last_name']}"},
        "client": {"id": project["client"]["id"], "name": project["client"]["name"]},
        "project": {"id": project["id"], "name": project["name"], "code": project["code"]},
        "task": {"id": work["id"], "name": work["name"]},
        "user_assignment": None, "task_assignment": None, "external_reference": None, "invoice": None,
        "hours": tracked, "hours_without_timer": tracked,
        "rounded_hours": round_up(tracked,
        account.rounding_minutes) if rounded_hours is None else exact(rounded_hours),
        "notes": notes, "is_locked": False, "locked_reason": None, "is_closed": is_closed, "is_billed": False,
        "approval_status": "approved" if is_closed else "unsubmitted",
        "timer_started_at": now if is_running else None, "started_time": None, "ended_time": None,
        "is_running": is_running,
        "billable": billable and project["is_billable"],
        "budgeted": False, "billable_rate": None, "cost_rate": None, "created_at": now, "updated_at": now,
    }  # fmt: skip
    if entry["billable"]:
        entry["billable_rate"] = _rate(project, person, work) if rate == FROM_PROJECT else exact_or_none(rate)
    relock(entry)
    return entry


def _rate(project: Record, person: Record, task: Record) -> Decimal | None:
    """The rate that the project's pricing gives this person's work on this task."""
    source = {
        "Project": project["hourly_rate"],
        "Tasks": task["default_hourly_rate"],
        "People": person["default_hourly_rate"],
    }.get(project["bill_by"])
    return exact_or_none(source)


def round_up(hours: Decimal, minutes: int) -> Decimal:
    """Hours rounded up to whole multiples of ``minutes``; 0 = as they are."""
    if not minutes:
        return hours
    step = Decimal(minutes) / 60
    return exact((hours / step).to_integral_value(ROUND_CEILING) * step)


def relock(entry: Record) -> None:
    """Set ``is_locked`` and its reason from what happened to the entry."""
    states = [name for name, key in (("Invoiced", "is_billed"), ("Approved", "is_closed")) if entry[key]]
    entry["is_locked"] = bool(states)
    entry["locked_reason"] = (
        f"Item {' and '.join([*states, 'Locked'])} for this Time Period" if states else None
    )


def is_uninvoiced(entry: Record) -> bool:
    """Billable, not billed, not running: what an invoice would take."""
    return bool(entry["billable"] and not entry["is_billed"] and not entry["is_running"])

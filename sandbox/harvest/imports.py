"""Line items imported from tracked time and expenses: importing bills and locks what it takes."""

from dataclasses import dataclass, field
from decimal import Decimal

from sandbox.harvest.account import HarvestAccount
from sandbox.harvest.strictness import as_date, as_id, check_fields, refuse
from sandbox.harvest.timesheet import is_uninvoiced, relock
from sandbox.jsonio import Record, exact, rounded
from sandbox.web import Call

TIME_SUMMARIES = ("project", "task", "people", "detailed")
EXPENSE_SUMMARIES = ("project", "category", "people", "detailed")


@dataclass
class Import:
    """What an invoice takes: records still unmarked, and the lines they make."""

    entries: list[Record] = field(default_factory=list)
    expenses: list[Record] = field(default_factory=list)
    lines: list[Record] = field(default_factory=list)
    period: tuple[str | None, str | None] = (None, None)


def read_import(call: Call, client_id: int, wish: object) -> Import:
    """:raises Refusal: not this client's projects, a running timer, a fixed fee, or nothing to import."""
    if not isinstance(wish, dict):
        refuse("line_items_import is invalid")
    check_fields(call, wish, ("project_ids", "time", "expenses"))
    projects = _projects(call, client_id, wish.get("project_ids"))
    found, account = Import(), call.world.harvest
    if (time := wish.get("time")) is not None:
        kind = _summary(call, time, TIME_SUMMARIES, ("summary_type", "from", "to"))
        found.period = _range(time)
        for project in projects:
            _take_time(account, project, kind, found)
    if (expenses := wish.get("expenses")) is not None:
        _summary(call, expenses, EXPENSE_SUMMARIES, ("summary_type", "from", "to", "attach_receipt"))
        for project in projects:
            _take_expenses(account, project, _range(expenses), found)
    if not found.lines:
        refuse("There is no uninvoiced time or expense to import")
    if found.period == (None, None) and found.entries:
        dates = [entry["spent_date"] for entry in found.entries]
        found.period = (min(dates), max(dates))
    return found


def _projects(call: Call, client_id: int, ids: object) -> list[Record]:
    if not isinstance(ids, list) or not ids:
        refuse("line_items_import.project_ids can't be blank")
    projects = []
    for project_id in dict.fromkeys(ids):
        project = call.world.harvest.projects.get(as_id("project_ids", project_id))
        if project is None or project["client"]["id"] != client_id:
            refuse(f"Project {project_id} does not belong to this client")
        if project["is_fixed_fee"]:
            refuse(f"Project {project_id} has a fixed fee: its time can't be imported")
        if call.world.harvest.has_running_timer(project["id"]):
            refuse(f"Project {project_id} has a running timer: stop it before invoicing")
        projects.append(project)
    return projects


def _summary(call: Call, wish: object, kinds: tuple[str, ...], fields: tuple[str, ...]) -> str:
    if not isinstance(wish, dict):
        refuse("line_items_import is invalid")
    check_fields(call, wish, fields)
    kind = wish.get("summary_type")
    if kind not in kinds:
        refuse(f"summary_type must be one of {', '.join(kinds)}")
    return str(kind)


def _range(wish: Record) -> tuple[str | None, str | None]:
    first, last = wish.get("from"), wish.get("to")
    if (first is None) != (last is None):
        refuse("from and to must be given together")
    return (None, None) if first is None else (as_date("from", first), as_date("to", last))


def _within(record: Record, period: tuple[str | None, str | None]) -> bool:
    first, last = period
    return first is None or last is None or first <= record["spent_date"] <= last


def _take_time(account: HarvestAccount, project: Record, kind: str, found: Import) -> None:
    """One line per group of the summary and distinct rate."""
    groups: dict[tuple[object, Decimal], list[Record]] = {}
    for entry in account.entries_of(project["id"]):
        if is_uninvoiced(entry) and _within(entry, found.period):
            rate = entry["billable_rate"] or Decimal(0)
            groups.setdefault((_group(entry, kind), rate), []).append(entry)
    for (label, rate), entries in groups.items():
        hours = exact(sum((entry["rounded_hours"] for entry in entries), Decimal(0)))
        found.lines.append(line_item(account, project, f"{project['name']}: {label}", hours, rate))
        found.entries += entries


def _group(entry: Record, kind: str) -> str:
    """The group of the summary that the entry belongs to."""
    labels: dict[str, str] = {
        "project": "time",
        "task": entry["task"]["name"],
        "people": entry["user"]["name"],
        "detailed": f"{entry['spent_date']} #{entry['id']} {entry['notes']}".strip(),
    }
    return labels[kind]


def _take_expenses(
    account: HarvestAccount, project: Record, period: tuple[str | None, str | None], found: Import
) -> None:
    for expense in account.expenses.values():
        if expense["project_id"] == project["id"] and not expense["is_billed"] and _within(expense, period):
            text = f"{project['name']}: {expense['notes']}"
            found.lines.append(
                line_item(account, project, text, Decimal(1), expense["total_cost"], "Product")
            )
            found.expenses.append(expense)


def line_item(
    account: HarvestAccount, project: Record | None, description: str, quantity: Decimal, unit_price: Decimal,
    kind: str = "Service", taxed: bool = False, taxed2: bool = False,
) -> Record:  # fmt: skip
    brief = project and {key: project[key] for key in ("id", "name", "code")}
    return {
        "id": account.next_id("line_item"), "kind": kind, "description": description,
        "quantity": exact(quantity),
        "unit_price": exact(unit_price), "amount": rounded(quantity * unit_price), "taxed": taxed,
        "taxed2": taxed2,
        "project": brief,
    }  # fmt: skip


def bill(account: HarvestAccount, records: list[Record], invoice: Record | None) -> None:
    """Mark time and expenses as invoiced by ``invoice``; None frees them again."""
    for record in records:
        record["is_billed"] = invoice is not None
        record["invoice"] = invoice and {"id": invoice["id"], "number": invoice["number"]}
        if "is_locked" in record:
            relock(record)
        if account.invoicing_bumps_updated_at:
            account.touch(record)

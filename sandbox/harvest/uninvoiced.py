"""The uninvoiced report: per project, what an invoice could still bill."""

from collections import defaultdict
from datetime import date
from decimal import Decimal

from sandbox.harvest.account import HarvestAccount
from sandbox.harvest.listing import PAGING, by_page
from sandbox.harvest.strictness import as_bool, as_date, query_of, refuse
from sandbox.harvest.timesheet import is_uninvoiced
from sandbox.jsonio import Record, exact, rounded
from sandbox.web import Answer, Call, Route

LONGEST_DAYS = 365


def uninvoiced_report(call: Call) -> Answer:
    query = query_of(call, ("from", "to", "include_fixed_fee", *PAGING))
    for name in ("from", "to"):
        if name not in query:
            refuse(f"{name} is required", 400)
    first, last = as_date("from", query["from"]), as_date("to", query["to"])
    days = (date.fromisoformat(last) - date.fromisoformat(first)).days + 1
    if days > LONGEST_DAYS:
        refuse("Invalid timeframe: must not exceed 1 year", 400)
    if days < 1:
        refuse("Invalid timeframe: from is after to", 400)
    with_fixed_fee = as_bool("include_fixed_fee", query.get("include_fixed_fee", "true"))
    account = call.world.harvest
    tracked = _tracked(account, first, last)
    results = [
        line
        for project in account.projects.values()
        if project["is_billable"]
        and (with_fixed_fee or not project["is_fixed_fee"])
        and (line := report_line(account, project, tracked[project["id"]], first, last)) is not None
    ]
    return by_page(call, query, "results", results)


def _tracked(account: HarvestAccount, first: str, last: str) -> defaultdict[int, list[Record]]:
    """The range's entries by project."""
    entries: defaultdict[int, list[Record]] = defaultdict(list)
    for entry in account.time_entries.values():
        if first <= entry["spent_date"] <= last:
            entries[entry["project"]["id"]].append(entry)
    return entries


def report_line(
    account: HarvestAccount, project: Record, entries: list[Record], first: str, last: str
) -> Record | None:
    """The project's line.

    :param entries: the project's time in the range.
    :returns: None where nothing happened in the range.
    """
    expenses = [
        expense
        for expense in account.expenses.values()
        if expense["project_id"] == project["id"] and first <= expense["spent_date"] <= last
    ]
    fee = _fee_left(account, project, last) if project["is_fixed_fee"] else Decimal(0)
    if not entries and not expenses and not fee:
        return None
    left = [entry for entry in entries if is_uninvoiced(entry)]
    spent = sum((e["total_cost"] for e in expenses if not e["is_billed"]), Decimal(0))
    worth = fee if project["is_fixed_fee"] else amount_of(left)
    return {
        "client_id": project["client"]["id"], "client_name": project["client"]["name"],
        "project_id": project["id"], "project_name": project["name"],
        "currency": project["client"]["currency"],
        "total_hours": exact(sum((e["rounded_hours"] for e in entries), Decimal(0))),
        "uninvoiced_hours": exact(sum((e["rounded_hours"] for e in left), Decimal(0))),
        "uninvoiced_expenses": rounded(spent),
        "uninvoiced_amount": None if account.hide_rates else rounded(worth + spent),
    }  # fmt: skip


def amount_of(entries: list[Record]) -> Decimal:
    """The exact sum of hours × rate; an entry without a rate is worth nothing."""
    return sum((e["rounded_hours"] * (e["billable_rate"] or 0) for e in entries), Decimal(0))


def invoiced_on(account: HarvestAccount, project_id: int) -> Decimal:
    """What the invoices' lines already charge for the project."""
    return sum(
        (
            line["amount"]
            for invoice in account.invoices.values()
            for line in invoice["line_items"]
            if line["project"] and line["project"]["id"] == project_id
        ),
        Decimal(0),
    )


def _fee_left(account: HarvestAccount, project: Record, last: str) -> Decimal:
    """The fee less what is invoiced, once the range reaches the project's start."""
    start = project["starts_on"] or project["created_at"][:10]
    if last < start:
        return Decimal(0)
    return max(Decimal(0), (project["fee"] or Decimal(0)) - invoiced_on(account, project["id"]))


ROUTES: list[Route] = [("GET", "/reports/uninvoiced", uninvoiced_report)]

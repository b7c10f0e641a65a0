"""One Harvest account: its records as the API emits them, and the ways in which people change them."""

import threading
from collections.abc import Iterable
from datetime import date
from itertools import count
from typing import Any

from sandbox.clock import Clock, locked
from sandbox.credentials import HARVEST_ACCOUNT_ID
from sandbox.harvest.listing import MAX_PER_PAGE, Paging
from sandbox.harvest.time_entries import TimeEntries
from sandbox.harvest.timesheet import FROM_PROJECT, Rate, new_entry, relock, round_up
from sandbox.jsonio import Amount, Record, exact, exact_or_none

FIRST_IDS = {
    "client": 5735774, "contact": 4706479, "user": 1782884, "project": 14307913, "task": 8083365,
    "time_entry": 636708574, "invoice": 13150378, "line_item": 53341450, "message": 27835207,
    "expense": 15296442,
}  # fmt: skip

COMPANY: Record = {
    "name": "Nordlys Konsult AB", "is_active": True, "week_start_day": "Monday",
    "wants_timestamp_timers": False,
    "time_format": "decimal", "date_format": "%Y-%m-%d", "plan_type": "simple-v4", "clock": "24h",
    "currency_code_display": "iso_code_after", "currency_symbol_display": "symbol_none",
    "decimal_symbol": ",",
    "thousands_separator": " ", "color_scheme": "blue", "weekly_capacity": 144000, "expense_feature": True,
    "invoice_feature": True, "estimate_feature": True, "approval_feature": True, "team_feature": True,
}  # fmt: skip


class HarvestAccount:
    """All state of the account; each dict maps an id to the record.

    Switches: ``hide_rates`` (the token's owner may not see rates), ``invoicing_bumps_updated_at``,
    ``rounding_minutes`` (0 = off; else each entry's hours are rounded up to so many minutes), ``paging`` (``mixed``:
    time by cursor, the rest by number; ``numbers`` or ``cursors``: all of it), ``most_per_page`` (pages are cut to
    so many records, whatever was asked for).
    """

    def __init__(self, clock: Clock, lock: threading.RLock) -> None:
        self.clock, self.lock = clock, lock
        self.account_id = HARVEST_ACCOUNT_ID
        self.hide_rates = False
        self.invoicing_bumps_updated_at = False
        self.rounding_minutes = 0
        self.paging: Paging = "mixed"
        self.most_per_page = MAX_PER_PAGE
        self.company: Record = dict(COMPANY)
        self.users: dict[int, Record] = {}
        self.clients: dict[int, Record] = {}
        self.contacts: dict[int, Record] = {}
        self.tasks: dict[int, Record] = {}
        self.projects: dict[int, Record] = {}
        self.time_entries = TimeEntries()
        self.expenses: dict[int, Record] = {}
        self.invoices: dict[int, Record] = {}
        self.messages: dict[int, Record] = {}
        self.emails: list[Record] = []
        self.next_invoice_number = 1001
        self._ids = {kind: count(first) for kind, first in FIRST_IDS.items()}

    def next_id(self, kind: str) -> int:
        return next(self._ids[kind])

    @property
    def me(self) -> Record:
        """The user whom the token belongs to: the first one added."""
        return next(iter(self.users.values()))

    def _stamps(self) -> Record:
        now = self.clock.harvest_stamp()
        return {"created_at": now, "updated_at": now}

    def touch(self, record: Record) -> None:
        record["updated_at"] = self.clock.harvest_stamp()

    @locked
    def add_user(
        self, first_name: str, last_name: str, email: str, *, hourly_rate: Amount | None = None,
        access_roles: Iterable[str] = ("member",), **kw: Any,
    ) -> int:  # fmt: skip
        user = {
            "id": self.next_id("user"), "first_name": first_name, "last_name": last_name, "email": email,
            "telephone": "", "timezone": "Stockholm", "has_access_to_all_future_projects": False,
            "is_contractor": False, "is_active": True, "weekly_capacity": 144000,
            "default_hourly_rate": exact_or_none(hourly_rate), "cost_rate": None, "roles": [],
            "access_roles": list(access_roles), "avatar_url": "", **self._stamps(), **kw,
        }  # fmt: skip
        self.users[user["id"]] = user
        return int(user["id"])

    @locked
    def add_task(self, name: str, *, hourly_rate: Amount | None = None, billable: bool = True) -> int:
        task = {
            "id": self.next_id("task"), "name": name, "billable_by_default": billable, "is_active": True,
            "default_hourly_rate": exact_or_none(hourly_rate), "is_default": True, **self._stamps(),
        }  # fmt: skip
        self.tasks[task["id"]] = task
        return int(task["id"])

    @locked
    def add_client(self, name: str, currency: str = "SEK", **kw: Any) -> int:
        client = {
            "id": self.next_id("client"), "name": name, "is_active": True, "address": None,
            "statement_key": "0a39d3e33c8058cf7c3f8097d854c64e", "currency": currency, **self._stamps(), **kw,
        }  # fmt: skip
        self.clients[client["id"]] = client
        return int(client["id"])

    @locked
    def add_contact(self, client_id: int, first_name: str, last_name: str, email: str) -> int:
        client = self.clients[client_id]
        contact = {
            "id": self.next_id("contact"), "title": None, "first_name": first_name, "last_name": last_name,
            "email": email, "phone_office": "", "phone_mobile": "", "fax": "",
            "client": {"id": client["id"], "name": client["name"]}, **self._stamps(),
        }  # fmt: skip
        self.contacts[contact["id"]] = contact
        return int(contact["id"])

    @locked
    def add_project(
        self, client_id: int, name: str, *, code: str | None = None, bill_by: str = "Project",
        is_billable: bool = True, is_fixed_fee: bool = False, fee: Amount | None = None,
        hourly_rate: Amount | None = None, starts_on: date | str | None = None,
        ends_on: date | str | None = None,
        is_active: bool = True, **kw: Any,
    ) -> int:  # fmt: skip
        """:param bill_by: ``Project`` (``hourly_rate``), ``Tasks``, ``People`` or ``none``."""
        client = self.clients[client_id]
        project = {
            "id": self.next_id("project"), "name": name, "code": code, "is_active": is_active,
            "bill_by": bill_by,
            "budget": None, "budget_by": "none", "budget_is_monthly": False, "notify_when_over_budget": False,
            "over_budget_notification_percentage": 80, "over_budget_notification_date": None,
            "show_budget_to_all": False, **self._stamps(), "starts_on": _text(starts_on),
            "ends_on": _text(ends_on),
            "is_billable": is_billable, "is_fixed_fee": is_fixed_fee, "notes": "",
            "client": {"id": client["id"], "name": client["name"], "currency": client["currency"]},
            "cost_budget": None, "cost_budget_include_expenses": False,
            "hourly_rate": exact_or_none(hourly_rate), "fee": exact_or_none(fee), **kw,
        }  # fmt: skip
        self.projects[project["id"]] = project
        return int(project["id"])

    @locked
    def add_expense(
        self, project_id: int, spent_date: date | str, total_cost: Amount, notes: str = ""
    ) -> int:
        """A billable expense that is not billed yet."""
        expense = {
            "id": self.next_id("expense"), "project_id": project_id, "spent_date": str(spent_date),
            "total_cost": exact(total_cost), "notes": notes, "is_billed": False, "invoice": None,
            **self._stamps(),
        }  # fmt: skip
        self.expenses[expense["id"]] = expense
        return int(expense["id"])

    @locked
    def add_time(
        self, project_id: int, spent_date: date | str, hours: Amount, *, rounded_hours: Amount | None = None,
        rate: Rate = FROM_PROJECT, billable: bool = True, notes: str = "", user: int | None = None,
        task: int | None = None, is_running: bool = False, is_closed: bool = False, **kw: Any,
    ) -> int:  # fmt: skip
        """:param rate: without it the rate follows from the project's pricing; None = no rate."""
        entry = new_entry(
            self, project_id, str(spent_date), hours, rounded_hours=rounded_hours, rate=rate,
            billable=billable,
            notes=notes, user=user, task=task, is_running=is_running, is_closed=is_closed,
        )  # fmt: skip
        entry.update(kw)
        self.time_entries[entry["id"]] = entry
        return int(entry["id"])

    @locked
    def edit_time(self, entry_id: int, **changes: Any) -> None:
        """:param changes: fields of the entry; also ``rate`` and ``project_id``. Hours are rounded again."""
        entry = self.time_entries[entry_id]
        if "hours" in changes:
            entry["hours"] = entry["hours_without_timer"] = exact(changes.pop("hours"))
            entry["rounded_hours"] = round_up(entry["hours"], self.rounding_minutes)
        for name in ("rounded_hours", "rate", "billable_rate"):
            if name in changes:
                entry["billable_rate" if name == "rate" else name] = exact_or_none(changes.pop(name))
        if "project_id" in changes:
            project = self.projects[changes.pop("project_id")]
            entry["project"] = {"id": project["id"], "name": project["name"], "code": project["code"]}
            entry["client"] = {key: project["client"][key] for key in ("id", "name")}
            self.time_entries[entry_id] = entry
        if "spent_date" in changes:
            entry["spent_date"] = str(changes.pop("spent_date"))
        if unknown := set(changes) - set(entry):
            raise KeyError(f"a time entry has no {sorted(unknown)}")
        entry.update(changes)
        relock(entry)
        if "updated_at" not in changes:
            self.touch(entry)

    @locked
    def delete_time(self, entry_id: int) -> None:
        del self.time_entries[entry_id]

    @locked
    def stop_timer(self, entry_id: int) -> None:
        self.edit_time(entry_id, is_running=False, timer_started_at=None)

    def entries_of(self, project_id: int) -> list[Record]:
        return self.time_entries.of_project(project_id)

    def has_running_timer(self, project_id: int) -> bool:
        return any(entry["is_running"] for entry in self.entries_of(project_id))


def _text(day: date | str | None) -> str | None:
    return None if day is None else str(day)

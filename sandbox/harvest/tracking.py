"""Harvest's /time_entries."""

from collections.abc import Callable
from datetime import date

from sandbox.harvest.listing import CURSOR_PAGING, by_cursor
from sandbox.harvest.strictness import (
    as_bool,
    as_date,
    as_id,
    as_moment,
    body_of,
    not_found,
    query_of,
    refuse,
)
from sandbox.jsonio import Record, is_number
from sandbox.web import Answer, Call, Route

FILTERS = (
    "user_id", "client_id", "project_id", "task_id", "external_reference_id", "is_billed", "is_running",
    "updated_since", "from", "to", "approval_status",
)  # fmt: skip
APPROVAL_STATUSES = ("unsubmitted", "submitted", "approved")
EDITABLE = (
    "project_id", "task_id", "spent_date", "started_time", "ended_time", "hours", "notes",
    "external_reference",
)  # fmt: skip
Test = Callable[[Record], bool]


def list_time(call: Call) -> Answer:
    query = query_of(call, (*FILTERS, *CURSOR_PAGING))
    account = call.world.harvest
    # By project first, and one filter after the other, as most leave little: large accounts take long otherwise.
    entries = (
        account.entries_of(as_id("project_id", query["project_id"]))
        if "project_id" in query
        else list(account.time_entries.values())
    )
    for name in FILTERS:
        if name in query:
            entries = list(filter(_test(name, query[name]), entries))
    entries.sort(key=_newest_first)
    if account.hide_rates:
        entries = [{**entry, "billable_rate": None, "cost_rate": None} for entry in entries]
    return by_cursor(call, query, "time_entries", entries, _newest_first)


def _newest_first(entry: Record) -> tuple[int, int]:
    return -date.fromisoformat(entry["spent_date"]).toordinal(), -entry["id"]


def _test(name: str, text: str) -> Test:
    """The filter as a test of one entry."""
    if name.endswith("_id") and name != "external_reference_id":
        wanted, holder = as_id(name, text), name.removesuffix("_id")
        return lambda entry: entry[holder]["id"] == wanted
    if name in ("is_billed", "is_running"):
        flag = as_bool(name, text)
        return lambda entry: entry[name] is flag
    if name == "updated_since":
        since = as_moment(name, text)
        return lambda entry: as_moment(name, entry["updated_at"]) >= since
    if name == "from":
        first = as_date(name, text)
        return lambda entry: bool(entry["spent_date"] >= first)
    if name == "to":
        last = as_date(name, text)
        return lambda entry: bool(entry["spent_date"] <= last)
    if name == "approval_status":
        if text not in APPROVAL_STATUSES:
            refuse("approval_status is invalid")
        return lambda entry: bool(entry["approval_status"] == text)
    return lambda entry: str((entry["external_reference"] or {}).get("id")) == text


def post_time(call: Call) -> Answer:
    body = body_of(call, (*EDITABLE, "user_id"), ("project_id", "task_id", "spent_date"))
    account = call.world.harvest
    _open_project(call, body["project_id"])
    if as_id("task_id", body["task_id"]) not in account.tasks:
        refuse("task_id is invalid")
    user = as_id("user_id", body.get("user_id", account.me["id"]))
    if user not in account.users:
        refuse("user_id is invalid")
    hours = body.get("hours")
    if hours is not None and not is_number(hours):
        refuse("hours is invalid")
    entry_id = account.add_time(
        body["project_id"], as_date("spent_date", body["spent_date"]), hours or 0, user=user,
        task=body["task_id"],
        notes=body.get("notes") or "", is_running=hours is None and "started_time" not in body,
        **{name: body[name] for name in ("external_reference", "started_time", "ended_time") if name in body},
    )  # fmt: skip
    return Answer(201, account.time_entries[entry_id])


def patch_time(call: Call) -> Answer:
    entry = _unlocked(call)
    body = body_of(call, EDITABLE)
    if "project_id" in body:
        _open_project(call, body["project_id"])
    if "hours" in body and not is_number(body["hours"]):
        refuse("hours is invalid")
    if "spent_date" in body:
        body["spent_date"] = as_date("spent_date", body["spent_date"])
    if "task_id" in body:
        task = call.world.harvest.tasks.get(as_id("task_id", body.pop("task_id")))
        if task is None:
            refuse("task_id is invalid")
        body["task"] = {"id": task["id"], "name": task["name"]}
    call.world.harvest.edit_time(entry["id"], **body)
    return Answer(200, entry)


def delete_time(call: Call) -> Answer:
    call.world.harvest.delete_time(_unlocked(call)["id"])
    return Answer(200, None)


def stop_time(call: Call) -> Answer:
    entry = _entry(call)
    if not entry["is_running"]:
        refuse("Time entry is not running")
    call.world.harvest.stop_timer(entry["id"])
    return Answer(200, entry)


def _entry(call: Call) -> Record:
    text = call.params["id"]
    entry = call.world.harvest.time_entries.get(int(text)) if text.isascii() and text.isdigit() else None
    if entry is None:
        not_found()
    return entry


def _unlocked(call: Call) -> Record:
    """The entry, if people may still change it."""
    entry = _entry(call)
    if entry["is_locked"]:
        refuse(f"Time entry is locked: {entry['locked_reason']}")
    _open_project(call, entry["project"]["id"])
    return entry


def _open_project(call: Call, project_id: object) -> None:
    project = call.world.harvest.projects.get(as_id("project_id", project_id))
    if project is None:
        refuse("project_id is invalid")
    if not project["is_active"]:
        refuse("Project is archived: no time can be tracked on it")


ROUTES: list[Route] = [
    ("GET", "/time_entries", list_time),
    ("POST", "/time_entries", post_time),
    ("PATCH", "/time_entries/{id}", patch_time),
    ("DELETE", "/time_entries/{id}", delete_time),
    ("PATCH", "/time_entries/{id}/stop", stop_time),
]

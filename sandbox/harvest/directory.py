"""Harvest's company, people, clients, contacts and projects."""

from urllib.parse import urlsplit

from sandbox.harvest.listing import CURSOR_PAGING, PAGING, by_page
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
from sandbox.jsonio import Record, exact, is_number
from sandbox.web import Answer, Call, Refusal, Route

TEXT_FIELDS = ("name", "code", "notes", "bill_by", "budget_by")
BOOLEAN_FIELDS = (
    "is_active", "is_billable", "is_fixed_fee", "budget_is_monthly", "notify_when_over_budget",
    "show_budget_to_all", "cost_budget_include_expenses",
)  # fmt: skip
NUMBER_FIELDS = ("hourly_rate", "budget", "over_budget_notification_percentage", "cost_budget", "fee")
DATE_FIELDS = ("starts_on", "ends_on")
PROJECT_FIELDS = (*TEXT_FIELDS, *BOOLEAN_FIELDS, *NUMBER_FIELDS, *DATE_FIELDS, "client_id")


def company(call: Call) -> Answer:
    query_of(call, ())
    if "administrator" not in call.world.harvest.me["access_roles"]:
        raise Refusal(403, {"message": "You don't have permission to see the company"})
    # The web app is where the API is, so that links to it lead somewhere: see sandbox/pages.py.
    address = urlsplit(call.base_url)
    here = {"base_uri": f"{address.scheme}://{address.netloc}", "full_domain": address.netloc}
    return Answer(200, {**call.world.harvest.company, **here})


def me(call: Call) -> Answer:
    query_of(call, ())
    return Answer(200, call.world.harvest.me)


def list_clients(call: Call) -> Answer:
    query = query_of(call, ("is_active", "updated_since", *PAGING))
    return by_page(call, query, "clients", _chosen(list(call.world.harvest.clients.values()), query))


def list_contacts(call: Call) -> Answer:
    query = query_of(call, ("client_id", "updated_since", *PAGING))
    return by_page(call, query, "contacts", _chosen(list(call.world.harvest.contacts.values()), query))


def list_projects(call: Call) -> Answer:
    query = query_of(call, ("is_active", "client_id", "updated_since", *CURSOR_PAGING))
    records = [project_view(call, p) for p in call.world.harvest.projects.values()]
    return by_page(call, query, "projects", _chosen(records, query), lambda project: (-project["id"],))


def get_client(call: Call) -> Answer:
    query_of(call, ())
    return Answer(200, _one(call, call.world.harvest.clients))


def get_project(call: Call) -> Answer:
    query_of(call, ())
    return Answer(200, project_view(call, _one(call, call.world.harvest.projects)))


def project_view(call: Call, project: Record) -> Record:
    """The project as the token's owner may see it."""
    client = call.world.harvest.clients[project["client"]["id"]]
    brief = {key: client[key] for key in ("id", "name", "currency")}
    hidden = {"hourly_rate": None} if call.world.harvest.hide_rates else {}
    return {**project, "client": brief, **hidden}


def patch_project(call: Call) -> Answer:
    project = _one(call, call.world.harvest.projects)
    body = body_of(call, PROJECT_FIELDS)
    changes = {name: _checked(name, value) for name, value in body.items() if name != "client_id"}
    if changes.get("is_active") is False and call.world.harvest.has_running_timer(project["id"]):
        refuse("Project can't be archived while a timer is running on it")
    if "client_id" in body:
        client = call.world.harvest.clients.get(as_id("client_id", body["client_id"]))
        if client is None:
            refuse("client_id is invalid")
        changes["client"] = {key: client[key] for key in ("id", "name", "currency")}
    project.update(changes)
    call.world.harvest.touch(project)
    return Answer(200, project_view(call, project))


def _checked(name: str, value: object) -> object:
    """A project's field, of the right type, as it is stored."""
    if value is None and name not in BOOLEAN_FIELDS and name != "name":
        return None
    if name in DATE_FIELDS:
        return as_date(name, value)
    if name in NUMBER_FIELDS and is_number(value):
        return exact(value)  # type: ignore[arg-type]
    if name in BOOLEAN_FIELDS and isinstance(value, bool):
        return value
    if name in TEXT_FIELDS and isinstance(value, str):
        return value
    refuse(f"{name} is invalid")


def _one(call: Call, records: dict[int, Record]) -> Record:
    text = call.params["id"]
    record = records.get(int(text)) if text.isascii() and text.isdigit() else None
    if record is None:
        not_found()
    return record


def _chosen(records: list[Record], query: dict[str, str]) -> list[Record]:
    """Filtered as asked, the most recently created first."""
    if "is_active" in query:
        wanted = as_bool("is_active", query["is_active"])
        records = [record for record in records if record["is_active"] is wanted]
    if "client_id" in query:
        client_id = as_id("client_id", query["client_id"])
        records = [record for record in records if record["client"]["id"] == client_id]
    if "updated_since" in query:
        since = as_moment("updated_since", query["updated_since"])
        records = [record for record in records if as_moment("updated_at", record["updated_at"]) >= since]
    return sorted(records, key=lambda record: -record["id"])


ROUTES: list[Route] = [
    ("GET", "/company", company),
    ("GET", "/users/me", me),
    ("GET", "/clients", list_clients),
    ("GET", "/clients/{id}", get_client),
    ("GET", "/contacts", list_contacts),
    ("GET", "/projects", list_projects),
    ("GET", "/projects/{id}", get_project),
    ("PATCH", "/projects/{id}", patch_project),
]

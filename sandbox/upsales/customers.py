"""Upsales' companies (/accounts) and contacts."""

from sandbox.jsonio import Record
from sandbox.upsales.filters import listing
from sandbox.upsales.records import API_USER, new_company, new_contact
from sandbox.upsales.strictness import body_of, ok, record_of, reference, refuse
from sandbox.web import Answer, Call, Route

COMPANY_FILTERS = (
    "id", "name", "phone", "webpage", "active", "currency", "regDate", "modDate", "isExternal", "orgNo",
    "custom",
    "user.id", "dunsNo", "journeyStep",
)  # fmt: skip
CONTACT_FILTERS = (
    "id",
    "name",
    "email",
    "phone",
    "active",
    "client.id",
    "regDate",
    "modDate",
    "firstName",
    "lastName",
)
COMPANY_WRITABLE = (
    "name", "phone", "webpage", "notes", "active", "currency", "users", "custom", "orgNo", "addresses",
    "isExternal",
    "dunsNo", "fax", "parent",
)  # fmt: skip
CONTACT_WRITABLE = (
    "name", "firstName", "lastName", "email", "phone", "cellPhone", "title", "notes", "active", "client",
    "custom",
)  # fmt: skip
MAX_NAME = 100


def list_companies(call: Call) -> Answer:
    return listing(call, call.world.upsales.companies.values(), COMPANY_FILTERS)


def get_company(call: Call) -> Answer:
    return ok(record_of(call, call.world.upsales.companies, "client"))


def create_company(call: Call) -> Answer:
    account = call.world.upsales
    body = body_of(call, COMPANY_WRITABLE, ("name",))
    _check_name(body)
    company = new_company(account.next_id("company"), body["name"], account.clock.upsales_stamp())
    company |= {**body, "regBy": dict(API_USER), "active": int(body.get("active", 1))}
    account.companies[company["id"]] = company
    return ok(company)


def update_company(call: Call) -> Answer:
    company = record_of(call, call.world.upsales.companies, "client")
    body = body_of(call, COMPANY_WRITABLE)
    if "name" in body:
        _check_name(body)
    company |= {**body, "modDate": call.world.clock.upsales_stamp()}
    return ok(company)


def _check_name(body: Record) -> None:
    if not isinstance(body["name"], str) or not 0 < len(body["name"]) <= MAX_NAME:
        refuse(f"Attribute is missing or too long: name (at most {MAX_NAME} characters)")


def list_contacts(call: Call) -> Answer:
    return listing(call, call.world.upsales.contacts.values(), CONTACT_FILTERS)


def create_contact(call: Call) -> Answer:
    account = call.world.upsales
    body = body_of(call, CONTACT_WRITABLE)
    company = account.companies.get(reference(body, "client"))
    if company is None:
        refuse("Unknown: client.id")
    name = body.get("name") or f"{body.get('firstName', '')} {body.get('lastName', '')}".strip()
    contact = new_contact(
        account.next_id("contact"), company, name, body.get("email", ""), account.clock.upsales_stamp()
    )
    contact |= {key: value for key, value in body.items() if key not in ("client", "name")}
    account.contacts[contact["id"]] = contact
    return ok(contact)


ROUTES: list[Route] = [
    ("GET", "/accounts", list_companies),
    ("POST", "/accounts", create_company),
    ("GET", "/accounts/{id}", get_company),
    ("PUT", "/accounts/{id}", update_company),
    ("GET", "/contacts", list_contacts),
    ("POST", "/contacts", create_contact),
]

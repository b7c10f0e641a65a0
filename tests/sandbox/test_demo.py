"""What the demo promises to those who build on it."""

import re
import unicodedata
from collections import Counter, defaultdict

import pytest

from sandbox.harvest.timesheet import is_uninvoiced
from sandbox.jsonio import Record, encode
from sandbox.seed import demo_world
from sandbox.world import World
from tests.sandbox.service_client import TODAY

LEGAL_FORMS = re.compile(r"\b(ab|hb|aktiebolag|publ|as|asa|oy|gmbh|bv)\b")


def plain(name: str) -> str:
    """A company name without case, punctuation and legal form."""
    folded = unicodedata.normalize("NFKC", name).casefold().replace(".", "")
    return " ".join(LEGAL_FORMS.sub(" ", re.sub(r"[^\w]+", " ", folded)).split())


def everything(world: World) -> bytes:
    harvest, upsales = world.harvest, world.upsales
    return encode([
        list(collection.values())
        for collection in (
            harvest.clients, harvest.contacts, harvest.users, harvest.projects, harvest.time_entries,
            harvest.invoices, upsales.companies, upsales.contacts, upsales.orders,
        )
    ])  # fmt: skip


@pytest.fixture(scope="module")
def demo() -> World:
    return demo_world(2026, TODAY)


def test_the_same_seed_gives_the_same_data(demo: World) -> None:
    assert everything(demo_world(2026, TODAY)) == everything(demo)
    assert everything(demo_world(2027, TODAY)) != everything(demo)


def test_its_size(demo: World) -> None:
    harvest = demo.harvest
    assert (len(harvest.clients), len(harvest.projects), len(harvest.users)) == (25, 60, 12)
    assert 7_500 <= len(harvest.time_entries) <= 8_500
    assert len(demo.upsales.orders) == 150
    assert {client["currency"] for client in harvest.clients.values()} == {"SEK", "NOK", "EUR"}


def test_every_client_with_billable_time_matches_exactly_one_active_company(demo: World) -> None:
    companies = defaultdict(list)
    for company in demo.upsales.companies.values():
        if company["active"]:
            companies[plain(company["name"])].append(company["id"])
    billable = {p["client"]["id"] for p in demo.harvest.projects.values() if p["is_billable"]}
    matches = {
        name: len(companies[plain(name)]) for name in (demo.harvest.clients[i]["name"] for i in billable)
    }
    assert len(matches) == 24
    assert set(matches.values()) == {1}


def test_the_client_without_a_company_is_reached_by_email(demo: World) -> None:
    with_company = {plain(c["name"]) for c in demo.upsales.companies.values()}
    (client,) = [c for c in demo.harvest.clients.values() if plain(c["name"]) not in with_company]
    assert not any(
        p["is_billable"] for p in demo.harvest.projects.values() if p["client"]["id"] == client["id"]
    )
    (email,) = [c["email"] for c in demo.harvest.contacts.values() if c["client"]["id"] == client["id"]]
    assert [c["email"] for c in demo.upsales.contacts.values()].count(email) == 1


def test_every_kind_of_pricing_is_there(demo: World) -> None:
    kinds = Counter(
        "fixed" if p["is_fixed_fee"] else p["bill_by"] if p["is_billable"] else "internal"
        for p in demo.harvest.projects.values()
    )
    assert min(kinds[kind] for kind in ("Project", "Tasks", "People", "fixed", "none", "internal")) >= 2


def has_price(project: Record) -> bool:
    return bool(project["is_billable"] and project["bill_by"] != "none" and not project["is_fixed_fee"])


def test_every_entry_that_needs_a_rate_has_one(demo: World) -> None:
    for entry in demo.harvest.time_entries.values():
        if has_price(demo.harvest.projects[entry["project"]["id"]]) and entry["billable"]:
            assert entry["billable_rate"] > 0


def test_rates_change_in_the_middle_of_a_project(demo: World) -> None:
    rates = defaultdict(set)
    for entry in demo.harvest.time_entries.values():
        project = demo.harvest.projects[entry["project"]["id"]]
        if project["bill_by"] == "Project" and entry["billable"]:
            rates[project["id"]].add(entry["billable_rate"])
    assert sum(len(different) > 1 for different in rates.values()) >= 2


def test_the_awkward_cases_are_there(demo: World) -> None:
    entries = list(demo.harvest.time_entries.values())
    (timer,) = [entry for entry in entries if entry["is_running"]]
    assert demo.harvest.projects[timer["project"]["id"]]["code"] == "NK-058"
    assert any(entry["hours"] < 0 for entry in entries)
    assert any(entry["hours"] == 0 for entry in entries)
    billed = {entry["project"]["id"] for entry in entries if entry["is_billed"]}
    assert [invoice["state"] for invoice in demo.harvest.invoices.values()] == ["open"]
    (part_invoiced,) = billed
    assert any(is_uninvoiced(e) for e in demo.harvest.entries_of(part_invoiced))
    (archived,) = [p for p in demo.harvest.projects.values() if not p["is_active"]]
    assert any(is_uninvoiced(e) for e in demo.harvest.entries_of(archived["id"]))
    notes: Counter[int] = Counter()
    for entry in entries:
        notes[entry["project"]["id"]] += len(entry["notes"])
    assert max(notes.values()) > 65_535


def test_nothing_waits_for_the_billing_app(demo: World) -> None:
    assert demo.billing.calls == []
    won = [order["id"] for order in demo.upsales.orders.values() if order["probability"] == 100]
    assert won
    assert all(demo.upsales.custom_value(order_id, "FORTNOX_ID") for order_id in won)


@pytest.mark.parametrize("seed", range(3))
def test_other_seeds_keep_the_promises_too(seed: int) -> None:
    world = demo_world(seed, TODAY)
    test_its_size(world)
    test_the_awkward_cases_are_there(world)

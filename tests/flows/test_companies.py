"""Which company gets the opportunity: the map, the name, a contact's address, a new company."""

from __future__ import annotations

import pytest

from tests.flows.run_harness import Bench


def company_of(bench: Bench, project: int) -> int:
    return int(bench.order_of(project)["client"]["id"])


def tracked(bench: Bench, client: int, name: str = "Webb") -> int:
    project = bench.add_project(name, client=client)
    bench.add_time(project)
    return project


def test_the_map_wins_over_the_name(bench: Bench) -> None:
    client = bench.add_client("Fjällräven AB")
    other = bench.world.upsales.add_company("Fenix Outdoor")
    project = tracked(bench, client)
    bench.run(company_map={str(client): other})
    assert company_of(bench, project) == other


@pytest.mark.parametrize(
    ("harvest", "upsales"),
    [
        ("Smörgås & Söner AB", "SMÖRGÅS & SÖNER"),
        ("Öresund Logistik", "Öresund Logistik Aktiebolag (publ)"),
        ("Tulip Robotics B.V.", "Tulip Robotics BV"),
        ("Hafenkontor GmbH", "hafenkontor"),
        ("Acme, Ltd.", "ACME Limited"),
        ("Ljungqvist\u0301s", "Ljungqvist\u0301s AB"),
    ],
)
def test_names_match_without_legal_form_and_case(bench: Bench, harvest: str, upsales: str) -> None:
    company = bench.world.upsales.add_company(upsales)
    project = tracked(bench, bench.world.harvest.add_client(harvest))
    bench.run()
    assert company_of(bench, project) == company


def test_an_inactive_namesake_is_not_chosen(bench: Bench) -> None:
    bench.world.upsales.add_company("Kiruna AB", active=False)
    company = bench.world.upsales.add_company("Kiruna")
    project = tracked(bench, bench.world.harvest.add_client("Kiruna AB"))
    bench.run()
    assert company_of(bench, project) == company


def test_a_contacts_address_leads_to_the_company(bench: Bench) -> None:
    client = bench.world.harvest.add_client("Föreningen")
    bench.world.harvest.add_contact(client, "A", "B", "nobody@kund.example")
    bench.world.harvest.add_contact(client, "C", "D", " Ekonomi@Kund.example ")
    company = bench.world.upsales.add_company("Kustens Stiftelse")
    bench.world.upsales.add_contact(company, "Ekonomi", "ekonomi@kund.example")
    project = tracked(bench, client)
    bench.run()
    assert company_of(bench, project) == company


def test_an_inactive_company_of_a_contact_is_passed_over(bench: Bench) -> None:
    client = bench.world.harvest.add_client("Föreningen")
    bench.world.harvest.add_contact(client, "A", "B", "ekonomi@kund.example")
    for active in (False, True):
        company = bench.world.upsales.add_company(f"Stiftelse {active}", active=active)
        bench.world.upsales.add_contact(company, "Ekonomi", "ekonomi@kund.example")
    project = tracked(bench, client)
    bench.run()
    assert company_of(bench, project) == company


def test_an_address_on_two_companies_lists_both(bench: Bench) -> None:
    client = bench.world.harvest.add_client("Föreningen")
    bench.world.harvest.add_contact(client, "A", "B", "ekonomi@kund.example")
    found = [bench.world.upsales.add_company(name) for name in ("Nord", "Syd")]
    for company in found:
        bench.world.upsales.add_contact(company, "Ekonomi", "ekonomi@kund.example")
    project = tracked(bench, client)
    (failure,) = bench.run().failures
    assert all(f"(id {company})" in failure.message for company in found)
    assert "company_map" in failure.message
    assert bench.orders_of(project) == []


def test_two_projects_of_a_new_client_make_one_company(bench: Bench) -> None:
    client = bench.world.harvest.add_client("Nykund AB", "EUR")
    projects = [tracked(bench, client, name) for name in ("One", "Two")]
    first = bench.run(create_missing_companies=True, batch_size=1)
    assert first.writes.count("POST /accounts") == 1
    (company,) = [c for c in bench.world.upsales.companies.values() if c["name"] == "Nykund AB"]
    assert company["currency"] == "EUR"
    assert [company_of(bench, project) for project in projects] == [company["id"]] * 2
    tracked(bench, client, "Three")
    second = bench.run(create_missing_companies=True)
    assert second.writes == ["POST /orders"]


def test_a_new_client_with_an_overlong_name_makes_one_company(bench: Bench) -> None:
    client = bench.world.harvest.add_client("Bolaget för " + "mycket " * 20 + "långa namn AB")
    tracked(bench, client, "One")
    bench.run(create_missing_companies=True)
    tracked(bench, client, "Two")
    assert bench.run(create_missing_companies=True).writes == ["POST /orders"]


def test_no_company_is_created_where_an_address_leads_to_one(bench: Bench) -> None:
    client = bench.world.harvest.add_client("Föreningen")
    bench.world.harvest.add_contact(client, "A", "B", "ekonomi@kund.example")
    company = bench.world.upsales.add_company("Stiftelse")
    bench.world.upsales.add_contact(company, "Ekonomi", "ekonomi@kund.example")
    project = tracked(bench, client)
    assert "POST /accounts" not in bench.run(create_missing_companies=True).writes
    assert company_of(bench, project) == company


def test_a_company_whose_answer_was_lost_is_not_made_twice(bench: Bench) -> None:
    project = tracked(bench, bench.world.harvest.add_client("Nykund AB"))
    bench.world.faults.add(kind="cut_after", method="POST", path="^/accounts$", nth=1)
    bench.run(create_missing_companies=True)
    bench.run(create_missing_companies=True)
    assert [c["name"] for c in bench.world.upsales.companies.values()] == ["Nykund AB"]
    assert len(bench.orders_of(project)) == 1


def test_a_company_that_comes_right_before_ours_is_sent_is_taken(bench: Bench) -> None:
    project = tracked(bench, bench.world.harvest.add_client("Nykund AB"))
    made: list[int] = []
    # After the names were read, and the contact's address was looked for.
    bench.world.moments.after(
        "harvest", "^/contacts$", lambda: made.append(bench.world.upsales.add_company("Nykund"))
    )
    run = bench.run(create_missing_companies=True)
    assert run.failures == []
    assert "POST /accounts" not in run.writes
    assert [company_of(bench, project)] == made


def test_a_refused_company_is_looked_for_again_before_it_is_sent_again(bench: Bench) -> None:
    project = tracked(bench, bench.world.harvest.add_client("Nykund AB"))
    made: list[int] = []
    bench.world.faults.add(
        kind="status", status=429, headers={"Retry-After": "3"}, method="POST", path="^/accounts$", nth=1
    )
    bench.clock.told = lambda: None if made else made.append(bench.world.upsales.add_company("Nykund"))
    run = bench.run(create_missing_companies=True)
    assert run.failures == []
    assert run.writes.count("POST /accounts") == 1
    assert [company_of(bench, project)] == made

"""Which names are the same company's, and who is no match."""

import unicodedata

import pytest

from harvest_upsales.domain.companies import NameIndex, no_match, normal_name, only_match
from harvest_upsales.errors import ProjectError
from harvest_upsales.records.harvest_records import ProjectClient
from harvest_upsales.records.upsales_records import Company

CLIENT = ProjectClient(id=50, name="Nordisk Form AB", currency="SEK")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Volvo AB", "AB Volvo"),
        ("Volvo AB (publ)", "volvo"),
        ("Aktiebolaget Volvo", "VOLVO Aktiebolag"),
        ("Bröderna Öst HB", "bröderna öst"),
        ("Novo Nordisk A/S", "Novo Nordisk"),
        ("Novo Nordisk ApS", "A/S Novo Nordisk"),
        ("Equinor ASA", "Equinor AS"),
        ("Nokia Oyj", "Oy Nokia Ab"),
        ("Marel hf.", "Marel ehf"),
        ("Acme Ltd.", "ACME Limited"),
        ("Acme, Inc.", "Acme Incorporated"),
        ("Acme L.L.C.", "Acme LLC"),
        ("Acme Pty Ltd", "Acme"),
        ("Acme plc", "Acme PLC"),
        ("Siemens AG", "Siemens"),
        ("Müller GmbH & Co. KG", "Müller"),
        ("Straße GmbH", "STRASSE gGmbH"),
        ("Airbus SE", "Airbus"),
        ("Philips N.V.", "Philips B.V."),
        ("Renault S.A.", "Renault S. A."),
        ("Dupont SARL", "Dupont SAS"),
        ("Allegro Sp. z o.o.", "Allegro"),
        ("Škoda s.r.o.", "Škoda s. r. o."),
        ("UAB Telia Lietuva", "Telia Lietuva, UAB"),
        ("Bolt Technology OÜ", "Bolt Technology"),
        ("Levi's AB", "Levi’s AB"),
        ("Ernst & Young", "Ernst  &  Young"),
        ("H&M AB", "h & m"),
        ("Café Noir", unicodedata.normalize("NFD", "CAFÉ NOIR")),
        ("Ｎｏｒｄｉｓｋ", "Nordisk"),
        ("İstanbul A.S.", unicodedata.normalize("NFD", "İstanbul A.S.")),
    ],
)
def test_these_names_are_one_company_s(one: str, other: str) -> None:
    assert normal_name(one) == normal_name(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Volvo AB", "Volvo Cars AB"),
        ("Nordic Spa", "Nordic AB"),
        ("Ab Form", "Form Ab Design"),
        ("Öst AB", "Ost AB"),
        ("Nord AB", "Nordic AB"),
        ("AB", "HB"),
        ("AB Oy", "AB"),
        ("+++", "???"),
        ("🚀", "🌲"),
        ("किताब", "कताब"),
        ("Form 1 AB", "Form 2 AB"),
        ("Foo/Bar AB", "Foo AB"),
        ("Co Design", "Design"),
        ("As Good AB", "Good AB"),
        ("Lars Ek AB", "Lars AB"),
        ("Berg & Co AB", "Berg AB"),
        ("Bain & Company", "Bain AB"),
        ("C++ AB", "C# AB"),
    ],
)
def test_these_names_are_two_companies(one: str, other: str) -> None:
    assert normal_name(one) != normal_name(other)


@pytest.mark.parametrize("name", ["AB", "Oy Ab", "a/s", "!!!", "🚀"])
def test_a_name_of_legal_forms_or_signs_alone_is_still_a_name(name: str) -> None:
    assert normal_name(name)
    assert normal_name(name) == normal_name(name.upper())


def test_active_companies_of_one_name_are_all_found_and_inactive_ones_are_not() -> None:
    index = NameIndex.of(
        [
            Company(1, "Nordisk Form"),
            Company(2, "NORDISK FORM AB", active=1),
            Company(2, "NORDISK FORM AB", active=1),
            Company(3, "Nordisk Form HB", active=0),
            Company(4, "Nordisk Form", active=False),
            Company(5, "Annan AB"),
        ]
    )

    assert sorted(company.id for company in index.named_like("Nordisk Form AB")) == [1, 2]
    assert index.named_like("Ingen") == ()


def test_one_candidate_is_the_match_however_often_it_comes() -> None:
    assert only_match(CLIENT, []) is None
    assert only_match(CLIENT, [(2, "Nordisk Form AB"), (2, "Nordisk Form AB")]) == 2


def test_several_candidates_are_an_error_that_lists_them() -> None:
    with pytest.raises(ProjectError) as refused:
        only_match(CLIENT, [(9, "Nordisk Form HB"), (2, "Nordisk Form")])

    assert "Harvest client 50 (Nordisk Form AB) matches 2 Upsales companies" in refused.value.message
    assert "Nordisk Form (id 2), Nordisk Form HB (id 9)" in refused.value.message
    assert '{"50": 2}' in refused.value.message


def test_no_candidate_is_an_error_that_says_what_to_do() -> None:
    message = no_match(CLIENT).message

    assert "Harvest client 50 (Nordisk Form AB)" in message
    assert "company_map" in message
    assert "create_missing_companies" in message

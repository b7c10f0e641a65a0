"""Whatever people type: keys, names, notes, settings and numbers keep their meaning."""

import json
from decimal import Decimal
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from harvest_upsales.domain.companies import normal_name
from harvest_upsales.domain.keys import HarvestKey, Month, parse_key
from harvest_upsales.domain.notes import END, NOTES_LIMIT, START, listed_lines, split, without_entries
from harvest_upsales.domain.opportunity import DESCRIPTION_LIMIT, describe_opportunity
from harvest_upsales.errors import SettingsError
from harvest_upsales.records.harvest_records import TimeEntry
from harvest_upsales.records.json_codec import decode, encode
from harvest_upsales.settings import KEYS, Settings, parse_settings
from tests.unit.domain.builders import entry, listing, project

# Lone surrogates included: a service may send what it likes.
ANY_TEXT = st.text(max_size=80)
LINES = st.lists(
    st.sampled_from([START, END, "", " ", "text", f" {START} ", f"{END}\r", "a\r"]) | ANY_TEXT, max_size=8
)
NOTES = LINES.map("\n".join)
ENTRIES = st.lists(st.sampled_from([START, END, f"\n{END}\n"]) | ANY_TEXT, max_size=4).map(
    lambda texts: [entry(number, notes=text) for number, text in enumerate(texts)]
)


@given(NOTES, ENTRIES)
@example(f"{START}\na\n{END}\nimportant\n{END}", [entry(1)])
def test_listing_twice_is_listing_once(notes: str, entries: list[TimeEntry]) -> None:
    once = listing(notes, entries)

    assert listing(once, entries) == once
    assert len(listed_lines(once)) == len(entries)
    assert once.encode()
    assert len(once.encode()) <= NOTES_LIMIT


@given(NOTES, ENTRIES, ENTRIES)
def test_what_people_wrote_stays_whatever_is_listed(
    notes: str, entries: list[TimeEntry], others: list[TimeEntry]
) -> None:
    once = listing(notes, entries)
    parts = split(once)

    again = split(listing(once, others))

    assert (again.before, again.after) == (parts.before, parts.after)
    outside = split(notes)
    assert (outside.before, outside.after) in {(parts.before, parts.after), (parts.before, "")}


@given(st.text(st.characters(codec="utf-8"), max_size=200), ENTRIES)
def test_text_without_markers_is_given_back_but_for_the_blank_around_it(
    text: str, entries: list[TimeEntry]
) -> None:
    back = without_entries(listing(text, entries))

    if START not in text and END not in text:
        assert back == text.replace("\r\n", "\n").rstrip().lstrip("\n")


@given(st.lists(st.integers(0, 3000), max_size=60), st.integers(0, NOTES_LIMIT + 5000))
def test_the_notes_never_outgrow_their_field(lengths: list[int], people: int) -> None:
    notes = listing("x" * people, [entry(n, notes="å" * length) for n, length in enumerate(lengths)])

    assert len(notes.encode()) <= max(NOTES_LIMIT, people)
    assert notes.startswith("x" * people)
    listed = listed_lines(notes)
    left_out = [line for line in listed if "left out" in line]
    if listed:
        assert len(listed) - len(left_out) + sum(int(line.split()[0]) for line in left_out) == len(lengths)


@given(st.from_regex(r"\A[^:\s]{1,12}\Z"), st.integers(1, 10**15), st.none() | st.dates())
def test_a_key_is_read_as_it_was_written(account: str, number: int, day: Any) -> None:
    month = Month.of(day) if day is not None and day.year >= 1000 else None
    key = HarvestKey(account, number, month)

    assert parse_key(str(key)) == key


@given(ANY_TEXT | st.from_regex(r"\A[0-9]{1,3}:[0-9]{1,3}(:[0-9]{4}-[0-9]{2})?\Z"))
def test_other_text_is_no_key_or_the_very_key(text: str) -> None:
    key = parse_key(text)

    if key is not None:
        assert str(key) == text.strip()
        if key.month is not None:
            assert key.month.first_day < key.month.last_day


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=40))
def test_a_name_is_compared_with_itself_whatever_its_form(name: str) -> None:
    normal = normal_name(name)

    assert normal_name(normal) in {normal, normal_name(normal_name(normal))}
    assert normal_name(f"  {name} ") == normal
    assert bool(normal) == bool(name.strip()) or not normal.strip()


@given(*[st.text(st.characters(codec="utf-8"), max_size=200)] * 3, st.none() | st.just(Month(2026, 10)))
def test_a_description_keeps_its_limit(client: str, name: str, code: str, month: Month | None) -> None:
    text = describe_opportunity(project(client=client, name=name, code=code), month)

    assert len(text) <= DESCRIPTION_LIMIT
    assert text == " ".join(text.split())
    assert month is None or text.endswith("2026-10")


def settings_or_message(text: str | bytes) -> Settings | str:
    """Settings, or the message of the one error that there may be."""
    try:
        return parse_settings(text)
    except SettingsError as error:
        return error.message


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=12), VALUES, max_size=8), st.booleans())
def test_any_object_makes_settings_or_an_error_that_names_a_key(
    given_: dict[str, Any], complete: bool
) -> None:
    required = {"default_user_id": 1, "default_stage_id": 2, "default_product_id": 3} if complete else {}
    made = settings_or_message(json.dumps(required | given_))

    # Text with half a surrogate pair is no JSON at all.
    assert isinstance(made, Settings) or "is not JSON" in made or any(key in made for key in (*KEYS, *given_))


@given(st.text(max_size=60) | st.binary(max_size=60) | VALUES.map(json.dumps))
def test_any_text_makes_settings_or_a_settings_error(text: str | bytes) -> None:
    made = settings_or_message(text)

    assert isinstance(made, Settings) or "harvest_upsales_settings" in made


@given(
    st.from_regex(r"\A-?(0|[1-9][0-9]{0,40})(\.[0-9]{1,40})?\Z")
    | st.decimals(allow_nan=False, allow_infinity=False, places=4).map(lambda number: f"{number:f}")
)
def test_json_keeps_every_digit_of_a_number(text: str) -> None:
    number = decode(text.encode(), Decimal)

    assert number == Decimal(text)
    assert Decimal(encode(number).decode()) == Decimal(text)
    if "." in text:
        assert encode(number).decode() == text
        assert encode(decode(f'{{"a":[{text}]}}', dict[str, Any])).decode() == f'{{"a":[{text}]}}'

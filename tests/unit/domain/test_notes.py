"""The time entries in the notes, and people's text around them."""

import datetime as dt

import pytest

from harvest_upsales.domain.entry_line import line_of
from harvest_upsales.domain.newest_lines import NewestLines
from harvest_upsales.domain.notes import (
    END,
    NOTES_LIMIT,
    START,
    ListedTime,
    listed_lines,
    same_notes,
    split,
    with_entries,
    without_entries,
)
from harvest_upsales.records.harvest_records import Reference
from tests.unit.domain.builders import entry, listing

BLOCK = f"{START}\n2026-10-05 | 1 h\n{END}"


def size(text: str) -> int:
    return len(text.encode())


def test_entries_stand_between_the_markers_in_the_order_given() -> None:
    newest = entry(
        2, rounded_hours="7.50", task=Reference(1, "Design"), user=Reference(2, "Åsa Öst"), notes="Skiss"
    )
    older = entry(1, spent_date="2026-10-04")

    assert listing(None, [newest, older]).split("\n") == [
        START,
        "2026-10-05 | 7.5 h | Design | Åsa Öst | Skiss",
        "2026-10-04 | 1 h",
        END,
    ]


def test_people_s_text_stays_before_and_after() -> None:
    once = listing("Call Eva first.", [entry(1)])
    assert once == f"Call Eva first.\n\n{BLOCK}"

    moved = f"{once}\n\nAnd Bo after.\n  indented"
    again = listing(moved, [entry(2, spent_date="2026-10-06")])
    assert again.startswith("Call Eva first.\n\n")
    assert again.endswith("\n\nAnd Bo after.\n  indented")
    assert again.count(START) == 1
    assert "2026-10-05" not in again


def test_indented_text_right_below_the_block_keeps_its_indent() -> None:
    assert listing(f"{BLOCK}\n\n  indented", [entry(1)]).endswith(f"{END}\n\n  indented")


def test_people_s_text_alone_is_left_where_the_list_is_switched_off() -> None:
    assert without_entries(f"before\n\n{BLOCK}\n\nafter") == "before\n\nafter"
    assert without_entries(BLOCK) == ""
    assert without_entries("only people's") == "only people's"
    assert without_entries(None) == ""


def test_line_ends_of_windows_are_understood() -> None:
    notes = f"before\n\n{BLOCK}\n\nafter".replace("\n", "\r\n")

    assert split(notes).block == BLOCK
    assert listing(notes, [entry(1)]) == f"before\n\n{BLOCK}\n\nafter"
    assert same_notes(notes, f"before\n\n{BLOCK}\n\nafter")
    assert listed_lines(notes) == ["2026-10-05 | 1 h"]


@pytest.mark.parametrize(
    "people",
    [
        f"{START}\nfoo",
        f"foo\n{END}",
        f"{END}\nfoo\n{START}",
        f"{START}",
        f"{END}",
        f"{START} and more\n{END}",
        f"a\n{END}\n{START}\nb",
    ],
)
def test_text_with_half_a_pair_of_markers_is_all_people_s(people: str) -> None:
    once = listing(people, [entry(1)])

    assert split(people).block is None
    assert once == f"{people}\n\n{BLOCK}"
    assert listing(once, [entry(1)]) == once


def test_an_end_marker_in_people_s_text_below_the_block_costs_nothing() -> None:
    notes = f"{BLOCK}\n\nimportant\n{END}\nmore"

    assert listing(notes, [entry(1)]) == notes
    assert "important" in without_entries(notes)


def test_a_start_marker_left_over_above_the_block_costs_nothing() -> None:
    notes = f"{START}\nimportant\n{BLOCK}"

    assert "important" in listing(notes, [entry(1)])


def test_of_two_blocks_the_last_is_ours() -> None:
    notes = f"{BLOCK}\n\npeople\n\n{BLOCK}"
    again = listing(notes, [entry(1, spent_date="2026-10-09")])

    assert again.startswith(f"{BLOCK}\n\npeople\n\n{START}\n2026-10-09")


@pytest.mark.parametrize(
    "typed",
    [END, START, f"\n{END}\n", f"a\n{START}\nb\n{END}", f"\r{END}\r", f"\u2028{END}\u2028", f"\x0b{END}\x85"],
)
def test_our_markers_inside_an_entry_stay_text_on_its_line(typed: str) -> None:
    once = listing("before\n\nafter", [entry(1, notes=typed), entry(2)])

    assert len(listed_lines(once)) == 2
    assert without_entries(once) == "before\n\nafter"
    assert listing(once, [entry(2)]) == f"before\n\nafter\n\n{BLOCK}"


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("two\nlines\r\nthree", "two lines three"),
        ("<b>&amp;</b>", "<b>&amp;</b>"),
        ("שלום עולם", "שלום עולם"),
        ("evil \u202etxt.exe", "evil txt.exe"),
        ("👩\u200d💻 naïve", "👩\u200d💻 naïve"),
        ("tab\there \x00 bell\x07", "tab here bell"),
        ("half \ud83d pair", "half pair"),
        (" | ", "|"),
    ],
)
def test_whatever_people_typed_becomes_one_line_of_text(typed: str, line: str) -> None:
    listed = listed_lines(listing(None, [entry(1, notes=typed)]))

    assert [" ".join(text.split()) for text in listed] == [f"2026-10-05 | 1 h | {line}"]


def test_a_very_long_entry_is_cut() -> None:
    (line,) = listed_lines(listing(None, [entry(1, notes="å" * 10_000)]))

    assert len(line) == 1000
    assert line.endswith("å…")


@pytest.mark.parametrize(
    "notes", ["å \n" * 3_000, " " * 5_000 + "x", "x" * 999 + "  y", "🙂" * 1_001, "x" * 1_000 + "\n"]
)
def test_what_is_kept_of_a_long_entry_makes_the_line_of_the_whole(notes: str) -> None:
    long = entry(1, notes=notes, task=Reference(1, "Design"))
    kept = NewestLines()
    kept.add(long)

    assert kept.newest_first() == (line_of(long).encode(),)


def test_lone_surrogates_in_people_s_text_do_not_stop_anything() -> None:
    notes = listing("half \ud83d pair", [entry(1)])

    assert notes.encode()
    assert notes.endswith(BLOCK)
    assert listing(notes, [entry(1)]) == notes


@pytest.mark.parametrize("letter", ["x", "å", "€", "🙂"])
@pytest.mark.parametrize("people", ["", "before\n\n"])
def test_the_limit_is_kept_in_bytes_and_the_rest_is_counted(letter: str, people: str) -> None:
    entries = [entry(number, notes=letter * 700) for number in range(200, 0, -1)]
    notes = listing(people, entries)
    listed = listed_lines(notes)

    assert NOTES_LIMIT == 65_535
    assert size(notes) <= NOTES_LIMIT
    # As many as there is room for: one more would not have fitted.
    assert size(notes) + size(listed[0]) + 1 > NOTES_LIMIT - 4
    assert listed[-1] == f"{200 - (len(listed) - 1)} older time entries are left out."
    assert listing(notes, entries) == notes


def test_nothing_is_said_to_be_left_out_where_nothing_is() -> None:
    assert "left out" not in listing(None, [entry(number) for number in range(300)])


def test_people_s_text_wins_over_the_list_where_there_is_no_room() -> None:
    people = "x" * NOTES_LIMIT

    assert listing(people, [entry(1)]) == people
    assert listing(f"{people}\n\n{BLOCK}", [entry(1)]) == people


def test_little_room_is_used_to_say_how_many_are_left_out() -> None:
    people = "x" * (NOTES_LIMIT - 130)

    assert listed_lines(listing(people, [entry(1, notes="y" * 100)])) == [
        "1 older time entries are left out."
    ]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (None, "", True),
        ("a\r\nb", "a\nb", True),
        (" a \n", "a", True),
        ("a  \nb", "a\nb", True),
        ("a\n\nb", "a\nb", False),
        ("a", "b", False),
    ],
)
def test_notes_say_the_same_but_for_white_space_at_the_ends(one: str | None, other: str, same: bool) -> None:
    assert same_notes(one, other) is same


@pytest.mark.parametrize("order", ["newest first", "oldest first", "mixed", "in two parts"])
def test_lines_kept_while_reading_are_those_that_all_entries_would_leave(order: str) -> None:
    newest_first = [
        entry(
            number, spent_date=str(dt.date(2026, 1, 1) + dt.timedelta(days=number // 3)), notes="å" * number
        )
        for number in range(420, 0, -1)
    ]
    given = {
        "newest first": newest_first,
        "oldest first": newest_first[::-1],
        "mixed": newest_first[1::2] + newest_first[::2][::-1],
        "in two parts": newest_first[200:] + newest_first[:200],
    }[order]
    parts = [given[:200], given[200:]] if order == "in two parts" else [given]

    together = NewestLines()
    for part in parts:
        lines = NewestLines()
        for each in part:
            lines.add(each)
        together += lines

    kept = ListedTime(together.newest_first(), len(given))
    assert with_entries("people's", kept) == listing("people's", newest_first)
    assert sum(len(line) + 1 for line in kept.lines) <= NOTES_LIMIT < size("\n".join(map(line_of, given)))

"""Whatever people type in a time entry stays text, and stays inside our block of the notes."""

from __future__ import annotations

from copy import deepcopy

import pytest

from harvest_upsales.domain.notes import END, NOTES_LIMIT, START
from tests.flows.run_harness import Bench

HOSTILE = {
    "our markers": f"x\n{END}\n\nSold for 1 SEK\n{START}\ny",
    "a marker alone": END,
    "HTML": "<script>alert(1)</script> &amp; </textarea>",
    "JSON": '"},{"price":0,"x":"',
    "right to left": "\u202eevil\u202c שלום",
    "emoji": "👩‍👩‍👧‍👦 🧩",
    "null and controls": "a\x00b\x1b[31mc\x7f",
    "line ends": "a\rb\u2028c\u2029d\x85e",
    "long": "ä" * 10_000,
    "spaces": "   ",
    "joined emoji": "\u200d".join("👩👩👧👦") + " \U0001f1f8\U0001f1ea",
    "marks of direction": "\u202ea\u2066b\u2069\u200f",
    "Markdown": "# **bold** [link](javascript:alert(1)) `code` | a | b |",
    "templates": "{{ 7*7 }} {% raw %} ${x} #{x} %s %(a)s {0}",
    "escapes of a terminal": "\x1b]0;title\x07\x1b[2J\x9b31m",
    "our frame in one line": f"{START} {END}",
    "our markers with spaces": f"\n  {START}  \n\t{END}\t\n",
    "emoji without end": "🧩" * 10_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_it_stays_text_and_the_next_run_writes_nothing(bench: Bench, text: str) -> None:
    project = bench.add_project(f"Webb {text[:200]}", client=bench.add_client("Kund AB"))
    bench.add_time(project, 2, notes=text)
    bench.run()
    order = bench.order_of(project)
    assert order["notes"].splitlines().count(START) == 1
    assert order["notes"].splitlines().count(END) == 1
    assert order["notes"].startswith(START)
    assert order["notes"].endswith(END)
    assert len(order["description"]) <= 130
    bench.world.upsales.edit(order["id"], notes=f"Above\n\n{order['notes']}\n\nBelow {START}")
    as_edited = deepcopy(order)
    assert bench.run().writes == []
    bench.add_time(project, 1, notes=text)
    bench.run()
    assert order["notes"].startswith(f"Above\n\n{START}\n")
    assert order["notes"].endswith(f"{END}\n\nBelow {START}")
    assert order["description"] == as_edited["description"]
    assert bench.run().writes == []


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_names_stay_text_wherever_people_type_them(bench: Bench, text: str) -> None:
    harvest, upsales = bench.world.harvest, bench.world.upsales
    client = harvest.add_client(f"Kund {text}")
    project = harvest.add_project(client, f"Webb {text}", code=text, hourly_rate=1000)
    harvest.tasks[min(harvest.tasks)]["name"] = text
    bench.add_time(project, 2, notes=text)
    made = bench.run(create_missing_companies=True)
    assert made.failures == []
    order = bench.order_of(project)
    assert len(order["description"]) <= 130
    assert _is_one_line(order["description"])
    assert order["notes"].splitlines()[0] == START
    assert order["notes"].splitlines()[-1] == END
    assert len(order["notes"].splitlines()) == 3
    upsales.edit(order["id"], description=f"Mine {text}"[:130], notes=f"{text[:9000]}\n\n{order['notes']}")
    theirs = (order["description"], order["notes"].split(START)[0])
    bench.add_time(project, 1, notes=text)
    bench.run(create_missing_companies=True)
    assert order["description"].strip() == theirs[0].strip()
    if START not in text:
        assert order["notes"].startswith(
            theirs[1].encode("utf-8", "replace").decode()[:-2].rstrip().lstrip("\n")
        )
    bench.win(order["id"])
    run = bench.run(create_missing_companies=True, late_time="hold")
    labels = [found.label for found in run.found.orders]
    assert labels
    assert all(_is_one_line(label) and len(label) <= 250 for label in labels)
    assert all(_is_one_line(settled.project) for settled in run.settled.values())
    assert [error.message[-300:] for error in run.errors.values()] == []
    assert bench.run(create_missing_companies=True).writes == []


def _is_one_line(text: str) -> bool:
    """No line end, control character or mark that turns the direction; joiners hold emoji together."""
    return all(c.isprintable() or c in "\u200c\u200d" for c in text)


def test_more_time_than_the_field_takes_is_counted(bench: Bench) -> None:
    project = bench.add_project()
    for number in range(150):
        bench.add_time(project, 1, days_ago=number, notes=f"{number} " + "ö" * 900)
    bench.run()
    notes = bench.order_of(project)["notes"]
    assert len(notes.encode()) <= NOTES_LIMIT
    listed = sum(" h | " in line for line in notes.splitlines())
    assert f"{150 - listed} older time entries are left out." in notes
    assert "2026-11-22" in notes.splitlines()[1]
    assert bench.run().writes == []

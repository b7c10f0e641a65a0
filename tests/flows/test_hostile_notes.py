"""Whatever people type in a time entry stays text, and stays inside our block of the notes."""

from __future__ import annotations

from copy import deepcopy

import pytest

from harvest_upsales.domain.notes import END, NOTES_LIMIT, START
from tests.flows.bench import Bench

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

"""The entries of one project, whatever became of them."""

import copy

from sandbox.harvest.time_entries import TimeEntries
from sandbox.jsonio import Record


def entry(project_id: int) -> Record:
    return {"project": {"id": project_id}}


def test_entries_are_found_by_their_project_of_now() -> None:
    entries = TimeEntries()
    entries.update({1: entry(7), 2: entry(8), 3: entry(7)})
    assert entries.of_project(7) == [entries[1], entries[3]]

    entries[1]["project"]["id"] = 8
    entries[1] = entries[1]
    del entries[3]
    assert (entries.of_project(7), entries.of_project(8)) == ([], [entries[2], entries[1]])
    assert copy.deepcopy(entries).of_project(8) == entries.of_project(8)

    entries.clear()
    assert (entries.of_project(8), dict(entries)) == ([], {})

"""Time entries that moved while the account's time was read.

An entry whose day or project is changed meanwhile may move from what is yet to be read to what was read, or the other
way: it would be missing, or count twice. Whoever moves it leaves it updated, so the projects of all that was updated
since the reading began are read again one by one: those that it is in now, and those that it was read in.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping

from harvest_upsales.api.harvest_api import HarvestClient
from harvest_upsales.api.moving_lists import reread_if_moved
from harvest_upsales.domain.time_sums import ProjectSums
from harvest_upsales.flows.time_pages import read_each

# How often the projects of entries that moved are read again; from the second time on only those that moved meanwhile.
_READ_ANEW = 3


def put_right(
    harvest: HarvestClient, sums: ProjectSums, since: dt.datetime, like: ProjectSums
) -> ProjectSums:
    """The sums, corrected for projects whose entries may have moved while they were read.

    Entries go on moving while their projects are read again. That takes moments, and is looked at, too; what moves in
    the last of them is left to the next run.

    :param sums: as they were read; they are changed
    :param since: when the reading began
    :param like: sums of the same projects by the same rules
    """

    def updated() -> dict[int, int | None]:
        """The updated entries with the project that each belongs to; ``None`` for what is billed by now."""
        found = harvest.time_entries(updated_since=since)
        return {entry.id: None if entry.is_billed else entry.project.id for entry in found}

    now = reread_if_moved(updated)
    stale = _projects(sums, now, sums.places(now))
    for _ in range(_READ_ANEW):
        if not stale:
            break
        sums.replace(stale, read_each(harvest, like, sorted(stale)))
        now = reread_if_moved(updated)
        places = sums.places(now)
        misplaced = {entry: at for entry, at in now.items() if places.get(entry, []) != _wanted(sums, at)}
        stale = _projects(sums, misplaced, places)
    return sums


def _projects(
    sums: ProjectSums, now: Mapping[int, int | None], places: Mapping[int, Collection[int]]
) -> set[int]:
    """The projects that entries belong to, and those that have taken them in."""
    return {project for entry, at in now.items() for project in (*places.get(entry, ()), *_wanted(sums, at))}


def _wanted(sums: ProjectSums, project_id: int | None) -> list[int]:
    return [project_id] if project_id in sums.wanted else []

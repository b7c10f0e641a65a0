"""Read projects and their time with as few requests as the numbers allow."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection

from harvest_upsales.api.harvest_api import HarvestClient
from harvest_upsales.api.harvest_pages import key_of
from harvest_upsales.api.moving_lists import latest, reread_if_moved
from harvest_upsales.domain.time_sums import CountedTime, ProjectSums, TimeSums
from harvest_upsales.errors import NotFoundError
from harvest_upsales.flows.time_pages import read_each
from harvest_upsales.flows.time_sweep import TooManyPages, sweep, utc_now
from harvest_upsales.records.harvest_records import Project, TimeEntry
from harvest_upsales.settings import Settings

# Up to so many projects, one request each is cheaper than any sweep.
_FEW = 3


def read_projects(harvest: HarvestClient, project_ids: Collection[int]) -> dict[int, Project]:
    """Projects by id, one request each for a few, else by listing all; those that are gone are left out."""
    if len(project_ids) > _FEW:
        wanted = set(project_ids)
        return {project.id: project for project in harvest.projects() if project.id in wanted}
    found = {}
    for project_id in project_ids:
        try:
            found[project_id] = harvest.project(project_id)
        except NotFoundError:
            continue
    return found


def read_uninvoiced_time(
    harvest: HarvestClient,
    project_ids: Collection[int],
    settings: Settings,
    *,
    now: Callable[[], dt.datetime] = utc_now,
) -> dict[int, CountedTime]:
    """The time of some projects that counts, added up; a project without any is missing.

    One request a project, or a sweep over the whole account's unbilled time, whichever takes fewer: the first page
    of the sweep tells how many pages there are.

    :param now: the time of day, aware, by which what changes meanwhile is found
    :raises IncompleteListError: the time went on moving while it was read
    """
    rules = TimeSums(
        approved_only=settings.approved_time_only,
        by_month=settings.by_month,
        listed=settings.write_time_to_notes,
    )
    empty = ProjectSums(project_ids, rules)
    if len(project_ids) > _FEW:
        try:
            return _with_time(sweep(harvest, empty, most_pages=len(project_ids), now=now))
        except TooManyPages:
            pass
    return _with_time(read_each(harvest, empty, project_ids))


def _with_time(sums: ProjectSums) -> dict[int, CountedTime]:
    return {project_id: time for project_id, time in sums.totals().items() if time.number}


def read_time(
    harvest: HarvestClient,
    project_id: int,
    *,
    is_billed: bool,
    from_: dt.date | None = None,
    to: dt.date | None = None,
) -> list[TimeEntry]:
    """All of one project's time that is billed, or that is not; each entry once, as it was last.

    :raises IncompleteListError: the time went on moving while it was read
    """
    return reread_if_moved(
        lambda: latest(
            harvest.time_entries(project_id=project_id, is_billed=is_billed, from_=from_, to=to), key_of
        )
    )

"""Read projects and their time with as few requests as the numbers allow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from harvest_upsales.api.harvest_api import HarvestClient
from harvest_upsales.errors import NotFoundError
from harvest_upsales.records.harvest_records import Project, TimeEntry

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


def read_unbilled_time(harvest: HarvestClient, project_ids: Collection[int]) -> dict[int, list[TimeEntry]]:
    """All time that is not billed (running timers and not billable time included) of some projects.

    One request a project, or a sweep over the whole account's unbilled time, whichever takes fewer: the first page
    of the sweep tells how many pages there are.
    """
    if len(project_ids) <= _FEW:
        return _project_by_project(harvest, project_ids)
    found: defaultdict[int, list[TimeEntry]] = defaultdict(list)
    wanted = set(project_ids)
    for number, page in enumerate(harvest.time_entry_pages(is_billed=False), start=1):
        if (page.total_pages or number) > len(wanted):
            return _project_by_project(harvest, project_ids)
        for entry in page.records:
            if entry.project.id in wanted:
                found[entry.project.id].append(entry)
    return dict(found)


def _project_by_project(harvest: HarvestClient, project_ids: Iterable[int]) -> dict[int, list[TimeEntry]]:
    return {
        project_id: list(harvest.time_entries(project_id=project_id, is_billed=False))
        for project_id in project_ids
    }

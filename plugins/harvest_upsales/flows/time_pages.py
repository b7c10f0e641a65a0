"""Take in a list of time entries page by page: each entry once, as it was last, and no page longer than it takes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from harvest_upsales.api.harvest_api import HarvestClient
from harvest_upsales.api.harvest_pages import Page
from harvest_upsales.api.moving_lists import Completeness, reread_if_moved
from harvest_upsales.domain.time_sums import ProjectSums
from harvest_upsales.errors import IncompleteListError
from harvest_upsales.records.harvest_records import TimeEntry


def read_each(harvest: HarvestClient, like: ProjectSums, project_ids: Collection[int]) -> ProjectSums:
    """Add up some projects' time that is not billed, one request and more for each.

    :param like: sums of these projects and more, by the same rules
    :raises IncompleteListError: the time went on moving while it was read
    """

    def read() -> ProjectSums:
        sums, seen = like.fresh(), set[int]()
        for project_id in project_ids:
            for entries in final_states(harvest.time_entry_pages(project_id=project_id, is_billed=False)):
                if not seen.isdisjoint(entries):
                    raise list_moved("a time entry moved from one project to another")
                seen.update(entries)
                sums.add(entries.values())
        return sums

    return reread_if_moved(read)


def final_states(pages: Iterable[Page[TimeEntry]]) -> Iterable[dict[int, TimeEntry]]:
    """The entries of each page by id, once no later page can hold a newer state of them.

    Time that is tracked meanwhile pushes entries to the next page, where they come a second time. So a page is held
    back until the next one is there.

    :raises IncompleteListError: an entry came again later than that
    """
    done: set[int] = set()
    held: dict[int, TimeEntry] = {}
    for page in pages:
        fresh = {entry.id: entry for entry in page.records}
        if not done.isdisjoint(fresh):
            raise list_moved("a time entry came again on a later page")
        for entry_id in held.keys() & fresh.keys():
            del held[entry_id]
        done.update(held)
        yield held
        held = fresh
    yield held


def add_and_drop(sums: ProjectSums, pages: Iterable[Page[TimeEntry]]) -> None:
    """Add the entries of all pages. A page is some megabytes, so none is kept while the next one comes."""
    for entries in final_states(pages):
        sums.add(entries.values())
        entries.clear()


def popped(pages: list[Page[TimeEntry]]) -> Iterator[Page[TimeEntry]]:
    """The pages in turn, each taken off the list, which ends up empty: whoever is given one has the only one."""
    while pages:
        yield pages.pop(0)


def list_moved(what: str) -> IncompleteListError:
    """The error that has the time read again."""
    return Completeness("Harvest", "GET /time_entries").error(what)

"""The account's time, added up by project while it is read; long lists over several connections at once.

A list is walked from link to link, so one connection waits for each answer before it can ask again. Disjoint ranges of
days can be walked side by side. Where to cut is not known beforehand: the first page tells how many pages there are and
how many days one fills. A range that turns out longer than expected is cut again.

An entry whose day or project is changed meanwhile may move from what is yet to be read to what was read, or the other
way: it would be missing, or count twice. Whoever moves it leaves it updated, so the projects of all that was updated
since the reading began are read again one by one: those that it is in now, and those that it was read in.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import chain
from queue import SimpleQueue
from threading import Event

from harvest_upsales.api.harvest_api import HarvestClient
from harvest_upsales.api.harvest_pages import PAGE_SIZE, Page
from harvest_upsales.api.whole_lists import Completeness, whole
from harvest_upsales.domain.uninvoiced_time import ProjectSums
from harvest_upsales.records.harvest_records import TimeEntry

CONNECTIONS = 5
"""More gain nothing: Harvest's limit allows 6.7 requests a second in the long run, one connection's worth."""
_RANGE_PAGES = 16
"""What a range should come to: long enough that its last page, not full, weighs little; short enough to share out."""


CLOCK_MARGIN = dt.timedelta(minutes=5)
"""How far this machine's clock may run ahead of Harvest's; wider, and most of a busy day's projects are read twice."""

_UNTOLD_PAGES = 3
# How often the projects of entries that moved are read anew; from the second time on only those that moved meanwhile.
_READ_ANEW = 3
_NEAR_S = 0.05
_DAY = dt.timedelta(days=1)


def utc_now() -> dt.datetime:
    """The time of day by this machine's clock."""
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True, slots=True)
class Days:
    """A range of ``spent_date``, both ends included; ``None`` is open."""

    first: dt.date | None = None
    last: dt.date | None = None


class TooManyPages(Exception):
    """The list has more pages than the caller wants to read."""


@dataclass(frozen=True, slots=True)
class _Part:
    """What one walk has read, and the ranges that it leaves to others."""

    sums: ProjectSums
    left: Sequence[Days] = ()


def sweep(
    harvest: HarvestClient,
    empty: ProjectSums,
    *,
    most_pages: int,
    page_size: int = PAGE_SIZE,
    near_s: float = _NEAR_S,
    now: Callable[[], dt.datetime] = utc_now,
) -> ProjectSums:
    """Add up the whole account's time that is not billed.

    :param empty: takes in which projects' time, and how
    :param most_pages: raise rather than read more pages than that
    :param near_s: one connection will do where the first page takes less
    :param now: tells when the reading began, aware
    :raises TooManyPages: there are more
    :raises IncompleteListError: the time went on moving while it was read
    """
    since = now() - CLOCK_MARGIN
    walk = _Walk(page_size, most_pages)
    sums = _read(harvest, walk, empty, near_s)
    # One page shows all entries at one moment, and there each stands once.
    return _with_moved(harvest, empty, sums, since) if walk.asked > 1 else sums


def _with_moved(
    harvest: HarvestClient, empty: ProjectSums, sums: ProjectSums, since: dt.datetime
) -> ProjectSums:
    """The sums, corrected for projects whose entries may have moved while they were read.

    Entries go on moving while their projects are read again. That takes moments, and is looked at, too; what moves in
    the last of them is left to the next run.
    """

    def updated() -> dict[int, int | None]:
        """The updated entries with the project that each belongs to; ``None`` for what is billed by now."""
        found = harvest.time_entries(updated_since=since)
        return {entry.id: None if entry.is_billed else entry.project.id for entry in found}

    now = whole(updated)
    stale = _projects(sums, now, sums.places(now))
    for _ in range(_READ_ANEW):
        if not stale:
            break
        sums.replace(stale, read_each(harvest, empty, sorted(stale)))
        now = whole(updated)
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


def _read(harvest: HarvestClient, walk: _Walk, empty: ProjectSums, near_s: float) -> ProjectSums:
    began = time.perf_counter()
    first = walk.days(harvest, Days(), empty)
    if not first.left:
        return first.sums
    if time.perf_counter() - began < near_s:
        # Where answers come at once, the processor is what takes the time, and threads only get in each other's way.
        return _one_by_one(harvest, walk, first)
    with harvest.beside(CONNECTIONS) as clients:
        return _side_by_side(clients, walk, first)


def read_each(harvest: HarvestClient, empty: ProjectSums, project_ids: Collection[int]) -> ProjectSums:
    """Add up some projects' time that is not billed, one request and more for each.

    :raises IncompleteListError: the time went on moving while it was read
    """

    def read() -> ProjectSums:
        sums, seen = empty.another(), set[int]()
        for project_id in project_ids:
            for entries in final_states(harvest.time_entry_pages(project_id=project_id, is_billed=False)):
                if not seen.isdisjoint(entries):
                    raise _moved("a time entry moved from one project to another")
                seen.update(entries)
                sums.add(entries.values())
        return sums

    return whole(read)


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
            raise _moved("a time entry came again on a later page")
        for entry_id in held.keys() & fresh.keys():
            del held[entry_id]
        done.update(held)
        yield held
        held = fresh
    yield held


def _take_in(sums: ProjectSums, pages: Iterable[Page[TimeEntry]]) -> None:
    for entries in final_states(pages):
        sums.add(entries.values())
        # A page is some megabytes: none is kept while the next one comes.
        entries.clear()


def _handed_over(pages: list[Page[TimeEntry]]) -> Iterator[Page[TimeEntry]]:
    while pages:
        yield pages.pop(0)


class _Walk:
    """Reads ranges of days; of a long one it leaves all but its beginning to later walks.

    :param most_pages: of all walks together
    """

    def __init__(self, page_size: int, most_pages: int) -> None:
        self.stopped = Event()
        self._page_size = page_size
        self._most_pages = most_pages
        self._asked: SimpleQueue[None] = SimpleQueue()

    @property
    def asked(self) -> int:
        """How many pages were asked for."""
        return self._asked.qsize()

    def days(self, harvest: HarvestClient, days: Days, empty: ProjectSums) -> _Part:
        """From link to link to the range's end, or its beginning and the ranges that are left.

        :param empty: sums to begin with, which no other thread uses
        """
        return whole(lambda: self._days(harvest, days, empty))

    def _days(self, harvest: HarvestClient, days: Days, empty: ProjectSums) -> _Part:
        pages = self._pages(harvest, days)
        beginning = [next(pages)]
        while beginning[-1].links.next and len(beginning) < _pages_to_judge_by(beginning[0]):
            beginning.append(next(pages))
        sums = empty.another()
        left = cut(beginning, days)
        if left:
            entries = {entry.id: entry for page in beginning for entry in page.records}
            # All entries of the days before the last one are among them.
            sums.add(
                entry for entry in entries.values() if entry.spent_date > beginning[-1].records[-1].spent_date
            )
            return _Part(sums, left)
        _take_in(sums, chain(_handed_over(beginning), pages))
        return _Part(sums)

    def straight(self, harvest: HarvestClient, ranges: Sequence[Days], empty: ProjectSums) -> ProjectSums:
        """One range after the other, each to its end, into the same sums."""
        sums = empty.another()
        for days in ranges:
            _take_in(sums, self._pages(harvest, days))
        return sums

    def _pages(self, harvest: HarvestClient, days: Days) -> Iterator[Page[TimeEntry]]:
        found = harvest.time_entry_pages(
            is_billed=False, from_=days.first, to=days.last, page_size=self._page_size
        )
        for page in found:
            self._asked.put(None)
            if self.stopped.is_set() or max(page.total_pages or 1, self.asked) > self._most_pages:
                raise TooManyPages
            yield page


def _pages_to_judge_by(first: Page[TimeEntry]) -> int:
    """Where Harvest doesn't say how long a list is, it has to prove that it is worth cutting."""
    return 1 if first.total_pages is not None else _UNTOLD_PAGES


def cut(beginning: Sequence[Page[TimeEntry]], days: Days) -> tuple[Days, ...]:
    """Ranges for what a range's first pages leave, each of about as many pages; none where little is left.

    The last day on the pages may go on on the next one, so it belongs to what is left.

    :param beginning: the range's first pages, latest day first
    """
    dates = [entry.spent_date for page in beginning for entry in page.records]
    if (
        not beginning[-1].links.next
        or not dates
        or dates[0] == dates[-1]
        or dates != sorted(dates, reverse=True)
    ):
        return ()
    total = beginning[-1].total_pages
    pages = CONNECTIONS * _RANGE_PAGES if total is None else total - len(beginning)
    # A range that was cut already is cut again only where it is much longer than was expected.
    if pages < CONNECTIONS or (days.first is not None and (total is None or pages < 2 * _RANGE_PAGES)):
        return ()
    # As many for each connection, or some would wait for the last one.
    number = CONNECTIONS * -(-pages // (CONNECTIONS * _RANGE_PAGES))
    newer = sum(date > dates[-1] for date in dates)
    days_a_page = (dates[0] - dates[-1]).days / newer * len(beginning[0].records)
    step = dt.timedelta(days=max(1, round(days_a_page * pages / number)))
    found: list[Days] = []
    last = dates[-1]
    while len(found) < number - (total is not None) and (days.first is None or last - step >= days.first):
        found.append(Days(last - step + _DAY, last))
        last -= step
    # The oldest part first: it may turn out to be long, and to be cut again.
    return (Days(days.first, last), *found)


def _one_by_one(harvest: HarvestClient, walk: _Walk, first: _Part) -> ProjectSums:
    """Walk the ranges one after the other, newest first, as the notes take the newest lines first."""
    newest_first = sorted(first.left, key=lambda days: days.last or dt.date.max, reverse=True)
    total = first.sums
    total += whole(lambda: walk.straight(harvest, newest_first, first.sums))
    return total


def _side_by_side(clients: Sequence[HarvestClient], walk: _Walk, first: _Part) -> ProjectSums:
    """Walk the ranges over all connections at once; none is walked by two."""
    idle: SimpleQueue[HarvestClient] = SimpleQueue()
    for client in clients:
        idle.put(client)

    def task(days: Days, empty: ProjectSums) -> _Part:
        client = idle.get()
        try:
            return walk.days(client, days, empty)
        finally:
            idle.put(client)

    total, waiting = first.sums, list(first.left)
    with ThreadPoolExecutor(len(clients), thread_name_prefix="harvest") as threads:
        running: set[Future[_Part]] = set()
        try:
            while waiting or running:
                while waiting and len(running) < len(clients):
                    # A walk begins where the total stands: lines older than those that fill a project's notes are not
                    # made again. Only this thread looks at the total, as it is added to here.
                    running.add(threads.submit(task, waiting.pop(0), total.another()))
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    part = future.result()
                    total += part.sums
                    waiting = [*part.left, *waiting]
        except BaseException:
            walk.stopped.set()
            raise
    return total


def _moved(what: str) -> Exception:
    return Completeness("Harvest", "GET /time_entries").error(what)

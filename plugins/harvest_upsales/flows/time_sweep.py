"""The account's time, added up by project while it is read; long lists over several connections at once.

A list is walked from link to link, so one connection waits for each answer before it can ask again. Disjoint ranges of
days can be walked side by side. A range that turns out longer than expected is cut again.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import chain
from queue import SimpleQueue
from threading import Event

from harvest_upsales.api.harvest_api import HarvestClient
from harvest_upsales.api.harvest_pages import PAGE_SIZE, Page
from harvest_upsales.api.moving_lists import reread_if_moved
from harvest_upsales.domain.time_sums import ProjectSums
from harvest_upsales.flows.day_ranges import CONNECTIONS, Days, cut, pages_to_judge_by
from harvest_upsales.flows.moved_entries import put_right
from harvest_upsales.flows.time_pages import add_and_drop, popped
from harvest_upsales.records.harvest_records import TimeEntry

# How far this machine's clock may run ahead of Harvest's; wider, and most of a busy day's projects are read twice.
CLOCK_MARGIN = dt.timedelta(minutes=5)
# Where the first page takes less, one connection will do.
_NEAR_S = 0.05


def utc_now() -> dt.datetime:
    """The time of day by this machine's clock."""
    return dt.datetime.now(dt.UTC)


class TooManyPages(Exception):
    """The list has more pages than the caller wants to read."""


@dataclass(frozen=True, slots=True)
class _Part:
    """What one walk has read, and the ranges that it leaves to others."""

    sums: ProjectSums
    left: Sequence[Days] = ()


def sweep(
    harvest: HarvestClient,
    like: ProjectSums,
    *,
    most_pages: int,
    page_size: int = PAGE_SIZE,
    near_s: float = _NEAR_S,
    now: Callable[[], dt.datetime] = utc_now,
) -> ProjectSums:
    """Add up the whole account's time that is not billed.

    :param like: whose projects' time is taken in, and by which rules; it is left as it is
    :param most_pages: raise rather than read more pages than that
    :param near_s: one connection will do where the first page takes less
    :param now: tells when the reading began, aware
    :raises TooManyPages: there are more
    :raises IncompleteListError: the time went on moving while it was read
    """
    since = now() - CLOCK_MARGIN
    walk = _Walk(page_size, most_pages)
    sums = _read(harvest, walk, like, near_s)
    # One page shows all entries at one moment, and there each stands once.
    return put_right(harvest, sums, since, like) if walk.asked > 1 else sums


def _read(harvest: HarvestClient, walk: _Walk, like: ProjectSums, near_s: float) -> ProjectSums:
    began = time.perf_counter()
    first = walk.days(harvest, Days(), like)
    if not first.left:
        return first.sums
    if time.perf_counter() - began < near_s:
        # Where answers come at once, the processor is what takes the time, and threads only get in each other's way.
        return _one_by_one(harvest, walk, first)
    with harvest.beside(CONNECTIONS) as clients:
        return _side_by_side(clients, walk, first)


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

    def days(self, harvest: HarvestClient, days: Days, like: ProjectSums) -> _Part:
        """From link to link to the range's end, or its beginning and the ranges that are left.

        :param like: sums whose projects and rules are taken over; no other thread uses them
        """
        return reread_if_moved(lambda: self._days(harvest, days, like))

    def _days(self, harvest: HarvestClient, days: Days, like: ProjectSums) -> _Part:
        pages = self._pages(harvest, days)
        beginning = [next(pages)]
        while beginning[-1].links.next and len(beginning) < pages_to_judge_by(beginning[0]):
            beginning.append(next(pages))
        sums = like.fresh()
        left = cut(beginning, days)
        if left:
            entries = {entry.id: entry for page in beginning for entry in page.records}
            # All entries of the days before the last one are among them.
            sums.add(
                entry for entry in entries.values() if entry.spent_date > beginning[-1].records[-1].spent_date
            )
            return _Part(sums, left)
        add_and_drop(sums, chain(popped(beginning), pages))
        return _Part(sums)

    def straight(self, harvest: HarvestClient, ranges: Sequence[Days], like: ProjectSums) -> ProjectSums:
        """One range after the other, each to its end, into the same sums."""
        sums = like.fresh()
        for days in ranges:
            add_and_drop(sums, self._pages(harvest, days))
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


def _one_by_one(harvest: HarvestClient, walk: _Walk, first: _Part) -> ProjectSums:
    """Walk the ranges one after the other, newest first, as the notes take the newest lines first."""
    newest_first = sorted(first.left, key=lambda days: days.last or dt.date.max, reverse=True)
    total = first.sums
    total += reread_if_moved(lambda: walk.straight(harvest, newest_first, first.sums))
    return total


def _side_by_side(clients: Sequence[HarvestClient], walk: _Walk, first: _Part) -> ProjectSums:
    """Walk the ranges over all connections at once; none is walked by two."""
    idle: SimpleQueue[HarvestClient] = SimpleQueue()
    for client in clients:
        idle.put(client)

    def task(days: Days, like: ProjectSums) -> _Part:
        client = idle.get()
        try:
            return walk.days(client, days, like)
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
                    running.add(threads.submit(task, waiting.pop(0), total.fresh()))
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    part = future.result()
                    total += part.sums
                    waiting = [*part.left, *waiting]
        except BaseException:
            walk.stopped.set()
            raise
    return total

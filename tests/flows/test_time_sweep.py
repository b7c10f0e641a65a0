"""Reading the account's time over several connections: exact, within the limit, each range by one alone."""

import datetime as dt
import itertools
import threading
from decimal import Decimal
from typing import Any

import pytest
import requests

from harvest_upsales.api.harvest_api import HarvestClient
from harvest_upsales.api.harvest_pages import Links, TimeEntriesPage
from harvest_upsales.api.rate_limit import HARVEST_LIMITS, RateLimiter, Window
from harvest_upsales.api.transport import Transport
from harvest_upsales.domain.time_sums import CountedTime, ProjectSums, TimeSums, counted_time
from harvest_upsales.errors import IncompleteListError
from harvest_upsales.flows.day_ranges import CONNECTIONS, Days, cut
from harvest_upsales.flows.time_pages import final_states
from harvest_upsales.flows.time_sweep import TooManyPages, sweep
from harvest_upsales.records.harvest_records import Reference
from tests.flows.run_harness import Bench
from tests.unit.domain.builders import entry

PAGE = 5


@pytest.fixture(params=["mixed", "numbers"], ids=["totals untold", "totals told"])
def projects(bench: Bench, request: pytest.FixtureRequest) -> list[int]:
    """Three projects with about seventy days of uneven time; Harvest may say how long its lists are, or not."""
    bench.world.harvest.paging = request.param
    made = [bench.add_project(f"Nr {number}") for number in range(3)]
    for day in range(70):
        for number in range(day * 7 % 5):
            bench.add_time(made[(day + number) % 3], Decimal(number + 1) / 4, days_ago=day, notes=f"{day}")
    return made


def client_of(bench: Bench, limits: Any = HARVEST_LIMITS) -> HarvestClient:
    """A client that can open more connections."""
    known = bench.harvest.transport._session.headers

    def session() -> requests.Session:
        made = requests.Session()
        made.trust_env = False
        made.headers.update(known)
        return made

    transport = Transport(
        session(), bench.server.harvest_url, service="Harvest", limiter=RateLimiter(limits),
        more_sessions=session,
    )  # fmt: skip
    return HarvestClient(transport, bench.harvest.account_id)


def swept(harvest: HarvestClient, projects: list[int], **how: Any) -> dict[int, CountedTime]:
    empty = ProjectSums(projects, TimeSums(approved_only=False))
    return sweep(harvest, empty, **{"most_pages": 1000, "page_size": PAGE, "near_s": 0, **how}).totals()


def asked(bench: Bench) -> list[dict[str, str]]:
    found = [e for e in bench.world.journal.entries if e["path"] == "/time_entries"]
    return [dict(e["query"]) for e in found]


@pytest.mark.parametrize("near_s", [0, 1000], ids=["side by side", "one after the other"])
def test_ranges_read_side_by_side_add_up_to_the_whole_list(
    bench: Bench, projects: list[int], near_s: float
) -> None:
    whole = list(bench.harvest.time_entries(is_billed=False))

    found = swept(client_of(bench), projects, near_s=near_s)

    for project in projects:
        expected = counted_time([e for e in whole if e.project.id == project], approved_only=False)
        assert (found[project].number, found[project].hours) == (expected.number, expected.hours)
        assert found[project].listed == expected.listed
    ranges = {(query.get("from"), query.get("to")) for query in asked(bench)}
    assert len(ranges) > CONNECTIONS


def test_side_by_side_never_asks_much_more_than_page_by_page(bench: Bench, projects: list[int]) -> None:
    entries = len(list(bench.harvest.time_entries(is_billed=False)))
    before = len(asked(bench))

    swept(client_of(bench), projects)

    pages = -(-entries // PAGE)
    assert len(asked(bench)) - before <= 1.5 * pages + 2 * CONNECTIONS


def test_connections_share_the_limit(bench: Bench, projects: list[int]) -> None:
    bench.world.limits.enabled = True
    bench.world.limits.harvest.limit, bench.world.limits.harvest.seconds = 8, 0.5
    harvest = client_of(bench, {"all": [Window(8, 0.5)]})

    swept(harvest, projects)

    assert not [e for e in bench.world.journal.entries if e["status"] == 429]
    assert harvest.transport.stats.waited_s > 0
    assert harvest.transport.stats.requests == len(asked(bench))


def test_more_pages_than_wanted_are_not_read(bench: Bench, projects: list[int]) -> None:
    with pytest.raises(TooManyPages):
        swept(client_of(bench), projects, most_pages=2)

    assert len(asked(bench)) <= 3


def test_a_range_that_moved_is_read_anew_by_itself(bench: Bench, projects: list[int]) -> None:
    failed = threading.Event()

    class Sums(ProjectSums):
        def add(self, entries: Any) -> None:
            if threading.current_thread() is not threading.main_thread() and not failed.is_set():
                failed.set()
                raise IncompleteListError("moved", service="Harvest", call="GET /time_entries")
            super().add(entries)

        def fresh(self) -> ProjectSums:
            return Sums(projects, TimeSums(approved_only=False))

    whole = list(bench.harvest.time_entries(is_billed=False))
    sums = sweep(
        client_of(bench),
        Sums(projects, TimeSums(approved_only=False)),
        most_pages=1000,
        page_size=PAGE,
        near_s=0,
    )

    # The range that moved was read again from its start, and nothing of the broken reading is in the sums.
    assert failed.is_set()
    assert sum(time.number for time in sums.totals().values()) == len(whole)


@pytest.mark.parametrize("nth", [2, 5, 9, 14])
@pytest.mark.parametrize(("days_ago", "to"), [(3, 66), (66, 3)], ids=["to older days", "to newer days"])
@pytest.mark.parametrize("near_s", [0, 1000], ids=["side by side", "one after the other"])
def test_an_entry_moved_to_other_days_meanwhile_counts_once(
    bench: Bench, projects: list[int], nth: int, days_ago: int, to: int, near_s: float
) -> None:
    moved = bench.add_time(projects[0], 7, days_ago=days_ago)
    bench.world.clock.advance(dt.timedelta(hours=1))
    day = bench.world.today - dt.timedelta(days=to)
    move = bench.world.moments.after(
        "harvest",
        "^/time_entries$",
        lambda: bench.world.harvest.edit_time(moved, spent_date=day.isoformat()),
        nth=nth,
    )

    found = swept(client_of(bench), projects, near_s=near_s, now=bench.world.clock.now)

    assert move.happened
    expect_the_present(bench, found, projects)


@pytest.mark.parametrize("nth", [2, 5, 9, 14])
@pytest.mark.parametrize("days_ago", [3, 66])
@pytest.mark.parametrize(
    ("left", "to"), [(0, 1), (0, None), (None, 0)], ids=["both", "the one left", "the other"]
)
@pytest.mark.parametrize("near_s", [0, 1000], ids=["side by side", "one after the other"])
def test_an_entry_moved_to_another_project_meanwhile_counts_in_one(
    bench: Bench,
    projects: list[int],
    nth: int,
    days_ago: int,
    left: int | None,
    to: int | None,
    near_s: float,
) -> None:
    """Whichever of the two projects is asked for."""
    elsewhere = bench.add_project("Elsewhere")
    moved = bench.add_time(elsewhere if left is None else projects[left], 7, days_ago=days_ago)
    bench.world.clock.advance(dt.timedelta(hours=1))
    target = elsewhere if to is None else projects[to]
    move = bench.world.moments.after(
        "harvest", "^/time_entries$", lambda: bench.world.harvest.edit_time(moved, project_id=target), nth=nth
    )

    found = swept(client_of(bench), projects, near_s=near_s, now=bench.world.clock.now)

    assert move.happened
    expect_the_present(bench, found, projects)


@pytest.mark.parametrize("again", [1, 2])
def test_nor_does_one_that_moves_again_while_its_projects_are_read_anew(
    bench: Bench, projects: list[int], again: int
) -> None:
    moved = bench.add_time(projects[0], 7, days_ago=3)
    bench.world.clock.advance(dt.timedelta(hours=1))
    moments = bench.world.moments

    def to(number: int) -> None:
        bench.world.harvest.edit_time(moved, project_id=projects[number])

    moments.after("harvest", "^/time_entries$", lambda: to(1), nth=9)
    asked_for = len(asked(bench))

    def while_read_anew() -> None:
        anew = [query for query in asked(bench)[asked_for:] if "project_id" in query]
        if len(anew) == again and not back:
            back.append(to(2))

    back: list[None] = []
    moments.after("harvest", "^/time_entries$", while_read_anew, nth=None)

    found = swept(client_of(bench), projects, now=bench.world.clock.now)

    assert back
    expect_the_present(bench, found, projects)


def expect_the_present(bench: Bench, found: dict[int, CountedTime], projects: list[int]) -> None:
    """What was added up is what Harvest has now."""
    whole = list(bench.harvest.time_entries(is_billed=False))
    for project in projects:
        expected = counted_time([e for e in whole if e.project.id == project], approved_only=False)
        assert (found[project].number, found[project].hours) == (expected.number, expected.hours)
        assert found[project].listed == expected.listed


def page(*days: str, pages: int = 40) -> TimeEntriesPage:
    records = [entry(number, spent_date=day) for number, day in enumerate(days)]
    return TimeEntriesPage(records=records, links=Links("next" if pages > 1 else None), total_pages=pages)


def test_cuts_are_disjoint_and_leave_nothing_out() -> None:
    oldest, *found = cut([page("2026-10-30", "2026-10-29", "2026-10-28", "2026-10-28")], Days())

    assert found[0].last == dt.date(2026, 10, 28)
    assert oldest.first is None
    for newer, older in itertools.pairwise([*found, oldest]):
        assert newer.first is not None
        assert older.last == newer.first - dt.timedelta(days=1)


@pytest.mark.parametrize(
    "first",
    [
        page("2026-10-30", "2026-10-30"),
        page("2026-10-29", "2026-10-30"),
        page("2026-10-30", "2026-10-29", pages=CONNECTIONS),
        page(pages=1),
    ],
    ids=["one day", "not in order", "short", "empty"],
)
def test_what_can_t_be_cut_is_read_from_link_to_link(first: TimeEntriesPage) -> None:
    assert cut([first], Days()) == ()


def pages_of(*pages: list[Any]) -> list[Any]:
    return [TimeEntriesPage(records=records, links=Links(None)) for records in pages]


def test_an_entry_pushed_to_the_next_page_counts_once_as_it_came_last() -> None:
    moved = entry(2, rounded_hours="2", project=Reference(7))

    found = list(final_states(pages_of([entry(3), entry(2)], [moved, entry(1)])))

    assert [list(part) for part in found] == [[], [3], [2, 1]]
    assert found[2][2] is moved


def test_an_entry_that_comes_again_much_later_has_the_list_read_anew() -> None:
    with pytest.raises(IncompleteListError):
        list(final_states(pages_of([entry(3)], [entry(2)], [entry(3)])))

"""Lists that move while they are read: sums are exact, or the run says why not, and the next one mends it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest

from harvest_upsales.errors import IncompleteListError
from sandbox.world import World
from tests.flows.run_harness import EVERYTHING, Bench, Run, serve
from tests.reliability.books import audit
from tests.reliability.figures import FIGURES, Figures
from tests.reliability.movements import MOVEMENTS, Movement

PART = "pages that move"
TODAY = date(2026, 11, 22)
LISTS = {
    "time": ("harvest", "^/time_entries$"),
    "projects": ("harvest", "^/projects$"),
    "uninvoiced report": ("harvest", "^/reports/uninvoiced$"),
    "invoices": ("harvest", "^/invoices$"),
    "orders": ("upsales", "^/orders$"),
}
PAGINGS = ("mixed", "numbers", "cursors")


@pytest.fixture(scope="module", autouse=True)
def counted() -> None:
    FIGURES.add(PART, "lists", len(LISTS))
    FIGURES.add(PART, "movements", len(MOVEMENTS))


@contextmanager
def running(world: World) -> Iterator[Bench]:
    # With a billing app, time that changes after the win is a matter for people.
    world.billing.connected = False
    yield from serve(world)


def consultancy(bench: Bench) -> None:
    """Two clients with projects of some entries each, synced; then more time, a won order, and short pages."""
    for name in ("Fjäll AB", "Sjö AB"):
        client = bench.add_client(name)
        for number in range(3):
            project = bench.add_project(f"{name} {number}", client=client, hourly_rate=1000 + 50 * number)
            for day in (2, 20):
                bench.add_time(project, "1.25", days_ago=day + number)
            if name == "Fjäll AB":
                by_hand = bench.add_project(f"By hand {number}", client=client)
                bench.add_time(by_hand, 1)
                bench.invoice_by_hand(by_hand)
    first = bench.run()
    bench.win(int(bench.orders_of(first.outcomes[0].project_id)[0]["id"]))
    for outcome in first.outcomes[1:]:
        bench.add_time(outcome.project_id, "0.5", days_ago=7)
    bench.world.harvest.most_per_page = bench.world.upsales.most_per_page = 2


def told(run: Run) -> set[int]:
    """Projects of which the run says that they differ, failed or changed."""
    assert run.reconciled is not None
    found = {line.project_id for line in run.reconciled.lines if line.drift or line.state != "equal"}
    found |= {outcome.project_id for outcome in run.outcomes if outcome.action == "fail"}
    return found | {order.order_id for order in run.found.orders if order.order_id in run.errors}


def wrong(world: World) -> set[int]:
    """Projects whose sums in Upsales are not Harvest's."""
    found = (re.match(r"project (\d+):", loss) for loss in audit(world).losses)
    return {int(match[1]) for match in found if match}


def unsaid_after(bench: Bench) -> tuple[str, set[int]]:
    """What a run came to, and the projects that it left wrong without a word."""
    try:
        run = bench.run(EVERYTHING)
    except IncompleteListError:
        return "said why not", set()
    left = wrong(bench.world)
    return ("said why not" if left else "exact"), left - told(run)


def calm(bench: Bench) -> None:
    """Run until there is nothing left to do."""
    bench.world.moments.clear()
    for _ in range(3):
        if not bench.run().writes:
            return
    assert bench.run().writes == []


def try_case(figures: Figures, name: str, movement: Movement, nth: int, paging: str) -> bool:
    """One movement after the nth answer of a list.

    :returns: whether the run read so many pages
    """
    world = World.new(TODAY)
    with running(world) as bench:
        consultancy(bench)
        world.harvest.paging = paging  # type: ignore[assignment]
        moment = world.moments.after(*LISTS[name], lambda: movement(world), nth=nth)
        outcome, unsaid = unsaid_after(bench)
        if not moment.happened:
            return False
        assert not unsaid, (name, movement.__name__, nth, paging)
        assert not audit(world, settled=False).duplicates
        calm(bench)
        figures.add(PART, "cases")
        figures.add(PART, outcome)
        figures.judge(PART, audit(world))
        assert world.journal.violations == []
        return True


def cases(full: bool) -> list[tuple[str, Movement, int, str]]:
    """List, movement, after which answer, and how Harvest pages: each movement in each list, or a part of them."""
    found = []
    for row, name in enumerate(LISTS):
        for column, movement in enumerate(MOVEMENTS):
            place = 3 * row + column
            for nth in (1 + place % 2, 3 + place % 3) if full else (1 + place % 3,):
                if full or place % 7 == 0:
                    found.append((name, movement, nth, PAGINGS[(place + nth) % 3]))
    return found


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "movement" in metafunc.fixturenames:
        metafunc.parametrize(
            ("name", "movement", "nth", "paging"),
            [
                pytest.param(*case, id=f"{case[0]}-{case[1].__name__}-{case[2]}-{case[3]}")
                for case in cases(bool(metafunc.config.getoption("full")))
            ],
        )


def test_a_list_moves_while_a_run_reads_it(
    figures: Figures, name: str, movement: Movement, nth: int, paging: str
) -> None:
    assert try_case(figures, name, movement, nth, paging) or nth > 2

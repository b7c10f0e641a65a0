"""One list at a time, also of thousands: whatever was there all along is read, once, in its latest state."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from harvest_upsales.api.harvest_pages import key_of
from harvest_upsales.api.moving_lists import ATTEMPTS, latest, reread_if_moved
from harvest_upsales.errors import IncompleteListError, Recovery
from harvest_upsales.flows.reading import read_time, read_uninvoiced_time
from harvest_upsales.records.upsales_records import OrderBrief
from sandbox.harvest.invoicing import blank_invoice
from sandbox.minimal import STAGE_PROSPECT
from sandbox.world import World
from tests.flows.run_harness import Bench
from tests.reliability.figures import Figures

PART = "pages that move"
TIME = ("harvest", "^/time_entries$")


def add_entries(bench: Bench, count: int, projects: int = 1) -> list[int]:
    """Entries of several projects and days; the later ones are listed first.

    :returns: the projects
    """
    found = [bench.add_project(f"Project {number}") for number in range(projects)]
    for number in range(count):
        bench.add_time(found[number % projects], 1, days_ago=1 + (count - number) // 40)
    return found


def add_projects(bench: Bench, count: int) -> None:
    client = bench.world.harvest.add_client("Fjäll AB")
    for number in range(count):
        bench.world.harvest.add_project(client, f"Project {number}", hourly_rate=1000)


def add_invoices(bench: Bench, count: int) -> None:
    account = bench.world.harvest
    client = account.clients[account.add_client("Fjäll AB")]
    for number in range(count):
        invoice = blank_invoice(account, client, (None, None))
        account.invoices[invoice["id"]] = invoice | {"purchase_order": f"PO {number}"}


def add_orders(bench: Bench, count: int) -> None:
    company = bench.world.upsales.add_company("Fjäll AB")
    for number in range(count):
        bench.world.upsales.add_order(company, stage_id=STAGE_PROSPECT, description=f"Order {number}")


def read_entries(bench: Bench) -> list[int]:
    return [
        e.id for e in reread_if_moved(lambda: latest(bench.harvest.time_entries(is_billed=False), key_of))
    ]


def read_projects(bench: Bench) -> list[int]:
    return [project.id for project in bench.harvest.projects()]


def read_invoices(bench: Bench) -> list[int]:
    (client,) = bench.world.harvest.clients
    return [invoice.id for invoice in bench.harvest.invoices(client_id=client)]


def read_orders(bench: Bench) -> list[int]:
    return [order.id for order in bench.upsales.orders(OrderBrief)]


class Kind:
    """A list: how it is filled, read, where its records are, and which end of it is read first.

    :param records: id → record in the world
    :param newest_first: the record with the highest number is on the first page
    """

    def __init__(
        self,
        path: tuple[str, str],
        fill: Callable[[Bench, int], object],
        read: Callable[[Bench], list[int]],
        records: Callable[[World], dict[int, Any]],
        *,
        newest_first: bool = True,
    ) -> None:
        self.path, self.fill, self.read, self.records = path, fill, read, records
        self.newest_first = newest_first

    def read_first(self, world: World) -> int:
        """The record at the list's beginning."""
        return (max if self.newest_first else min)(self.records(world))

    def read_last(self, world: World) -> int:
        """The record at the list's end."""
        return (min if self.newest_first else max)(self.records(world))


KINDS = {
    "time": Kind(TIME, add_entries, read_entries, lambda world: world.harvest.time_entries),
    "projects": Kind(
        ("harvest", "^/projects$"), add_projects, read_projects, lambda world: world.harvest.projects
    ),
    "invoices": Kind(
        ("harvest", "^/invoices$"), add_invoices, read_invoices, lambda world: world.harvest.invoices
    ),
    "orders": Kind(
        ("upsales", "^/orders$"),
        add_orders,
        read_orders,
        lambda world: world.upsales.orders,
        newest_first=False,
    ),
}


def delete_first(kind: Kind, world: World) -> None:
    del kind.records(world)[kind.read_first(world)]


def delete_last(kind: Kind, world: World) -> None:
    del kind.records(world)[kind.read_last(world)]


def delete_many(kind: Kind, world: World) -> None:
    for _ in range(3):
        delete_first(kind, world)


def nothing(kind: Kind, world: World) -> None:
    pass


def ways(metafunc_full: bool) -> Iterator[Any]:
    for name in KINDS:
        for paging in ("numbers", "cursors") if name != "orders" else ("mixed",):
            for count, size in ((7, 3), (9, 3), (2000, 2000), (2001, 2000), (4000, 2000)):
                for move in (nothing, delete_first, delete_last, delete_many):
                    usual = count == 7 or (count == 2001 and move is delete_first and name == "time")
                    if metafunc_full or usual:
                        yield pytest.param(
                            name, paging, count, size, move, id=f"{name}-{paging}-{count}-{move.__name__}"
                        )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "move" in metafunc.fixturenames:
        full = bool(metafunc.config.getoption("full"))
        metafunc.parametrize(("name", "paging", "count", "size", "move"), list(ways(full)))


def test_what_was_there_all_along_is_read_once(
    bench: Bench, figures: Figures, name: str, paging: str, count: int, size: int, move: Any
) -> None:
    kind, world = KINDS[name], bench.world
    kind.fill(bench, count)
    world.harvest.paging = paging  # type: ignore[assignment]
    world.harvest.most_per_page = world.upsales.most_per_page = size
    before = set(kind.records(world))
    world.moments.after(*kind.path, lambda: move(kind, world))

    found = kind.read(bench)

    assert len(found) == len(set(found))
    assert before & set(kind.records(world)) <= set(found) <= before
    if move is nothing:
        # How large orders are shows only on the first page, so that one asks for fewer.
        first = min(size, 1000) if name == "orders" else size
        pages = 1 + max(0, math.ceil((count - first) / size))
        assert len(world.journal.entries) == pages, "a list at rest costs no request more"
    figures.add(PART, "cases")
    figures.add(PART, "exact")


def test_a_list_that_never_rests_fails_and_can_be_tried_again(bench: Bench) -> None:
    add_entries(bench, 40)
    account = bench.world.harvest
    account.paging, account.most_per_page = "numbers", 3
    moment = bench.world.moments.after(
        *TIME, lambda: account.delete_time(max(account.time_entries)), nth=None
    )

    with pytest.raises(
        IncompleteListError, match=r"^Harvest GET /time_entries: .* 1 records disappeared"
    ) as error:
        read_entries(bench)

    assert error.value.recovery is Recovery.WAIT_AND_RETRY
    assert moment.happened == 2 * ATTEMPTS


def test_an_entry_that_moves_to_a_page_read_before_is_looked_for(bench: Bench) -> None:
    add_entries(bench, 7)
    account, today = bench.world.harvest, bench.world.today
    account.paging, account.most_per_page = "numbers", 3
    oldest = min(account.time_entries)
    bench.world.moments.after(*TIME, lambda: account.edit_time(oldest, spent_date=today))

    assert sorted(read_entries(bench)) == sorted(account.time_entries)


@pytest.mark.parametrize("paging", ["numbers", "cursors"])
def test_the_later_state_of_an_entry_that_comes_twice_counts(bench: Bench, paging: Any) -> None:
    (project,) = add_entries(bench, 7)
    account = bench.world.harvest
    account.paging, account.most_per_page = paging, 3
    newest = max(account.time_entries)

    def correct() -> None:
        day = bench.world.today - dt.timedelta(days=50)
        account.edit_time(newest, spent_date=day, hours=9)

    bench.world.moments.after(*TIME, correct)
    found = read_time(bench.harvest, project, is_billed=False)

    assert sum(entry.rounded_hours for entry in found) == 15
    assert len(found) == 7


@pytest.mark.parametrize("projects", [2, 5], ids=["project by project", "one sweep"])
def test_time_moved_from_project_to_project_counts_in_one(bench: Bench, projects: int) -> None:
    ids = add_entries(bench, 12, projects)
    account = bench.world.harvest
    account.paging, account.most_per_page = "numbers", 12 // projects + 1
    entry = next(e["id"] for e in account.time_entries.values() if e["project"]["id"] == ids[0])
    bench.world.moments.after(*TIME, lambda: account.edit_time(entry, project_id=ids[1]))

    found = read_uninvoiced_time(bench.harvest, ids, bench.settings())

    held = Counter(e["project"]["id"] for e in account.time_entries.values())
    assert {project: time.number for project, time in found.items()} == dict(held)
    assert sum(time.hours for time in found.values()) == len(account.time_entries)


def test_time_moved_to_a_project_that_nobody_asked_for_is_left_out(bench: Bench) -> None:
    *ids, other = add_entries(bench, 20, 5)
    account = bench.world.harvest
    account.most_per_page = 8
    newest = max(e["id"] for e in account.time_entries.values() if e["project"]["id"] == ids[0])

    def move() -> None:
        day = bench.world.today - dt.timedelta(days=50)
        account.edit_time(newest, project_id=other, spent_date=day)

    bench.world.moments.after(*TIME, move)

    assert read_uninvoiced_time(bench.harvest, ids, bench.settings())[ids[0]].number == 3


def test_a_fixed_fees_invoice_that_slid_away_is_not_made_again(bench: Bench) -> None:
    account = bench.world.harvest
    project = bench.add_project(is_fixed_fee=True, fee=50_000, hourly_rate=None)
    bench.add_time(project, 2)
    order = int(bench.run().outcome(project).order_id or 0)
    client = account.projects[project]["client"]["id"]
    bench.win(order)
    bench.run()
    bench.world.upsales.set_custom(order, "HARVEST_INVOICE", None)
    others = [blank_invoice(account, account.clients[client], (None, None)) for _ in range(4)]
    account.invoices |= {invoice["id"]: invoice for invoice in others}
    account.paging, account.most_per_page = "numbers", 4
    bench.world.moments.after("harvest", "^/invoices$", lambda: account.invoices.pop(others[0]["id"], None))

    settled = bench.run().settled[order]

    fees = [line["amount"] for i in account.invoices.values() for line in i["line_items"]]
    assert fees == [Decimal(50_000)]
    assert settled.done[0].startswith("found Harvest invoice")


# --- answers that lead nowhere ---------------------------------------------------------------------------------


def forget_links(body: Any) -> None:
    del body["links"]


def repeat_the_cursor(body: Any) -> None:
    body["links"]["next"] = body["links"]["first"]


def lose_the_cursor(body: Any) -> None:
    body["links"]["next"] = None


def test_a_page_without_links_is_no_end(bench: Bench) -> None:
    add_entries(bench, 7)
    bench.world.harvest.most_per_page = 3
    bench.world.moments.change(*TIME, forget_links, nth=2)

    with pytest.raises(Exception, match=r"Harvest GET /time_entries.*`links`"):
        read_entries(bench)


@pytest.mark.parametrize("paging", ["numbers", "cursors"])
def test_a_repeated_cursor_is_tried_again_from_the_start(bench: Bench, paging: Any) -> None:
    add_entries(bench, 7)
    bench.world.harvest.paging, bench.world.harvest.most_per_page = paging, 3
    bench.world.moments.change(*TIME, repeat_the_cursor, nth=2)

    assert sorted(read_entries(bench)) == sorted(bench.world.harvest.time_entries)


def test_a_list_that_ends_before_its_total_is_tried_again(bench: Bench) -> None:
    add_entries(bench, 7)
    bench.world.harvest.paging, bench.world.harvest.most_per_page = "numbers", 3
    bench.world.moments.change(*TIME, lose_the_cursor, nth=2)

    assert sorted(read_entries(bench)) == sorted(bench.world.harvest.time_entries)


# --- Upsales ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("says_totals", [True, False])
def test_orders_are_read_to_their_end_with_or_without_totals(bench: Bench, says_totals: bool) -> None:
    add_orders(bench, 7)
    bench.world.upsales.says_totals, bench.world.upsales.most_per_page = says_totals, 3

    assert read_orders(bench) == sorted(bench.world.upsales.orders)


def test_an_empty_page_before_the_total_is_no_end(bench: Bench) -> None:
    add_orders(bench, 7)
    bench.world.upsales.most_per_page = 3
    bench.world.moments.change("upsales", "^/orders$", lambda body: body["data"].clear(), nth=2)

    with pytest.raises(IncompleteListError, match=r"^Upsales GET /orders: .* 4 more records"):
        read_orders(bench)


def test_a_field_that_slides_to_a_page_read_before_is_not_made_again(bench: Bench) -> None:
    upsales = bench.world.upsales
    bench.services()
    numbers = [upsales.add_order_field(f"Old field {number}") for number in range(6)]
    upsales.most_per_page = 3
    path = "^/customfields/order$"

    def listed() -> list[int]:
        return [field.id for field in bench.upsales.order_fields()]

    first_page = listed()[:3]
    gone = next(number for number in first_page if number in numbers)
    moment = bench.world.moments.after("upsales", path, lambda: upsales.order_fields.pop(gone, None), nth=1)

    assert sorted(listed()) == sorted(upsales.order_fields)
    assert moment.happened == 1

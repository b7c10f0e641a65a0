"""What the fault matrix does: steps that together ask for everything that the plugin ever asks for.

Each step is prepared without faults; that state is kept, and every case begins at a copy of it.
"""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from harvest_upsales.errors import HarvestUpsalesError
from harvest_upsales.flows.billing_sync import call_again
from sandbox.minimal import STAGE_VERBAL_AGREEMENT
from sandbox.world import World
from tests.flows.run_harness import BILLED, EVERYTHING, Bench, Run

SENT = {"create_missing_companies": True, "invoice_state": "sent", **BILLED}
UNDO = {"create_missing_companies": True, "reopened_orders": "undo", **BILLED}
MONTHS = {"opportunity_per": "month", **BILLED}
_PARTS = ("harvest", "upsales", "billing")
_NOT_STATE = frozenset({"clock", "lock", "account", "on_saved", "_ids", "_timers"})

Errors = list[HarvestUpsalesError]


class WholeTask(Errors):
    """The error with which a task ended as a whole, not for one project or order."""


Act = Callable[[Bench], Errors]


@dataclass(frozen=True)
class Step:
    """Something that the plugin does.

    :param prepare: brings the world to where it begins
    :param act: does it, and returns what failed
    :param writes: whether it may change anything
    """

    name: str
    prepare: Callable[[Bench], None]
    act: Act
    writes: bool = True


class Snapshot:
    """The world's state, ids that were given out apart."""

    def __init__(self, world: World) -> None:
        self._kept = copy.deepcopy(_state(world))
        self._time = world.clock.now() - dt.datetime.now(dt.UTC)

    def restore(self, world: World) -> None:
        """Bring the world back to it."""
        with world.lock:
            for part, state in copy.deepcopy(self._kept).items():
                vars(getattr(world, part)).update(state)
            world.faults.clear()
            world.clock.advance(self._time - (world.clock.now() - dt.datetime.now(dt.UTC)))

    def is_state_of(self, world: World) -> bool:
        """Whether nothing has changed since."""
        return self._kept == _state(world)


def _state(world: World) -> dict[str, dict[str, Any]]:
    return {
        part: {name: value for name, value in vars(getattr(world, part)).items() if name not in _NOT_STATE}
        for part in _PARTS
    }


# --- acts ----------------------------------------------------------------------------------------------------


def failures_of(run: Run) -> Errors:
    """Everything that a run's tasks failed with."""
    return [*run.failures, *run.errors.values()]


def a_run(window: Callable[[Bench], Any] = lambda bench: bench.last_hour, **settings: Any) -> Act:
    """A run of the DAG; where a task fails as a whole, the later ones don't run."""

    def act(bench: Bench) -> Errors:
        try:
            return failures_of(bench.run(window(bench), **settings))
        except HarvestUpsalesError as error:
            return WholeTask([error])

    return act


def calling_again(bench: Bench) -> Errors:
    """A person clears ``sync_billing`` after the app had failed."""
    (order_id,) = bench.world.upsales.orders
    try:
        call_again(bench.services(**BILLED), order_id)
    except HarvestUpsalesError as error:
        return [error]
    return []


def testing_the_connections(bench: Bench) -> Errors:
    """What the Test button of both connections asks for."""
    failed = []
    for ask in (bench.harvest.me, bench.harvest.company, bench.upsales.owner):
        try:
            ask()
        except HarvestUpsalesError as error:
            failed.append(error)
    return failed


# --- worlds --------------------------------------------------------------------------------------------------


def tracked(bench: Bench) -> None:
    """Clients that are found by name, by a contact's address, and not at all; two rates, a currency, a fixed fee."""
    world = bench.world
    fjord = bench.add_client("Fjord AB")
    euro = bench.add_client("Tulip BV", "EUR")
    society = world.harvest.add_client("Föreningen")
    world.harvest.add_contact(society, "A", "B", "ekonomi@kund.example")
    world.upsales.add_contact(world.upsales.add_company("Kustens Stiftelse"), "E", "ekonomi@kund.example")
    new = world.harvest.add_client("Nykund AB")
    for number, client in enumerate((fjord, euro, society, new, new)):
        project = bench.add_project(f"Project {number}", client=client)
        bench.add_time(project, "1.25")
        bench.add_time(project, "0.33", rate="1234.5")
    fee = bench.add_project("Fee", client=fjord, is_fixed_fee=True, fee=5000, bill_by="none")
    bench.add_time(fee, 3)


def one_project(bench: Bench, **settings: Any) -> int:
    """A project whose opportunity is there; its order's id."""
    project = bench.add_project("Webb")
    bench.add_time(project, 2)
    bench.add_time(project, "0.5", rate=2500)
    bench.run(**settings)
    return int(bench.order_of(project)["id"])


def more_time(bench: Bench) -> None:
    """Two opportunities that have to be updated, and one project that is new."""
    one_project(bench, **SENT)
    fjord = bench.add_client("Fjord AB")
    other = bench.add_project("Other", client=fjord)
    bench.add_time(other, 1)
    bench.run(**SENT)
    for project in list(bench.world.harvest.projects):
        bench.add_time(project, "1.1")
    bench.add_time(bench.add_project("New", client=fjord), 3)


def two_won(bench: Bench) -> None:
    """An order of tracked time and one of a fixed fee are won."""
    one_project(bench, **SENT)
    fee = bench.add_project("Fee", is_fixed_fee=True, fee=5000, bill_by="none")
    bench.add_time(fee, 3)
    bench.run(**SENT)
    for order_id in list(bench.world.upsales.orders):
        bench.win(order_id)


def reopened(bench: Bench) -> None:
    """Two settled orders with draft invoices were moved back."""
    one_project(bench, **UNDO)
    bench.add_time(bench.add_project("Other"), 4)
    bench.run(**UNDO)
    for order_id in list(bench.world.upsales.orders):
        bench.win(order_id)
    bench.run(**UNDO)
    for order_id in list(bench.world.upsales.orders):
        bench.world.upsales.move(order_id, STAGE_VERBAL_AGREEMENT)
        bench.credit(order_id)


def reopened_without_invoice(bench: Bench) -> None:
    """A settled order was moved back, and somebody deleted its invoice by hand."""
    order_id = one_project(bench, **UNDO)
    bench.win(order_id)
    bench.run(**UNDO)
    bench.world.upsales.move(order_id, STAGE_VERBAL_AGREEMENT)
    bench.credit(order_id)
    for invoice in bench.invoices():
        bench.harvest.delete_invoice(invoice["id"])


def deleted_time(bench: Bench) -> None:
    """Many opportunities whose time was deleted, which no update tells of; a client that has a company by now."""
    tracked(bench)
    bench.run(EVERYTHING, **SENT)
    for project in list(bench.world.harvest.projects):
        bench.world.harvest.delete_time(bench.world.harvest.entries_of(project)[0]["id"])


def months(bench: Bench) -> None:
    """One month is won, one has new time, one has no opportunity yet."""
    project = bench.add_project("Webb")
    for day in ("2026-09-30", "2026-10-01", "2026-11-20"):
        bench.world.harvest.add_time(project, day, 2)
    bench.run(EVERYTHING, **MONTHS)
    bench.win(min(bench.world.upsales.orders))
    bench.world.harvest.add_time(project, "2026-11-21", 3)
    bench.world.harvest.add_time(project, "2026-08-01", 1)


def failed_billing(bench: Bench) -> None:
    """The billing app refused a settled order; a person has mended that."""
    bench.world.billing.mode = "fail"
    order_id = one_project(bench, **BILLED)
    bench.win(order_id)
    bench.run(**BILLED)
    bench.world.billing.mode = "ok"
    bench.world.clock.advance(dt.timedelta(minutes=5))


STEPS = (
    Step("first run", tracked, a_run(lambda bench: EVERYTHING, **SENT)),
    Step("update", more_time, a_run(**SENT)),
    Step("settlement", two_won, a_run(**SENT)),
    Step("undo", reopened, a_run(**UNDO)),
    Step("months", months, a_run(**MONTHS)),
    Step("billing again", failed_billing, calling_again),
    Step("invoice gone", reopened_without_invoice, a_run(**UNDO)),
    Step("night", deleted_time, a_run(lambda bench: bench.night, **SENT)),
    Step("dry run", more_time, a_run(dry_run=True, **SENT), writes=False),
    Step("connections", lambda bench: None, testing_the_connections, writes=False),
)


@contextmanager
def prepared(bench: Bench, step: Step, empty: Snapshot) -> Iterator[Snapshot]:
    """The step's beginning, in a world that was empty."""
    empty.restore(bench.world)
    step.prepare(bench)
    yield Snapshot(bench.world)

"""The audit itself has to find what is wrong: each kind of damage is done to a world that was right."""

from __future__ import annotations

import copy
from collections.abc import Callable
from decimal import Decimal

import pytest

from sandbox.world import World
from tests.flows.run_harness import BILLED, Bench
from tests.reliability.books import audit


def a_second_opportunity(world: World) -> None:
    order = copy.deepcopy(next(iter(world.upsales.orders.values())))
    world.upsales.orders[9999] = {**order, "id": 9999}


def a_second_customer_invoice(world: World) -> None:
    world.billing.customer_invoices.append(world.billing.customer_invoices[0])


def a_second_harvest_invoice(world: World) -> None:
    world.harvest.invoices[1] = {**next(iter(world.harvest.invoices.values())), "id": 1}


def a_dearer_invoice_line(world: World) -> None:
    next(iter(world.harvest.invoices.values()))["line_items"][0]["amount"] += 1


def an_unmarked_order(world: World) -> None:
    won = next(order["id"] for order in world.upsales.orders.values() if order["probability"] == 100)
    world.upsales.set_custom(won, "HARVEST_INVOICE", None)


def forgotten_time(world: World) -> None:
    live = next(project["id"] for project in world.harvest.projects.values() if project["is_active"])
    world.harvest.add_time(live, world.today, "0.01")


def a_lost_opportunity(world: World) -> None:
    live = next(order["id"] for order in world.upsales.orders.values() if order["probability"] < 100)
    world.upsales.delete_order(live)


DAMAGE: dict[Callable[[World], None], str] = {
    a_second_opportunity: "duplicates",
    a_second_customer_invoice: "duplicates",
    a_second_harvest_invoice: "duplicates",
    a_dearer_invoice_line: "losses",
    an_unmarked_order: "losses",
    forgotten_time: "losses",
    a_lost_opportunity: "losses",
}


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
def test_the_audit_finds(bench: Bench, damage: Callable[[World], None]) -> None:
    for name in ("Won", "Open"):
        project = bench.add_project(name)
        bench.add_time(project, "0.33", rate=Decimal("1234.5"))
        bench.add_time(project, 2)
    bench.run(**BILLED)
    bench.win(min(bench.world.upsales.orders))
    bench.run(**BILLED)
    assert not audit(bench.world)

    damage(bench.world)

    assert getattr(audit(bench.world), DAMAGE[damage])

"""What would make the last save of a settlement fail is found before anything is invoiced."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harvest_upsales.errors import SettlementHeldError
from sandbox.minimal import PRODUCT_LICENCE, USER_SALES
from tests.flows.run_harness import Bench


def user(bench: Bench, order: int, well: bool) -> None:
    bench.world.upsales.edit(order, user=USER_SALES)
    bench.world.upsales.users[USER_SALES]["active"] = int(well)


def product(bench: Bench, order: int, well: bool) -> None:
    if not well:
        bench.world.upsales.add_row(order, PRODUCT_LICENCE, 1, 99)
    bench.world.upsales.products[PRODUCT_LICENCE]["active"] = int(well)


def company(bench: Bench, order: int, well: bool) -> None:
    client = bench.world.upsales.orders[order]["client"]["id"]
    bench.world.upsales.companies[client]["active"] = int(well)


def lock(bench: Bench, order: int, well: bool) -> None:
    bench.world.upsales.orders[order]["locked"] = int(not well)


@pytest.mark.parametrize("part", [user, product, company, lock], ids=lambda part: part.__name__)
def test_it_holds_before_the_invoice_and_settles_once_mended(
    bench: Bench, part: Callable[[Bench, int, bool], None]
) -> None:
    project = bench.add_project()
    bench.add_time(project, 2)
    bench.run()
    order = int(bench.order_of(project)["id"])
    bench.win(order)
    part(bench, order, False)

    run = bench.run()

    assert isinstance(run.errors[order], SettlementHeldError)
    assert "Nothing was invoiced" in run.errors[order].message
    assert run.writes == []

    part(bench, order, True)
    assert bench.run().errors == {}
    assert len(bench.invoices()) == 1


def test_what_shows_only_at_the_save_is_held_with_the_invoice_s_id(bench: Bench) -> None:
    project = bench.add_project()
    bench.add_time(project, 2)
    bench.run()
    order = int(bench.order_of(project)["id"])
    bench.win(order)
    bench.world.upsales.enforce_obligatory = True
    field = bench.world.upsales.add_order_field("Cost place", "COST_PLACE", obligatoryField=1)

    run = bench.run()

    (invoice,) = bench.invoices()
    assert isinstance(run.errors[order], SettlementHeldError)
    assert f"invoice {invoice['id']} stands" in run.errors[order].message
    assert "Cost place" in run.errors[order].message

    bench.world.upsales.order_fields[field]["obligatoryField"] = 0
    assert bench.run().errors == {}
    assert len(bench.invoices()) == 1

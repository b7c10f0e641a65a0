"""The demo consultancy invoiced by month: its year of time, a month at a time, every krona once."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from harvest_upsales.domain.keys import Month
from harvest_upsales.domain.money import rounded
from sandbox.seed import demo_world
from tests.flows.conftest import TODAY
from tests.flows.run_harness import BILLED, Bench, Run, serve

BY_MONTH = {"opportunity_per": "month", **BILLED}
LAST_MONTH = "2026-10"


@pytest.fixture(scope="module")
def demo() -> Iterator[Bench]:
    world = demo_world(today=TODAY)
    world.billing.delay_s = 0
    yield from serve(world)


@pytest.fixture(scope="module")
def first(demo: Bench) -> Run:
    return demo.run(**BY_MONTH)


def test_the_months_of_every_project_sum_to_harvests_own_amount(demo: Bench, first: Run) -> None:
    amounts = demo.harvest_amounts()
    exact = {
        project_id: sum((order["value"] for order in demo.orders_of(project_id)), Decimal(0))
        for project_id in amounts
    }
    currency = {project_id: demo.orders_of(project_id)[0]["currency"] for project_id in amounts}
    assert {project_id: rounded(exact[project_id], currency[project_id]) for project_id in amounts} == amounts
    assert first.failures == []
    assert first.drifts == {}


def test_no_month_is_sold_twice(demo: Bench, first: Run) -> None:
    keys = [
        demo.key_of(order) for project in demo.world.harvest.projects for order in demo.orders_of(project)
    ]
    assert len(keys) == len(set(keys)) > 200


def test_later_runs_write_nothing(demo: Bench, first: Run) -> None:
    assert demo.run(demo.last_hour, **BY_MONTH).writes == []
    assert len(demo.run(demo.quiet, **BY_MONTH).requests) <= 8


def test_a_month_won_by_every_client_is_invoiced_exactly(demo: Bench, first: Run) -> None:
    world = demo.world
    won = {
        demo.key_of(order): order
        for project_id, project in world.harvest.projects.items()
        if not project["is_fixed_fee"] and project["code"] != "NK-058"
        for order in demo.orders_of(project_id)
        if demo.key_of(order).endswith(LAST_MONTH)
    }
    assert len(won) > 10
    worth_before = {order["id"]: order["value"] for order in won.values()}
    for order in won.values():
        demo.win(order["id"])

    settled = demo.run(demo.quiet, **BY_MONTH)

    assert settled.errors == {}
    made = {invoice["purchase_order"]: invoice for invoice in demo.invoices() if invoice["purchase_order"]}
    assert set(made) >= {f"upsales-order-{order_id}" for order_id in worth_before}
    for order in won.values():
        invoice = made[f"upsales-order-{order['id']}"]
        lines = sum(line["amount"] for line in invoice["line_items"])
        cents = Decimal("0.005") * (len(invoice["line_items"]) + 1)
        assert abs(lines - worth_before[order["id"]]) <= cents
        assert demo.invoice_field(order["id"]) == str(invoice["id"])
    month = Month(2026, 10)
    ours = {made[f"upsales-order-{order_id}"]["id"] for order_id in worth_before}
    for entry in world.harvest.time_entries.values():
        if entry["invoice"] and entry["invoice"]["id"] in ours:
            assert str(month) == entry["spent_date"][:7]
    assert sorted(invoice["order_id"] for invoice in world.billing.customer_invoices) == sorted(worth_before)
    assert settled.drifts == {}

"""The demo consultancy: every krona once, nothing written twice, a quiet run that costs a handful of requests."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from sandbox.seed import demo_world
from tests.flows.conftest import TODAY
from tests.flows.run_harness import Bench, Run, serve, worth


@pytest.fixture(scope="module")
def demo() -> Iterator[Bench]:
    world = demo_world(today=TODAY)
    world.billing.delay_s = 0
    yield from serve(world)


@pytest.fixture(scope="module")
def first(demo: Bench) -> Run:
    return demo.run()


@pytest.fixture(scope="module")
def people_before(first: Run, demo: Bench) -> dict[int, Any]:
    return deepcopy(demo.world.upsales.orders)


def test_every_projects_rows_sum_to_harvests_own_amount(demo: Bench, first: Run) -> None:
    amounts = demo.harvest_amounts()
    assert len(amounts) > 40
    assert {project_id: worth(demo.order_of(project_id)) for project_id in amounts} == amounts
    assert first.failures == []
    assert first.drifts == {}


def test_projects_that_get_no_opportunity_say_why(demo: Bench, first: Run) -> None:
    for project in demo.world.harvest.projects.values():
        expected = project["is_billable"] and (project["bill_by"] != "none" or project["is_fixed_fee"])
        assert bool(demo.orders_of(project["id"])) == expected, project["name"]
        if not expected and project["id"] in first.actions():
            assert first.outcome(project["id"]).reason


def test_reconciliation_agrees_with_the_orders(demo: Bench, first: Run) -> None:
    assert first.reconciled is not None
    for currency, total in first.reconciled.totals.items():
        orders = [demo.order_of(project_id) for project_id in demo.harvest_amounts()]
        value = sum(worth(order) for order in orders if order["currency"] == currency)
        assert (total.harvest, total.upsales, total.drift) == (value, value, 0)


def test_later_runs_write_nothing(demo: Bench, people_before: dict[int, Any]) -> None:
    for window in (demo.last_hour, demo.quiet):
        later = demo.run(window)
        assert later.writes == []
        assert later.failures == []
    assert demo.world.upsales.orders == people_before


def test_a_quiet_run_takes_at_most_eight_requests(demo: Bench, people_before: dict[int, Any]) -> None:
    quiet = demo.run(demo.quiet)
    asked = [f"{entry['service']} {entry['method']} {entry['path']}" for entry in quiet.requests]
    assert len(asked) <= 8, asked
    assert quiet.found.batches == ()


def test_salespeoples_own_orders_are_untouched(demo: Bench, first: Run) -> None:
    mine = {order["id"] for p in demo.world.harvest.projects for order in demo.orders_of(p)}
    others = [order for order in demo.world.upsales.orders.values() if order["id"] not in mine]
    assert len(others) == 150
    assert all((order["regBy"] or {}).get("id") != 19 for order in others)
    touched = {e["path"] for e in demo.world.journal.writes("upsales")}
    assert not touched & {f"/orders/{order['id']}" for order in others}


def test_nobody_is_notified_and_nothing_undocumented_is_sent(demo: Bench, first: Run) -> None:
    assert demo.world.upsales.notifications == []
    assert demo.violations == []


def test_the_first_sync_costs_one_write_for_each_opportunity(demo: Bench, first: Run) -> None:
    created = [action for action in first.actions().values() if action == "create"]
    writes = [write for write in first.writes if write != "POST /customfields/order"]
    assert len(writes) == len(created)
    # All time in one sweep, not project by project.
    # A look for twins covers many writes; user and stage are confirmed before the first.
    assert len(first.requests) <= len(created) + len(created) // 20 + 44

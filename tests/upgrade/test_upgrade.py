"""A newer version finds what an older one left, and goes on with it."""

from __future__ import annotations

import asyncio
import copy
import datetime as dt
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from airflow.sdk.module_loading import import_string

from harvest_upsales.domain.outcome import Outcome
from harvest_upsales.flows.extract import Batch
from harvest_upsales.flows.orders_to_settle import OrderToSettle
from harvest_upsales.flows.services import Setup
from harvest_upsales.flows.settled import Covered, read_settled
from harvest_upsales.operators.sync_billing_operator import SyncBillingOperator
from harvest_upsales.settings import parse_settings
from sandbox.credentials import UPSALES_TOKEN
from tests.flows.run_harness import EVERYTHING, Bench, serve
from tests.reliability.books import audit, keys
from tests.upgrade.recorded import SETTINGS, read_recorded, world_of


@pytest.fixture
def recorded() -> dict[str, Any]:
    return read_recorded()


@pytest.fixture
def bench(recorded: dict[str, Any]) -> Iterator[Bench]:
    yield from serve(world_of(recorded))


def test_what_the_first_release_made_is_left_as_it_is(bench: Bench, recorded: dict[str, Any]) -> None:
    won = next(
        order for order, key in keys(bench.world).items() if key.endswith(f":{recorded['projects']['won']}")
    )
    before = copy.deepcopy({i: order for i, order in bench.world.upsales.orders.items() if i != won})

    first = bench.run(EVERYTHING, **SETTINGS)

    assert first.errors == {}
    assert first.failures == []
    assert first.actions() == {
        recorded["projects"]["hourly"]: "unchanged",
        recorded["projects"]["fixed"]: "unchanged",
        recorded["projects"]["won"]: "skip",
        recorded["projects"]["lost"]: "skip",
    }
    assert {i: order for i, order in bench.world.upsales.orders.items() if i != won} == before
    assert first.settled[won].invoice_id in bench.world.harvest.invoices
    assert not audit(bench.world).duplicates
    assert bench.run(EVERYTHING, **SETTINGS).writes == []


def test_its_notes_and_rows_are_still_ours_to_update(bench: Bench, recorded: dict[str, Any]) -> None:
    hourly = recorded["projects"]["hourly"]
    bench.add_time(hourly, 1, notes="After the upgrade")

    bench.run(EVERYTHING, **SETTINGS)

    order = bench.order_of(hourly)
    assert order["notes"].startswith("Call Eva on Monday.\n\n")
    assert order["notes"].count("After the upgrade") == 1
    assert order["notes"].count("Design: first draft") == 1
    assert bench.run(EVERYTHING, **SETTINGS).writes == []


def test_an_order_that_it_settled_is_known_when_it_moves_back(bench: Bench, recorded: dict[str, Any]) -> None:
    order = bench.order_of(recorded["projects"]["settled"])["id"]
    bench.world.upsales.move(order, bench.order_of(recorded["projects"]["hourly"])["stage"]["id"])

    reported = bench.run(EVERYTHING, **SETTINGS)
    assert [reopened.order_id for reopened in reported.found.reopened] == [order]

    # Its customer invoice stands.
    undone = bench.run(EVERYTHING, **{**SETTINGS, "reopened_orders": "undo"})
    assert "the billing app has taken it" in undone.errors[order].message
    assert undone.writes == []


def test_what_its_tasks_handed_on_is_read(recorded: dict[str, Any]) -> None:
    """The newer version is installed in the middle of a run, or between a failure and its clearing."""
    handed_on = recorded["xcoms"]

    assert msgspec.convert(handed_on["check_setup"], Setup, strict=False).key_field == 7
    assert msgspec.convert(handed_on["extract_time"], list[Batch], strict=False)[0].project_ids
    assert msgspec.convert(handed_on["find_won_orders"], list[OrderToSettle], strict=False)[0].order_id
    outcomes = msgspec.convert(handed_on["upsert_opportunities"][0], list[Outcome], strict=False)
    assert {outcome.project_id for outcome in outcomes} >= {recorded["projects"]["hourly"]}


def test_the_billing_step_goes_on_with_its_settlement(recorded: dict[str, Any]) -> None:
    settled = read_settled(recorded["xcoms"]["mark_project_invoiced"])

    assert settled.covered == Covered(
        entry_ids=(636708579, 636708580),
        days=(dt.date(2026, 11, 21), dt.date(2026, 11, 21)),
        hours=(Decimal("3.75"), Decimal(1)),
        rates=(Decimal(1000), Decimal(1850)),
        amounts=(Decimal("3750.00"), Decimal(1850)),
    )
    assert settled.before.synced
    operator = SyncBillingOperator(task_id="sync", order=recorded["xcoms"]["mark_project_invoiced"])
    assert operator.label == "Won AB: Won (order 4)"


def test_a_deferred_billing_step_goes_on_waiting_and_is_resumed(
    bench: Bench, recorded: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Airflow keeps the trigger's class and arguments, and the method to go on with, in its database."""
    connection = {"conn_type": "upsales", "host": bench.server.upsales_url, "password": UPSALES_TOKEN}
    monkeypatch.setenv("AIRFLOW_CONN_UPSALES_DEFAULT", json.dumps(connection))
    deferred, order = recorded["deferred"], recorded["xcoms"]["mark_project_invoiced"]
    path, arguments = deferred["trigger"]
    trigger = import_string(path)(**arguments)

    async def first_event() -> Any:
        return await anext(trigger.run())

    event = asyncio.run(first_event()).payload
    assert event == {**event, **deferred["event"]}
    operator = SyncBillingOperator(task_id="sync", order=order, setup=recorded["xcoms"]["check_setup"])
    resume = getattr(operator, deferred["method"])
    for told in (event, deferred["event"]):
        assert resume({}, event=told)["order_id"] == order["order_id"]


def test_its_settings_are_taken(recorded: dict[str, Any]) -> None:
    required = {"default_user_id": 1, "default_stage_id": 2, "default_product_id": 3}
    first, newest = {**required, **SETTINGS}, {**required}
    assert (
        parse_settings(msgspec.json.encode(first)).batch_size
        == parse_settings(msgspec.json.encode(newest)).batch_size
    )

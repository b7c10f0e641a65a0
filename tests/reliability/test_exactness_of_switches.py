"""What is not known of the services, tried both ways through an order's whole life; and sums that need care."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sandbox.minimal import STAGE_VERBAL_AGREEMENT
from tests.flows.run_harness import EVERYTHING, Bench, rows, worth
from tests.reliability.books import audit
from tests.reliability.figures import Figures

PART = "exactness"
SWITCHES: tuple[tuple[str, str, Any], ...] = (
    ("upsales", "put_replaces_whole", True),
    ("upsales", "custom_put_replaces", False),
    ("upsales", "custom_ne_matches_missing", True),
    ("upsales", "rate_divides", False),
    ("upsales", "enforce_obligatory", True),
    ("upsales", "says_totals", False),
    ("harvest", "invoicing_bumps_updated_at", True),
    ("harvest", "paging", "numbers"),
    ("harvest", "paging", "cursors"),
)


@pytest.mark.parametrize("per", ["project", "month"])
@pytest.mark.parametrize(("service", "name", "value"), SWITCHES)
def test_an_orders_whole_life_is_exact(
    bench: Bench, figures: Figures, service: str, name: str, value: Any, per: str
) -> None:
    setattr(getattr(bench.world, service), name, value)
    bench.world.billing.connected = False
    mode: dict[str, Any] = {"opportunity_per": per, "reopened_orders": "undo"}
    client = bench.add_client("Fjord AS", "EUR")
    ids = [bench.add_project(f"Project {number}", client=client, hourly_rate="87.35") for number in range(2)]
    for project in ids:
        for days_ago in (1, 30):
            bench.add_time(project, "1.33", days_ago=days_ago)
    bench.run(EVERYTHING, **mode)
    order = int(bench.orders_of(ids[0])[0]["id"])
    bench.world.upsales.set_custom(order, "REFERENCE", "PO 77")
    bench.add_time(ids[0], "0.25", days_ago=30)
    bench.run(**mode)

    bench.win(order)
    assert bench.run(**mode).errors == {}
    assert bench.invoice_field(order)
    figures.judge(PART, audit(bench.world))
    bench.world.upsales.move(order, STAGE_VERBAL_AGREEMENT)
    assert bench.run(**mode).errors == {}
    bench.run(**mode)
    figures.judge(PART, audit(bench.world))

    assert bench.run(EVERYTHING, **mode).writes == []
    assert bench.world.upsales.custom_value(order, "REFERENCE") == "PO 77"
    assert {each["currency"] for project in ids for each in bench.orders_of(project)} == {"EUR"}


def test_an_obligatory_field_is_named_and_nothing_is_half_written(bench: Bench) -> None:
    bench.world.upsales.enforce_obligatory = True
    bench.world.upsales.add_order_field("Avtalsnummer", "CONTRACT", obligatoryField=1)
    project = bench.add_project()
    bench.add_time(project, 2)

    (failure,) = bench.run().failures

    assert f"Project {project}" in failure.message
    assert "Avtalsnummer" in failure.message
    assert bench.orders_of(project) == []


@pytest.mark.parametrize("rate_divides", [True, False])
def test_a_foreign_order_keeps_its_own_amount(bench: Bench, rate_divides: bool) -> None:
    bench.world.upsales.rate_divides = rate_divides
    project = bench.add_project(client=bench.add_client("Fjord AS", "EUR"), hourly_rate="99.99")
    bench.add_time(project, "1.5")
    bench.run()
    order = bench.order_of(project)
    assert (order["currency"], order["value"]) == ("EUR", Decimal("149.985"))
    assert bench.run().writes == []


@pytest.mark.parametrize("window", [None, EVERYTHING], ids=["hourly", "everything"])
def test_a_fixed_fee_begins_with_its_first_hours_whichever_run_sees_them(bench: Bench, window: Any) -> None:
    project = bench.add_project(is_fixed_fee=True, fee=50_000, hourly_rate=None)
    bench.add_time(project, 0)
    bench.run(window)
    assert bench.orders_of(project) == []
    bench.add_time(project, "0.1")
    bench.run(window)
    assert worth(bench.order_of(project)) == 50_000


@pytest.mark.parametrize(("currency", "value"), [("KWD", "28.809"), ("JPY", "29")])
def test_currencies_with_other_digits_than_two_are_no_drift(bench: Bench, currency: str, value: str) -> None:
    bench.world.upsales.add_currency(currency, "0.03")
    bench.world.billing.connected = False
    project = bench.add_project(client=bench.add_client("Gulf", currency), hourly_rate="87.3")
    bench.add_time(project, "0.33")
    assert bench.run().drifts == {}
    assert worth(bench.order_of(project)) == Decimal(value)
    again = bench.run(bench.quiet)
    assert (again.outcomes, again.drifts) == ([], {})

    order = int(bench.order_of(project)["id"])
    bench.win(order)
    run = bench.run()
    assert (run.errors, run.drifts) == ({}, {})
    assert bench.invoice_field(order)


@pytest.mark.parametrize("per", ["project", "month"])
def test_repricings_that_cancel_out_are_seen_by_settlement_and_by_a_full_run(
    bench: Bench, figures: Figures, per: str
) -> None:
    """No sum of the project tells: until then its value is right, and only which part of it is which is old."""
    bench.world.billing.connected = False
    mode: dict[str, Any] = {"opportunity_per": per}
    ids = [bench.add_project(name) for name in ("Won", "Open")]
    pairs = [
        (bench.add_time(project, 1, days_ago=1), bench.add_time(project, 1, days_ago=30)) for project in ids
    ]
    bench.run(**mode)
    entries = bench.world.harvest.time_entries
    for pair in pairs:
        for entry, rate in zip(pair, (1100, 900), strict=True):
            bench.world.harvest.edit_time(entry, rate=rate, updated_at=entries[entry]["updated_at"])
    assert bench.run(bench.quiet, **mode).writes == []
    for order in bench.orders_of(ids[0]):
        bench.win(order["id"])

    assert bench.run(bench.quiet, **mode).errors == {}
    bench.run(EVERYTHING, **mode)

    for project in ids:
        prices = [price for order in bench.orders_of(project) for _, price in rows(order)]
        assert sorted(prices) == [900, 1100]
    figures.judge(PART, audit(bench.world))

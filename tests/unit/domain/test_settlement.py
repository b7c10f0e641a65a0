"""A won order becomes an invoiced project."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest

from harvest_upsales.domain.keys import HarvestKey, Month
from harvest_upsales.domain.settlement import (
    check_invoice_amount,
    check_late_time,
    has_to_be_sent,
    in_scope,
    may_archive,
    new_invoice,
    rows_to_invoice,
    time_to_invoice,
)
from harvest_upsales.domain.time_sums import counted_time
from harvest_upsales.errors import ProjectError, SettlementHeldError
from harvest_upsales.records.json_codec import encode
from tests.unit.domain.builders import ACCOUNT, entry, fixed_fee, invoice, project, row, settings, won

OCTOBER = HarvestKey(ACCOUNT, 100, Month(2026, 10))
TODAY = dt.date(2026, 11, 22)


def test_a_month_s_order_concerns_that_month_alone() -> None:
    entries = [
        entry(number, spent_date=day)
        for number, day in enumerate(["2026-09-30", "2026-10-01", "2026-10-31", "2026-11-01"])
    ]

    assert [kept.id for kept in in_scope(OCTOBER, entries)] == [1, 2]
    assert len(in_scope(HarvestKey(ACCOUNT, 100), entries)) == 4


@pytest.mark.parametrize("billable", [True, False])
def test_a_running_timer_holds_the_order(billable: bool) -> None:
    with pytest.raises(SettlementHeldError, match=r"Order 500, Project 100 .*timer is running.*Stop it"):
        time_to_invoice(won(), [entry(1), entry(2, is_running=True, billable=billable)], settings())


def test_time_that_is_not_approved_holds_the_order_where_it_has_to_be() -> None:
    entries = [entry(1, is_closed=True), entry(2, rounded_hours="1.50"), entry(3, billable=False)]

    with pytest.raises(SettlementHeldError, match=r"Order 500.*1\.5 h are not approved"):
        time_to_invoice(won(), entries, settings(approved_time_only=True))
    assert time_to_invoice(won(), entries, settings()).number == 2
    only_approved = time_to_invoice(won(), [entries[0], entries[2]], settings(approved_time_only=True))
    assert only_approved.number == 1
    fee = time_to_invoice(won(of=fixed_fee()), entries, settings(approved_time_only=True))
    assert fee.number == 2


def test_the_rows_to_invoice_are_those_of_the_time() -> None:
    time = counted_time([entry(1), entry(2, billable_rate="500")], approved_only=False)

    assert rows_to_invoice(won(), time) == (row("1", "1000"), row("1", "500"))
    assert rows_to_invoice(won(of=fixed_fee()), counted_time([], approved_only=False)) == (row("1", "50000"),)
    with pytest.raises(ProjectError, match="without a fee"):
        rows_to_invoice(won(of=fixed_fee(None)), time)


def test_an_order_with_nothing_left_to_invoice_is_held_with_its_po_number() -> None:
    with pytest.raises(SettlementHeldError, match=r"Order 500.*PO number to upsales-order-500"):
        rows_to_invoice(won(row("1", "1000")), counted_time([], approved_only=False))


def test_time_as_the_order_says_it_needs_no_change() -> None:
    order = won(row("2", "1000"), billing_has_taken=True)

    assert check_late_time(order, [row("2.00", "1000.00")], settings(late_time="hold")) is False


def test_late_time_is_included_only_before_the_billing_app_has_taken_the_order() -> None:
    late = [row("3", "1000")]

    assert check_late_time(won(row("2", "1000")), late, settings()) is True
    with pytest.raises(
        SettlementHeldError, match=r"order says 2000\.00 SEK, Harvest 3000\.00 SEK.*billing app has taken"
    ):
        check_late_time(won(row("2", "1000"), billing_has_taken=True), late, settings())


def test_late_time_holds_the_order_where_the_setting_says_so() -> None:
    with pytest.raises(
        SettlementHeldError, match=r"order says 2000\.00 SEK, Harvest 1000\.00 SEK.*late_time is hold"
    ):
        check_late_time(won(row("2", "1000")), [row("1", "1000")], settings(late_time="hold"))


def test_the_same_sum_at_other_rates_is_late_time_too() -> None:
    assert check_late_time(won(row("2", "500")), [row("1", "1000")], settings()) is True


def body(**changes: Any) -> dict[str, Any]:
    return dict(json.loads(encode(new_invoice(won(**changes))), parse_float=str))


def test_the_invoice_takes_in_all_unbilled_time() -> None:
    assert body() == {
        "client_id": 50,
        "purchase_order": "upsales-order-500",
        "subject": "Nordisk Form AB – Webb",
        "line_items_import": {"project_ids": [100], "time": {"summary_type": "task"}},
    }


def test_a_month_s_invoice_takes_in_that_month() -> None:
    sent = body(key=OCTOBER)

    assert sent["line_items_import"]["time"] == {
        "summary_type": "task",
        "from": "2026-10-01",
        "to": "2026-10-31",
    }
    assert sent["subject"] == "Nordisk Form AB – Webb 2026-10"


@pytest.mark.parametrize("key", [None, OCTOBER])
def test_a_fixed_fee_s_invoice_is_one_line_on_the_project(key: HarvestKey | None) -> None:
    sent = body(of=fixed_fee("49999.50"), key=key)

    assert "line_items_import" not in sent
    assert sent["line_items"] == [
        {
            "kind": "Service",
            "description": sent["subject"],
            "quantity": 1,
            "unit_price": "49999.5",
            "project_id": 100,
        }
    ]


@pytest.mark.parametrize(
    ("amounts", "difference"),
    [
        (["1000"], "0"),
        (["333.34", "333.34", "333.34"], "0.02"),
        (["999.99"], "-0.01"),
        (["500.01", "500"], "0.01"),
    ],
)
def test_lines_that_are_rounded_one_by_one_may_differ_by_half_a_unit_each(
    amounts: list[str], difference: str
) -> None:
    assert check_invoice_amount(won(), invoice(*amounts), [row("1", "1000")]) == Decimal(difference)


@pytest.mark.parametrize(
    "amounts", [["1000.02"], ["999"], ["500", "500.02"], [], ["333.36", "333.33", "333.34"]]
)
def test_an_invoice_that_is_worth_something_else_is_held(amounts: list[str]) -> None:
    with pytest.raises(
        SettlementHeldError, match=r"Order 500.*invoice 3000 is worth .*its time 1000\.00 SEK"
    ):
        check_invoice_amount(won(), invoice(*amounts), [row("1", "1000")])


def test_an_invoice_in_another_currency_is_held() -> None:
    with pytest.raises(SettlementHeldError, match="worth 1000 EUR"):
        check_invoice_amount(won(), invoice("1000", currency="EUR"), [row("1", "1000")])


@pytest.mark.parametrize(
    ("wanted", "state", "send"),
    [
        ("draft", "draft", False),
        ("sent", "draft", True),
        ("sent", "open", False),
        ("sent", "paid", False),
        ("sent", "closed", False),
    ],
)
def test_the_invoice_is_left_in_the_state_of_the_setting(wanted: str, state: str, send: bool) -> None:
    assert has_to_be_sent(invoice("1", state=state), settings(invoice_state=wanted)) is send


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"switched_on": False}, False),
        ({"is_active": False}, False),
        ({"time_left": True}, True),
        ({"month": True}, False),
        ({"month": True, "ends_on": "2026-11-22"}, False),
        ({"month": True, "ends_on": "2026-11-21"}, True),
        ({"month": True, "ends_on": "2026-11-21", "time_left": True}, False),
        ({"month": True, "ends_on": "2026-11-21", "time_left": True, "is_fixed_fee": True}, True),
        ({"month": True, "ends_on": "2026-11-21", "switched_on": False}, False),
    ],
)
def test_when_the_project_is_closed_for_time(changes: dict[str, Any], expected: bool) -> None:
    concerned = project(
        is_active=changes.get("is_active", True),
        ends_on=dt.date.fromisoformat(changes["ends_on"]) if "ends_on" in changes else None,
        is_fixed_fee=changes.get("is_fixed_fee", False),
    )
    order = won(of=concerned, key=OCTOBER if "month" in changes else None)
    wanted = settings(archive_invoiced_projects=changes.get("switched_on", True))

    assert may_archive(order, wanted, today=TODAY, time_left=changes.get("time_left", False)) is expected

"""Create, update, leave unchanged, or leave alone and say why."""

from decimal import Decimal
from typing import Any

import pytest

from harvest_upsales.domain.keys import HarvestKey
from harvest_upsales.domain.notes import END, START
from harvest_upsales.domain.opportunity import Desired
from harvest_upsales.domain.order_body import body_to_save
from harvest_upsales.domain.plan import Action, plan_existing, plan_new, why_left_alone
from harvest_upsales.domain.pricing import rows_of_time
from harvest_upsales.domain.time_sums import counted_time
from harvest_upsales.errors import ProjectError
from harvest_upsales.records.harvest_records import Project, TimeEntry
from tests.unit.domain.builders import (
    ACCOUNT,
    FIELDS,
    OTHER_PRODUCT,
    PRODUCT,
    entry,
    fixed_fee,
    listing,
    order,
    project,
    row,
    row_json,
    settings,
    stored,
)

ONE_ENTRY = listing(None, [entry(1)])


def desired(*entries: TimeEntry, of: Project | None = None) -> Desired:
    concerned = of or project()
    time = counted_time(entries, approved_only=False)
    return Desired(HarvestKey(ACCOUNT, concerned.id), concerned, rows_of_time(concerned, time), time)


def test_what_is_missing_is_created_with_rows_and_notes() -> None:
    plan = plan_new(desired(entry(1)), settings())

    assert plan.action is Action.CREATE
    assert plan.rows == (row("1", "1000"),)
    assert plan.notes == ONE_ENTRY


def test_without_the_list_no_notes_are_written() -> None:
    assert plan_new(desired(entry(1)), settings(write_time_to_notes=False)).notes is None


def test_time_that_adds_up_to_nothing_creates_nothing() -> None:
    nothing = desired(entry(1, rounded_hours="1"), entry(2, rounded_hours="-1"))

    assert plan_new(nothing, settings()).action is Action.SKIP


def test_what_says_what_it_should_is_not_written() -> None:
    given = order(row_json("1.00", "1000.00"), notes=f"mine\r\n\r\n{ONE_ENTRY}".replace("\n", "\r\n"))

    assert plan_existing(desired(entry(1)), given, settings()).action is Action.UNCHANGED


@pytest.mark.parametrize(
    "changes",
    [
        {"stage": {"id": 3, "name": "Other"}, "probability": Decimal(10)},
        {"user": {"id": 99}},
        {"client": {"id": 99}},
        {"date": "2020-01-01"},
        {"description": "Their words"},
        {"contact": {"id": 5}},
        {"custom": [{"fieldId": 20, "value": "x"}]},
        {"currency": "sek"},
    ],
)
def test_what_people_changed_is_no_reason_to_write(changes: dict[str, Any]) -> None:
    given = order(row_json("1", "1000"), row_json("4", "70", OTHER_PRODUCT), notes=ONE_ENTRY, **changes)

    assert plan_existing(desired(entry(1)), given, settings()).action is Action.UNCHANGED


def test_changed_hours_change_the_rows_field_by_field() -> None:
    given = order(row_json("1", "1000"), notes=ONE_ENTRY)

    plan = plan_existing(desired(entry(1, rounded_hours="2.50")), given, settings())

    assert plan.action is Action.UPDATE
    assert plan.rows == (row("2.5", "1000"),)
    assert [(change.field, change.old, change.new) for change in plan.changes] == [
        ("rows", "1 × 1000", "2.5 × 1000"),
        ("value", "1000.00 SEK", "2500.00 SEK"),
        ("notes", "our block as it was", "1 time entries"),
    ]


def test_the_same_value_at_other_rates_is_a_change() -> None:
    given = order(row_json("2", "500"), notes=ONE_ENTRY)

    assert plan_existing(desired(entry(1)), given, settings()).rows == (row("1", "1000"),)


def test_only_the_notes_change_where_only_they_differ() -> None:
    plan = plan_existing(desired(entry(1)), order(row_json("1", "1000"), notes="Call Eva"), settings())

    assert plan.action is Action.UPDATE
    assert plan.rows is None
    assert plan.notes == f"Call Eva\n\n{ONE_ENTRY}"


def test_switching_the_list_off_takes_our_block_away_once() -> None:
    off = settings(write_time_to_notes=False)
    given = order(row_json("1", "1000"), notes=f"Call Eva\n\n{ONE_ENTRY}\n\nToday")

    plan = plan_existing(desired(entry(1)), given, off)

    assert (plan.action, plan.rows, plan.notes) == (Action.UPDATE, None, "Call Eva\n\nToday")
    after = order(row_json("1", "1000"), notes=plan.notes)
    assert plan_existing(desired(entry(1)), after, off).action is Action.UNCHANGED


@pytest.mark.parametrize("notes", [None, "", "Call Eva  \n\n\n", f"half {START}\n{END} x", f"{START}\nfoo"])
def test_notes_without_our_block_are_left_alone_where_the_list_is_off(notes: str | None) -> None:
    off = settings(write_time_to_notes=False)

    assert (
        plan_existing(desired(entry(1)), order(row_json("1", "1000"), notes=notes), off).action
        is Action.UNCHANGED
    )


def test_an_open_opportunity_whose_time_is_gone_is_emptied_once() -> None:
    given = order(row_json("1", "1000"), notes=ONE_ENTRY)
    plan = plan_existing(desired(), given, settings())
    assert plan.action is Action.UPDATE
    assert plan.rows == ()

    after = stored(body_to_save(given, product_id=PRODUCT, rows=plan.rows, notes=plan.notes))

    assert plan_existing(desired(), after, settings()).action is Action.UNCHANGED


def test_a_changed_fee_changes_the_row() -> None:
    given = order(row_json("1", "50000"), notes=ONE_ENTRY)

    assert plan_existing(desired(entry(1), of=fixed_fee()), given, settings()).action is Action.UNCHANGED
    assert plan_existing(desired(entry(1), of=fixed_fee("60000")), given, settings()).rows == (
        row("1", "60000"),
    )


def test_another_currency_is_an_error_that_names_both() -> None:
    with pytest.raises(ProjectError, match=r"Project 100 .*order 500 is in EUR, the Harvest client in SEK"):
        plan_existing(desired(entry(1)), order(row_json("1", "1000"), currency="EUR"), settings())


@pytest.mark.parametrize(
    ("probability", "invoice", "entries", "said"),
    [
        (90, None, 1, None),
        (1, None, 1, None),
        (0, None, 1, "order 500 is lost, with 1000.00 SEK uninvoiced"),
        (0, None, 0, "order 500 is lost"),
        (100, None, 1, "order 500 is won: settlement takes it up"),
        (100, "3000", 1, "order 500 is won and invoiced; 1000.00 SEK came since"),
        (100, "3000", 0, "order 500 is won and invoiced"),
        # Its time is billed: emptying it would take the order's value from under people's hands.
        (90, "3000", 0, "order 500 is invoiced and was moved back to 90 %"),
    ],
)
def test_orders_that_are_people_s_or_settlement_s_are_left_alone(
    probability: int, invoice: str | None, entries: int, said: str | None
) -> None:
    given = order(row_json("1", "1000"), probability=Decimal(probability), invoice=invoice)

    assert why_left_alone(desired(*[entry(1)] * entries), given, FIELDS) == said


def test_time_on_an_invoiced_fixed_fee_is_nothing_new() -> None:
    given = order(row_json("1", "50000"), probability=Decimal(100), invoice="3000")

    assert why_left_alone(desired(entry(1), of=fixed_fee()), given, FIELDS) == "order 500 is won and invoiced"

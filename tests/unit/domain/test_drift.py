"""Which projects are worth something else in Upsales than in Harvest."""

from decimal import Decimal
from typing import Any

import pytest

from harvest_upsales.domain.drift import drifted, hours_apart, lost_to_look_at, only_hourly
from harvest_upsales.domain.keys import Month
from harvest_upsales.domain.uninvoiced_report import Uninvoiced
from harvest_upsales.domain.upsales_side import ProjectOrders
from tests.unit.domain.builders import project, row


def theirs(hours: str = "1", amount: str = "1000", **changes: Any) -> Uninvoiced:
    return Uninvoiced(100, "Webb", "Nordisk Form AB", "SEK", Decimal(hours), Decimal(amount), **changes)


def live(*rows: Any, **changes: Any) -> ProjectOrders:
    return ProjectOrders(live_rows=rows, currency="SEK", open=(1,), **changes)


@pytest.mark.parametrize(
    ("harvest", "upsales", "by_month", "expected"),
    [
        # Equal, and worth the same after the one rounding.
        (theirs(), live(row("1", "1000")), False, False),
        (theirs(amount="0.02"), live(row("1", "0.0151")), False, False),
        # Time that was deleted, added or re-priced.
        (theirs(), live(row("1", "999.99")), False, True),
        (None, live(row("1", "1000")), False, True),
        (None, live(row("0", "0")), False, False),
        (None, live(row("1", "1000"), row("-1", "1000")), False, True),
        # New time, a fee without time, nothing.
        (theirs(), None, False, True),
        (theirs(hours="0", amount="50000"), None, False, False),
        (theirs(hours="0", amount="0"), None, False, False),
        (theirs(amount="0"), None, False, False),
        # A fee whose time was deleted: neither the fee nor an emptied opportunity is looked at for ever.
        (theirs(hours="0", amount="50000"), live(row("1", "50000")), False, False),
        (theirs(hours="0", amount="50000"), live(row("0", "0")), False, False),
        (theirs(hours="0", amount="60000"), live(row("1", "50000")), False, True),
        # A fee of which some is invoiced: the opportunity sells all of it, until the fee itself is another.
        (theirs(amount="30000", fee=Decimal(50_000)), live(row("1", "50000")), False, False),
        (theirs(amount="30000", fee=Decimal(40_000)), live(row("1", "50000")), False, True),
        (theirs(amount="0", fee=Decimal(50_000)), live(row("1", "50000")), False, True),
        (theirs(amount="30000"), live(row("1", "50000")), False, True),
        # Hours that cancel out at different rates.
        (theirs(hours="0", amount="-100"), live(row("2", "100"), row("-2", "150")), False, False),
        # Rates that are hidden say nothing.
        (theirs(amount="0", priced=False), live(row("1", "1000")), False, True),
        # Decided by people, or settlement's.
        (theirs(), ProjectOrders(settled=(1,)), False, False),
        (theirs(), ProjectOrders(lost=(1,)), False, False),
        (theirs(amount="2000"), ProjectOrders(live_rows=(row("1", "1000"),), won=(1,)), False, False),
        (None, ProjectOrders(live_rows=(row("1", "1000"),), won=(1,)), False, False),
        # By month, what is settled says nothing of the other months.
        (theirs(), ProjectOrders(settled=(1,)), True, True),
        (theirs(hours="0", amount="0"), ProjectOrders(settled=(1,)), True, False),
        (theirs(), ProjectOrders(lost=(1,), lost_rows=(row("1", "1000"),)), True, False),
        (theirs(amount="1500"), ProjectOrders(lost=(1,), lost_rows=(row("1", "1000"),)), True, True),
        (theirs(), ProjectOrders(live_rows=(row("1", "1000"),), won=(1,)), True, False),
        (theirs(amount="1500"), ProjectOrders(live_rows=(row("1", "1000"),), won=(1,)), True, True),
        (theirs(amount="1500"), live(row("1", "500"), lost=(2,), lost_rows=(row("1", "1000"),)), True, False),
        # Of a lost month counts what Harvest says of it, give or take the rounding of each range.
        (theirs(amount="1500", lost=Decimal(1500), lost_parts=1), ProjectOrders(lost=(1,)), True, False),
        (theirs(amount="1500", lost=Decimal(1400), lost_parts=1), ProjectOrders(lost=(1,)), True, True),
        (
            theirs(amount="1500.01", lost=Decimal(1000), lost_parts=1),
            live(row("1", "500"), lost=(2,)),
            True,
            False,
        ),
        (
            theirs(amount="1500.02", lost=Decimal(1000), lost_parts=1),
            live(row("1", "500"), lost=(2,)),
            True,
            True,
        ),
    ],
)
def test_projects_that_drifted(
    harvest: Uninvoiced | None, upsales: ProjectOrders | None, by_month: bool, expected: bool
) -> None:
    found = drifted(
        {} if harvest is None else {100: harvest},
        {} if upsales is None else {100: upsales},
        by_month=by_month,
    )

    assert found == ({100} if expected else set())


def test_lost_months_are_looked_at_where_the_sums_differ() -> None:
    month = Month(2026, 4)
    lost = live(row("1", "500"), lost=(2,), lost_rows=(row("1", "1000"),), lost_months=(month,))
    upsales = dict.fromkeys((1, 2, 3, 5), lost) | {4: live(row("1", "500"))}
    harvest = {1: theirs(amount="1500"), 2: theirs(amount="1600"), 3: theirs(priced=False), 4: theirs()}

    assert lost_to_look_at(harvest, upsales) == {2: (month,)}


@pytest.mark.parametrize(
    ("harvest", "upsales", "by_month", "expected"),
    [
        # The same hours, whatever the price; hours without an order.
        (theirs(), live(row("0.75", "1000"), row("0.25", "0")), False, False),
        (theirs(hours="3"), live(row("2", "150")), False, True),
        (theirs(amount="0"), None, False, True),
        (theirs(hours="0", amount="0"), None, False, False),
        # Rows at a price of 0 whose time is gone.
        (None, live(row("5", "0")), False, True),
        (None, live(row("0", "0")), False, False),
        # Each range is rounded on its own.
        (theirs(hours="1.01", hour_parts=2), live(row("1", "1000")), False, False),
        (theirs(hours="1.01"), live(row("1", "1000")), False, True),
        (theirs(hours="1.02", hour_parts=2), live(row("1", "1000")), False, True),
        # People's and settlement's.
        (theirs(hours="3"), live(row("1", "1000"), lost=(2,)), True, False),
        (theirs(hours="3"), ProjectOrders(lost=(1,)), False, False),
        (theirs(hours="3"), ProjectOrders(settled=(1,)), False, False),
        (theirs(hours="3"), ProjectOrders(won=(1,), live_rows=(row("1", "1000"),)), False, False),
        (theirs(hours="3"), ProjectOrders(settled=(1,)), True, True),
    ],
)
def test_hours_that_are_apart(
    harvest: Uninvoiced | None, upsales: ProjectOrders | None, by_month: bool, expected: bool
) -> None:
    found = hours_apart(
        {} if harvest is None else {100: harvest},
        {} if upsales is None else {100: upsales},
        by_month=by_month,
    )

    assert found == ({100} if expected else set())


def test_hours_of_fees_and_of_projects_that_are_not_billed_stand_in_no_row() -> None:
    projects = [
        project(id=1),
        project(id=2, is_fixed_fee=True),
        project(id=3, is_billable=False),
        project(id=4),
    ]

    assert only_hourly({1, 2, 3, 5}, projects) == {1}

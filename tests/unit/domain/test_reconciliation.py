"""Both sides of every project beside each other, and why they differ."""

from decimal import Decimal
from typing import Any

import pytest

from harvest_upsales.domain.reconciliation import (
    Balance,
    Explanations,
    ProjectBalance,
    reconcile,
    totals,
    unexplained,
)
from harvest_upsales.domain.uninvoiced_report import Uninvoiced
from harvest_upsales.domain.upsales_side import ProjectOrders
from tests.unit.domain.builders import row

NO_REASON = Explanations({})


def theirs(
    hours: str = "1", amount: str = "1000", project: int = 100, currency: str = "SEK", **changes: Any
) -> Uninvoiced:
    return Uninvoiced(
        project, "Webb", "Nordisk Form AB", currency, Decimal(hours), Decimal(amount), **changes
    )


def ours(*rows: Any, **changes: Any) -> ProjectOrders:
    return ProjectOrders(live_rows=rows, currency="SEK", **changes)


def lines(
    harvest: Uninvoiced | None, upsales: ProjectOrders | None, why: Explanations = NO_REASON
) -> list[ProjectBalance]:
    return reconcile(
        {} if harvest is None else {100: harvest}, {} if upsales is None else {100: upsales}, why
    )


@pytest.mark.parametrize(
    ("harvest", "upsales", "state", "drift"),
    [
        (theirs(), ours(row("1", "1000"), open=(1,)), Balance.EQUAL, "0"),
        (theirs(), ours(row("1", "900"), open=(1,)), Balance.DRIFT, "100"),
        (theirs(amount="900"), ours(row("1", "1000"), open=(1,)), Balance.DRIFT, "-100"),
        (theirs(), None, Balance.TIME_ONLY, "1000"),
        (None, ours(row("1", "1000"), open=(1,)), Balance.OPPORTUNITY_ONLY, "-1000"),
        (None, ours(row("0", "0"), open=(1,)), Balance.EQUAL, "0"),
        (theirs(), ours(lost=(1,)), Balance.LOST, "1000"),
        (theirs(), ours(row("1", "1000"), won=(1,)), Balance.AWAITS_SETTLEMENT, "0"),
        (theirs(amount="1500"), ours(row("1", "1000"), won=(1,)), Balance.AWAITS_SETTLEMENT, "500"),
        (theirs(), ours(settled=(1,)), Balance.AFTER_INVOICE, "1000"),
        # A fee counts from its first entry, though the report has it from the project's start.
        (theirs(hours="0", amount="50000"), ours(row("0", "0"), open=(1,)), Balance.EQUAL, "0"),
        (theirs(hours="0", amount="50000"), ours(row("1", "50000"), open=(1,)), Balance.EQUAL, "0"),
        (
            theirs(amount="30000", fee=Decimal(50_000)),
            ours(row("1", "50000"), open=(1,)),
            Balance.FEE_PARTLY_INVOICED,
            "-20000",
        ),
        # A month that is won hides nothing of the months beside it.
        (theirs(amount="1500"), ours(row("1", "1000"), won=(1,), open=(2,)), Balance.DRIFT, "500"),
        (
            theirs(amount="1500"),
            ours(row("1", "1000"), row("1", "500"), won=(1,), open=(2,)),
            Balance.AWAITS_SETTLEMENT,
            "0",
        ),
        # A month that is lost is nobody's drift.
        (
            theirs(amount="1500"),
            ours(row("1", "500"), open=(1,), lost=(2,), lost_rows=(row("1", "1000"),)),
            Balance.LOST,
            "1000",
        ),
        (
            theirs(amount="1600"),
            ours(row("1", "500"), open=(1,), lost=(2,), lost_rows=(row("1", "1000"),)),
            Balance.DRIFT,
            "1100",
        ),
        # What Harvest says of a lost month counts, not what it was worth when it was lost.
        (
            theirs(amount="1600", lost=Decimal(1100), lost_parts=1),
            ours(row("1", "500"), open=(1,), lost=(2,), lost_rows=(row("1", "1000"),)),
            Balance.LOST,
            "1100",
        ),
        (
            theirs(amount="1600", lost=Decimal(1000), lost_parts=1),
            ours(row("1", "500"), open=(1,), lost=(2,), lost_rows=(row("1", "1100"),)),
            Balance.DRIFT,
            "1100",
        ),
        (theirs(lost=Decimal(1000), lost_parts=1), ours(lost=(1,)), Balance.LOST, "1000"),
        (theirs(lost=Decimal(900), lost_parts=1), ours(lost=(1,)), Balance.TIME_ONLY, "1000"),
        (
            theirs(lost=Decimal(900), lost_parts=1),
            ours(lost=(1,), settled=(2,)),
            Balance.AFTER_INVOICE,
            "1000",
        ),
    ],
)
def test_every_state_of_the_two_sides(
    harvest: Uninvoiced | None, upsales: ProjectOrders | None, state: Balance, drift: str
) -> None:
    (line,) = lines(harvest, upsales)

    assert (line.state, line.drift) == (state, Decimal(drift))
    assert line.drift == line.harvest - line.upsales


@pytest.mark.parametrize(
    ("harvest", "upsales"),
    [
        (theirs(hours="0", amount="50000"), None),
        (theirs(hours="0", amount="0"), ours(settled=(1,))),
        (None, ours(settled=(1,))),
        (None, ours(lost=(1,))),
        (theirs(amount="0"), None),
    ],
)
def test_projects_with_nothing_on_either_side_have_no_line(
    harvest: Uninvoiced | None, upsales: ProjectOrders | None
) -> None:
    assert lines(harvest, upsales) == []


def test_a_line_names_the_project_and_its_orders() -> None:
    (line,) = lines(theirs(), ours(row("1", "1000"), open=(1,), won=(), settled=(2,), lost=(3,)))

    assert line.project == "Nordisk Form AB: Webb"
    assert line.orders == (1, 2, 3)
    assert lines(None, ours(row("1", "1"), open=(1,)))[0].project == "project 100"


def test_the_largest_drift_comes_first() -> None:
    found = reconcile(
        {1: theirs(amount="10"), 2: theirs(amount="300"), 4: theirs(amount="10")},
        {3: ours(row("1", "500"), open=(9,))},
        NO_REASON,
    )

    assert [line.project_id for line in found] == [3, 2, 1, 4]


def test_totals_are_per_currency() -> None:
    found = totals(
        reconcile(
            {1: theirs(amount="10.10"), 2: theirs(amount="20.20"), 3: theirs(currency="EUR", amount="5")},
            {1: ours(row("1", "10.10"), open=(9,))},
            NO_REASON,
        )
    )

    assert list(found) == ["EUR", "SEK"]
    assert (found["SEK"].harvest, found["SEK"].upsales, found["SEK"].drift, found["SEK"].projects) == (
        Decimal("30.30"),
        Decimal("10.10"),
        Decimal("20.20"),
        2,
    )


@pytest.mark.parametrize(
    ("why", "cause"),
    [
        (NO_REASON, ""),
        (Explanations({100: "no rate"}), "failed in this run: no rate"),
        (Explanations({}, changed={100}), "its time changed while the run went on; the next run takes it up"),
        (Explanations({}, approved_only=True), "Harvest's report counts time that is not approved"),
        (Explanations({}, only={7}), "this run was confined to other projects"),
        (Explanations({7: "x"}, changed={7}, only={100}), ""),
    ],
)
def test_a_drift_has_a_likely_cause(why: Explanations, cause: str) -> None:
    found = lines(theirs(), None, why)

    assert [line.cause for line in found] == [cause]
    assert bool(unexplained(found, why, threshold=Decimal(0))) is not bool(cause)


def test_time_that_is_not_approved_explains_no_excess_in_upsales() -> None:
    why = Explanations({}, approved_only=True)

    assert unexplained(
        lines(theirs(amount="900"), ours(row("1", "1000"), open=(1,)), why), why, threshold=Decimal(0)
    )
    assert unexplained(lines(None, ours(row("1", "1000"), open=(1,)), why), why, threshold=Decimal(0))


@pytest.mark.parametrize(("threshold", "found"), [("999.99", 1), ("1000", 0), ("1000.01", 0)])
def test_drift_up_to_the_threshold_is_nobody_s_concern(threshold: str, found: int) -> None:
    for harvest, upsales in ((theirs(), None), (None, ours(row("1", "1000"), open=(1,)))):
        assert len(unexplained(lines(harvest, upsales), NO_REASON, threshold=Decimal(threshold))) == found


@pytest.mark.parametrize("upsales", [ours(lost=(1,)), ours(won=(1,)), ours(row("1", "1000"), open=(1,))])
def test_what_people_decided_is_no_error_of_the_books(upsales: ProjectOrders) -> None:
    assert unexplained(lines(theirs(), upsales), NO_REASON, threshold=Decimal(0)) == []


@pytest.mark.parametrize("upsales", [None, ours(settled=(1,)), ours(row("1", "1"), open=(1,))])
def test_what_nobody_decided_is(upsales: ProjectOrders | None) -> None:
    assert len(unexplained(lines(theirs(), upsales), NO_REASON, threshold=Decimal(0))) == 1


@pytest.mark.parametrize(
    ("left", "is_gone"),
    [
        (Uninvoiced(100, "W", "N", "SEK", Decimal(1), Decimal(0), fee_looked_for=True), True),
        (Uninvoiced(100, "W", "N", "SEK", Decimal(0), Decimal(0), fee_looked_for=True), True),
        (Uninvoiced(100, "W", "N", "SEK", Decimal(1), Decimal(20_000), fee_looked_for=True), False),
        (Uninvoiced(100, "W", "N", "SEK", Decimal(1), Decimal(0), priced=False, fee_looked_for=True), False),
        (Uninvoiced(100, "W", "N", "SEK", Decimal(1), Decimal(0)), False),
        (None, False),
    ],
)
def test_a_fixed_fee_explains_what_is_left_of_it_alone(left: Uninvoiced | None, is_gone: bool) -> None:
    why = Explanations({}, fixed_fees={100})

    found = lines(left, ours(row("1", "50000"), open=(1,)), why)

    assert [line.state is Balance.FEE_INVOICED for line in found] == [is_gone]
    assert bool(unexplained(found, why, threshold=Decimal(0))) is is_gone

"""The board: what each run makes of the one before."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from harvest_upsales.domain.board import BillingResult, Board, BoardRow, State
from harvest_upsales.domain.board_text import contents_of, from_pieces, in_pieces
from harvest_upsales.domain.changes import IdleProject
from harvest_upsales.domain.next_board import next_board
from harvest_upsales.domain.order_lines import OrderLine
from harvest_upsales.domain.orders import Place
from harvest_upsales.domain.outcome import NOTHING_UNINVOICED, Outcome
from harvest_upsales.domain.plan import Action
from harvest_upsales.domain.reconciliation import Balance, ProjectBalance
from harvest_upsales.domain.run_facts import RunFacts
from harvest_upsales.domain.uninvoiced_report import Uninvoiced

NOON = dt.datetime(2026, 11, 2, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
P = 7
SENT, REFUSED = BillingResult(70, True, "document 4711"), BillingResult(70, False, "no customer")


def order(place: Place = Place.OPEN, *, value: str = "100.00", **kw: Any) -> OrderLine:
    stage = {Place.OPEN: ("Verbal agreement", "90"), Place.LOST: ("No order", "0")}.get(place, ("Won", "100"))
    given = {
        "order_id": 70,
        "hours": Decimal(2),
        "currency": "SEK",
        "description": "Fjord – Webb (W-1)",
        **kw,
    }
    return OrderLine(
        place=place, value=Decimal(value), stage=stage[0], probability=Decimal(stage[1]), **given
    )


def line(
    state: Balance = Balance.EQUAL, *, harvest: str = "100.00", upsales: str = "100.00", cause: str = ""
) -> ProjectBalance:
    return ProjectBalance(
        project_id=P,
        project="Fjord: Webb",
        state=state,
        currency="SEK",
        hours=Decimal(2),
        harvest=Decimal(harvest),
        upsales=Decimal(upsales),
        drift=Decimal(harvest) - Decimal(upsales),
        cause=cause,
    )


def outcome(action: Action, **kw: Any) -> Outcome:
    given: dict[str, Any] = {"client": "Fjord", "code": "W-1", "currency": "SEK", "key": f"1:{P}", **kw}
    return Outcome(project_id=P, project="Fjord: Webb", action=action, **given)


def run(
    *orders: OrderLine, balance: ProjectBalance | None = None, at: dt.datetime = NOON, **kw: Any
) -> RunFacts:
    harvest = Uninvoiced(P, "Webb", "Fjord", "SEK", Decimal(2), balance.harvest) if balance else None
    return RunFacts(
        as_of=at,
        run_id=f"run at {at:%H}",
        lines={P: balance} if balance else {},
        harvest={P: harvest} if harvest else {},
        orders={P: orders} if orders else {},
        **kw,
    )


def row(facts: RunFacts, before: Board | None = None) -> BoardRow:
    [found] = next_board(before, facts).rows
    return found


CREATED = outcome(
    Action.CREATE, order_id=70, amount=Decimal(100), months={"2026-10": Decimal(60), "2026-11": Decimal(40)}
)


def test_a_tracked_project_beside_its_opportunity() -> None:
    found = row(run(order(), balance=line(), outcomes=[CREATED]))

    assert (found.client, found.project, found.code) == ("Fjord", "Webb", "W-1")
    assert (found.state, found.stage, found.probability, found.order_id) == (
        State.TRACKING,
        "Verbal agreement",
        Decimal(90),
        70,
    )
    assert (found.amount, found.uninvoiced, found.upsales, found.drift) == (100, 100, 100, 0)
    assert found.months == CREATED.months
    assert found.last_sync == NOON


def test_a_calm_run_keeps_what_only_earlier_ones_knew() -> None:
    before = next_board(None, run(order(), balance=line(), outcomes=[CREATED]))

    found = row(run(order(), balance=line(), at=NOON + HOUR), before)

    assert (found.code, found.months, found.last_sync) == ("W-1", CREATED.months, NOON)


def test_months_are_forgotten_with_the_sum_they_add_up_to() -> None:
    before = next_board(None, run(order(), balance=line(), outcomes=[CREATED]))

    found = row(run(order(), balance=line(Balance.DRIFT, harvest="130.00"), at=NOON + HOUR), before)

    assert found.months == {}
    assert found.drift == 30


def test_a_board_that_was_lost_comes_back_less_what_is_not_read_again() -> None:
    found = row(run(order(), balance=line()))

    assert (found.client, found.project, found.amount, found.last_sync) == ("Fjord", "Webb", 100, NOON)
    assert found.code == ""
    assert found.months == {}


@pytest.mark.parametrize(
    ("place", "facts", "state", "why"),
    [
        (Place.WON, {}, State.WON, "settles"),
        (Place.WON, {"held": {70: "a timer is running"}}, State.HELD, "a timer is running"),
        (Place.REOPENED, {}, State.HELD, "moved back"),
        (Place.REOPENED, {"held": {70: "Harvest invoice 9 is gone"}}, State.HELD, "is gone"),
        (Place.SETTLED, {"held": {70: "Harvest invoice 9 is gone"}}, State.HELD, "is gone"),
        (Place.SETTLED, {"settled": {70}}, State.INVOICED, ""),
        (
            Place.SETTLED,
            {"billing": {70: BillingResult(70, True, "document 4711")}},
            State.BILLING_SENT,
            "document 4711",
        ),
        (
            Place.SETTLED,
            {"billing": {70: BillingResult(70, False, "no customer")}},
            State.BILLING_FAILED,
            "no customer",
        ),
        (Place.LOST, {}, State.LOST, ""),
    ],
)
def test_an_order_says_where_the_money_is(
    place: Place, facts: Mapping[str, Any], state: State, why: str
) -> None:
    found = row(run(order(place), **facts))

    assert found.state is state
    assert why in found.why
    assert (found.amount, found.uninvoiced) == (100, 0)


def test_the_field_of_the_billing_app_tells_without_any_memory() -> None:
    assert row(run(order(Place.SETTLED, billed=True, invoice_id="9"))).state is State.BILLING_SENT


@pytest.mark.parametrize(
    ("place", "facts", "state"),
    [
        (Place.WON, {"held": {70: "a timer is running"}}, State.HELD),
        (Place.SETTLED, {"billing": {70: REFUSED}}, State.BILLING_FAILED),
        (Place.SETTLED, {"billing": {70: SENT}}, State.BILLING_SENT),
    ],
)
def test_later_runs_that_do_not_look_again_keep_the_state(
    place: Place, facts: Mapping[str, Any], state: State
) -> None:
    before = next_board(None, run(order(place), **facts))

    assert row(run(order(place), at=NOON + HOUR), before).state is state


def test_a_settled_order_forgets_that_settlement_would_take_it_up() -> None:
    left = replace(CREATED, action=Action.SKIP, order_id=70, reason="order 70 is won: settlement takes it up")

    found = row(run(order(Place.SETTLED), outcomes=[left], settled={70}))
    lost = row(run(order(Place.LOST), outcomes=[left]))

    assert (found.state, found.why) == (State.INVOICED, "")
    assert lost.why == left.reason


def test_an_order_that_is_won_again_forgets_why_it_was_held() -> None:
    before = next_board(None, run(order(Place.WON), held={70: "a timer is running"}))

    found = row(run(order(Place.SETTLED), settled={70}, at=NOON + HOUR), before)

    assert (found.state, found.why) == (State.INVOICED, "")


def test_a_failure_stays_until_the_project_is_looked_at_again() -> None:
    short = line(Balance.DRIFT, harvest="130.00", cause="failed in this run: no company")
    failed = next_board(
        None, run(order(), balance=short, outcomes=[outcome(Action.FAIL, reason="no company")])
    )
    assert (failed.rows[0].state, failed.rows[0].why) == (State.FAILED, "no company")

    still = next_board(failed, run(order(), balance=line(Balance.DRIFT, harvest="130.00"), at=NOON + HOUR))
    assert still.rows[0].state is State.FAILED

    assert (
        row(run(order(), balance=line(), outcomes=[CREATED], at=NOON + 2 * HOUR), still).state
        is State.TRACKING
    )


def test_a_failed_project_without_an_opportunity_has_its_time() -> None:
    facts = run(
        balance=line(Balance.TIME_ONLY, upsales="0.00"),
        outcomes=[outcome(Action.FAIL, reason="no company matches")],
    )

    found = row(facts)

    assert (found.state, found.why, found.amount, found.drift) == (
        State.FAILED,
        "no company matches",
        100,
        100,
    )


@pytest.mark.parametrize(
    "facts",
    [
        {"outcomes": [outcome(Action.SKIP, reason="the project is not billable", key="")]},
        {"idle": {P: IdleProject(P, "Webb", "not billable")}},
    ],
)
def test_time_that_nobody_pays_for_is_shown_for_a_while(facts: Mapping[str, Any]) -> None:
    board = next_board(None, run(**facts))
    assert (board.rows[0].state, "not billable" in board.rows[0].why) == (State.NOT_BILLED, True)

    assert next_board(board, run(at=NOON + dt.timedelta(days=89))).rows == board.rows
    assert next_board(board, run(at=NOON + dt.timedelta(days=91))).rows == ()


def test_old_time_stays_until_a_run_looks_that_far_back() -> None:
    board = next_board(None, run(balance=line(Balance.TIME_ONLY, upsales="0.00"), whole=True))

    assert next_board(board, run(at=NOON + HOUR)).rows == board.rows
    assert next_board(board, run(at=NOON + HOUR, whole=True)).rows == ()
    gone = outcome(Action.SKIP, reason=NOTHING_UNINVOICED, key="")
    assert next_board(board, run(at=NOON + HOUR, outcomes=[gone])).rows == ()


def test_months_have_a_row_each_and_what_is_left_one_more() -> None:
    october = order(Place.SETTLED, month="2026-10", order_id=70, value="50.00")
    november = order(month="2026-11", order_id=71, value="100.00")
    facts = run(october, november, balance=line(Balance.DRIFT, harvest="130.00"))

    rows = next_board(None, facts).rows

    assert [(each.month, each.order_id, each.amount, each.drift) for each in rows] == [
        ("2026-10", 70, 50, 0),
        ("2026-11", 71, 100, 0),
        ("", None, 30, 30),
    ]
    assert sum(each.uninvoiced for each in rows) == 130
    assert sum(each.upsales for each in rows) == 100


def many_rows(number: int) -> Board:
    return Board(
        NOON,
        "run",
        tuple(
            BoardRow(
                project_id=n,
                state=State.TRACKING,
                client=f"Client {n % 400} <b>&",
                project=f"Project {n}",
                amount=Decimal(n) / 7,
                uninvoiced=Decimal(n) / 7,
                currency="SEK",
                months={"2026-10": Decimal(n)},
            )
            for n in range(number)
        ),
    )


def test_a_board_of_any_size_goes_through_airflows_store_and_back() -> None:
    for number in (0, 1, 20_000):
        board = many_rows(number)
        contents, pieces = in_pieces(board, None)

        assert all(len(piece) <= 60_000 for piece in pieces)
        assert from_pieces(contents, pieces) == board
    assert len(pieces) > 2


def test_a_reader_never_takes_half_a_board_for_a_whole_one() -> None:
    first, old = in_pieces(many_rows(20_000), None)
    second, new = in_pieces(many_rows(19_999), first)
    third, _ = in_pieces(many_rows(1), second)

    assert not set(first.keys("d")) & set(second.keys("d"))
    assert set(third.keys("d")) <= set(first.keys("d"))
    assert from_pieces(first, [*old[:-1], new[-1]]) is None
    assert from_pieces(first, old[:-1]) is None
    assert from_pieces(first, [None, *old[1:]]) is None


@pytest.mark.parametrize(
    "value", [None, "", 1, {}, {"slot": "a"}, {"slot": "a", "pieces": "many", "digest": ""}]
)
def test_what_is_no_board_is_none(value: object) -> None:
    assert contents_of(value) is None

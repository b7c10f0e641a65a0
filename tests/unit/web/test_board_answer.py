"""The board as the page gets it."""

import datetime as dt
import gzip
import time
from decimal import Decimal

import msgspec

from harvest_upsales.domain.board import Board, BoardRow, State
from harvest_upsales.domain.board_text import from_pieces, in_pieces
from harvest_upsales.domain.links import WebAddresses
from harvest_upsales.web.board_answer import board_answer

NOON = dt.datetime(2026, 11, 2, 12, tzinfo=dt.UTC)
WEB = WebAddresses("https://nordlys.harvestapp.com", "https://power.upsales.com")


def row(project_id: int, amount: str, state: State = State.TRACKING, **kw: object) -> BoardRow:
    over = state in (State.INVOICED, State.LOST)
    given: dict[str, object] = {
        "client": "Fjord",
        "currency": "SEK",
        "order_id": project_id * 10,
        "stage": "Verbal agreement",
        "probability": Decimal(90),
        "amount": Decimal(amount),
        "uninvoiced": Decimal(0) if state is State.INVOICED else Decimal(amount),
        "upsales": Decimal(0) if over else Decimal(amount),
        **kw,
    }
    return BoardRow(project_id=project_id, state=state, **given)  # type: ignore[arg-type]


def test_sums_leave_out_what_is_lost_or_invoiced() -> None:
    rows = (
        row(1, "100.10"),
        row(2, "50.00", upsales=Decimal(40), client="Gran"),
        row(3, "7.00", State.LOST, probability=Decimal(0), stage="No order"),
        row(4, "900.00", State.INVOICED, probability=Decimal(100), stage="Won", invoice_id="77"),
        row(5, "5", currency="EUR"),
    )

    found = board_answer("d", Board(NOON, "r", rows, WEB), "/dags/d/runs/r")

    assert [(s.currency, s.harvest, s.upsales, s.drift, s.projects) for s in found.totals.currencies] == [
        ("EUR", 5, 5, 0, 1),
        ("SEK", Decimal("150.10"), Decimal("140.10"), 10, 2),
    ]
    assert [(s.stage, s.currency, s.amount, s.orders) for s in found.totals.stages] == [
        ("Verbal agreement", "EUR", 5, 1),
        ("Verbal agreement", "SEK", Decimal("140.10"), 2),
    ]
    assert [(s.client, s.currency, s.amount) for s in found.by_client] == [
        ("Fjord", "SEK", Decimal("100.10")),
        ("Gran", "SEK", 50),
        ("Fjord", "EUR", 5),
    ]
    assert found.rows[3].invoice_url == "https://nordlys.harvestapp.com/invoices/77"
    assert found.rows[0].order_url == "https://power.upsales.com/#/orders/10"


def test_months_add_up_to_the_uninvoiced_amount() -> None:
    rows = (
        row(1, "100.01", months={"2026-10": Decimal("60.004"), "2026-11": Decimal("40.003")}),
        row(2, "50.00"),
        row(3, "20.00", months={"2026-11": Decimal(15)}),
    )

    found = board_answer("d", Board(NOON, "r", rows), None)

    assert [(s.month, s.amount) for s in found.by_month] == [
        (None, 55),
        ("2026-10", Decimal("60.00")),
        ("2026-11", Decimal("55.00")),
    ]


def test_what_rounding_leaves_is_no_month_of_its_own() -> None:
    months = {"2026-10": Decimal("10.006")}
    rows = tuple(row(n, "10.01", months=months) for n in range(1, 11))

    found = board_answer("d", Board(NOON, "r", rows), None)

    assert [(s.month, s.amount) for s in found.by_month] == [("2026-10", Decimal("100.06"))]


def test_an_invoiced_order_that_was_moved_back_is_no_money_to_come() -> None:
    reopened = row(1, "100.00", State.HELD, uninvoiced=Decimal(0), upsales=Decimal(0), invoice_id="77")

    assert board_answer("d", Board(NOON, "r", (reopened,)), None).totals.stages == []


def test_two_thousand_projects_are_answered_quickly_and_travel_light() -> None:
    rows = tuple(
        row(
            n,
            f"{n}.25",
            client=f"Client {n % 300}",
            project=f"Project {n}",
            code=f"P-{n}",
            last_sync=NOON,
            months={"2026-10": Decimal(n), "2026-11": Decimal("0.25")},
        )
        for n in range(1, 2001)
    )
    contents, pieces = in_pieces(Board(NOON, "run", rows, WEB), None)
    began = time.process_time()

    board = from_pieces(contents, pieces)
    body = msgspec.json.encode(board_answer("d", board, "/dags/d/runs/r"))

    assert time.process_time() - began < 0.5
    assert len(gzip.compress(body, 5)) < 200_000
    assert msgspec.json.decode(body)["rows"][0]["amount"] == "1.25"

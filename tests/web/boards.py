"""A board of 2,000 projects, as a run would have stored it."""

import datetime as dt
from decimal import Decimal

import msgspec

from harvest_upsales.domain.board import Board, BoardRow, State
from harvest_upsales.domain.board_text import contents_key, in_pieces
from harvest_upsales.domain.links import WebAddresses

PROJECTS = 2000
NOW = dt.datetime(2026, 11, 2, 12, tzinfo=dt.UTC)
MONTHS = {"2026-09": Decimal("1250.50"), "2026-10": Decimal("17.25"), "2026-11": Decimal("980.1")}


def large_board() -> Board:
    rows = (
        BoardRow(
            project_id=14_000_000 + n * 7919 % 100_000,
            state=State.TRACKING,
            client=f"Client {n * 31 % 400} AB",
            project=f"Delivery {n * 7919 % 9973} of {n}",
            code=f"D-{n}",
            hours=Decimal(n * 17 % 1000) / 4,
            amount=Decimal(n * 7919 % 100_000) / 100,
            uninvoiced=Decimal(n * 7919 % 100_000) / 100,
            upsales=Decimal(n * 7919 % 100_000) / 100,
            currency="SEK" if n % 5 else "EUR",
            order_id=500_000 + n * 6007 % 100_000,
            stage="Verbal agreement" if n % 3 else "Prospect 2",
            probability=Decimal(90 if n % 3 else 50),
            last_sync=NOW - dt.timedelta(minutes=n),
            months=MONTHS,
        )
        for n in range(PROJECTS)
    )
    return Board(
        NOW, "run", tuple(rows), WebAddresses("https://nordlys.harvestapp.com", "https://power.upsales.com")
    )


def stored_board(dag_id: str) -> dict[str, object]:
    """The values by key of Airflow's store, the board's pieces first."""
    contents, pieces = in_pieces(large_board(), None)
    values: dict[str, object] = dict(zip(contents.keys(dag_id), pieces, strict=True))
    values[contents_key(dag_id)] = msgspec.to_builtins(contents)
    return values

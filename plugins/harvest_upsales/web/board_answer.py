"""The board as the page gets it: rows with links, and sums."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct

from harvest_upsales.domain.board import Board, BoardRow, State
from harvest_upsales.domain.links import WebAddresses
from harvest_upsales.domain.money import rounded

_OVER = frozenset({State.INVOICED, State.BILLING_SENT, State.BILLING_FAILED, State.LOST})


class RowAnswer(Struct, frozen=True):
    """One project, in month mode one project's month; see ``domain.board.BoardRow``. Links are empty where unknown."""

    project_id: int
    month: str | None
    client: str
    project: str
    code: str
    hours: Decimal
    amount: Decimal
    currency: str
    state: State
    why: str
    stage: str
    probability: Decimal | None
    order_id: int | None
    order_url: str
    project_url: str
    invoice_id: str
    invoice_url: str
    last_sync: dt.datetime | None
    drift: Decimal
    uninvoiced: Decimal
    upsales: Decimal


class CurrencySum(Struct, frozen=True):
    """Uninvoiced money in one currency, lost opportunities left out; ``projects`` are those that have some."""

    currency: str
    harvest: Decimal
    upsales: Decimal
    drift: Decimal
    projects: int


class StageSum(Struct, frozen=True):
    """Our part of the orders in one stage that are neither invoiced nor lost."""

    stage: str
    probability: Decimal | None
    currency: str
    amount: Decimal
    orders: int


class Totals(Struct, frozen=True):
    """Sums over all rows."""

    currencies: list[CurrencySum]
    stages: list[StageSum]


class MonthSum(Struct, frozen=True):
    """Uninvoiced money by month of ``spent_date``; ``None`` where no run has told the month."""

    month: str | None
    currency: str
    amount: Decimal


class ClientSum(Struct, frozen=True):
    """Uninvoiced money by client."""

    client: str
    currency: str
    amount: Decimal


class NewestRun(Struct, frozen=True):
    """A run, however it ended: one that failed early left no board.

    :param state: Airflow's: ``running``, ``success`` or ``failed``
    :param url: its page in Airflow, a path on this server
    :param ended: ``None`` while it runs
    """

    run_id: str
    state: str
    url: str
    ended: dt.datetime | None


class BoardAnswer(Struct, frozen=True):
    """The whole board; ``as_of`` is ``None`` where no run has left one yet.

    :param run_id: the run that left the board
    :param newest_run: the newest run that is no plan; not that of ``run_id`` where it is under way, or failed early
    """

    as_of: dt.datetime | None
    run_id: str | None
    run_url: str | None
    newest_run: NewestRun | None
    dag_id: str
    rows: list[RowAnswer]
    totals: Totals
    by_month: list[MonthSum]
    by_client: list[ClientSum]


def board_answer(
    dag_id: str, board: Board | None, run_url: str | None, newest_run: NewestRun | None = None
) -> BoardAnswer:
    """Build the answer.

    :param board: ``None`` where there is none
    :param run_url: of the run that left the board
    """
    rows = board.rows if board else ()
    counted = [row for row in rows if row.is_counted]
    return BoardAnswer(
        as_of=board.as_of if board else None,
        run_id=board.run_id if board else None,
        run_url=run_url,
        newest_run=newest_run,
        dag_id=dag_id,
        rows=[_row(row, board.web) for row in rows] if board else [],
        totals=Totals(_by_currency(counted), _by_stage(rows)),
        by_month=_by_month(counted),
        by_client=_by_client(counted),
    )


def _row(row: BoardRow, web: WebAddresses) -> RowAnswer:
    return RowAnswer(
        project_id=row.project_id,
        month=row.month or None,
        client=row.client,
        project=row.project,
        code=row.code,
        hours=row.hours,
        amount=row.amount,
        currency=row.currency,
        state=row.state,
        why=row.why,
        stage=row.stage,
        probability=row.probability,
        order_id=row.order_id,
        order_url=web.order(row.order_id) if row.order_id else "",
        project_url=web.project(row.project_id),
        invoice_id=row.invoice_id,
        invoice_url=web.invoice(int(row.invoice_id)) if row.invoice_id.isdecimal() else "",
        last_sync=row.last_sync,
        drift=row.drift,
        uninvoiced=row.uninvoiced,
        upsales=row.upsales,
    )


def _by_currency(rows: Iterable[BoardRow]) -> list[CurrencySum]:
    found: defaultdict[str, list[BoardRow]] = defaultdict(list)
    for row in rows:
        if row.uninvoiced or row.upsales:
            found[row.currency].append(row)
    return [
        CurrencySum(
            currency=currency,
            harvest=_sum(row.uninvoiced for row in mine),
            upsales=_sum(row.upsales for row in mine),
            drift=_sum(row.drift for row in mine),
            projects=len({row.project_id for row in mine}),
        )
        for currency, mine in sorted(found.items())
    ]


def _by_stage(rows: Iterable[BoardRow]) -> list[StageSum]:
    found: defaultdict[tuple[Decimal, str, str], list[BoardRow]] = defaultdict(list)
    for row in rows:
        if row.order_id is not None and row.state not in _OVER and not row.invoice_id:
            found[row.probability or Decimal(0), row.stage, row.currency].append(row)
    return [
        StageSum(stage, probability, currency, _sum(row.upsales for row in mine), len(mine))
        for (probability, stage, currency), mine in sorted(found.items())
    ]


def _by_month(rows: Iterable[BoardRow]) -> list[MonthSum]:
    found: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in rows:
        rest = row.uninvoiced
        for month, amount in row.months.items() if rest else ():
            found[row.currency, month] += amount
            rest -= amount
        # Less than the minor unit comes from rounding the project's sum.
        if rounded(rest, row.currency):
            found[row.currency, ""] += rest
    return [
        MonthSum(month or None, currency, rounded(amount, currency))
        for (currency, month), amount in sorted(found.items())
        if rounded(amount, currency)
    ]


def _by_client(rows: Iterable[BoardRow]) -> list[ClientSum]:
    found: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in rows:
        found[row.client, row.currency] += row.uninvoiced
    return [
        ClientSum(client, currency, amount)
        for (client, currency), amount in sorted(found.items(), key=lambda each: (-each[1], each[0]))
        if amount
    ]


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))

"""Each run makes the next board out of the one before and of what its tasks know anyway.

A board that is lost comes back with the next run, less what only earlier runs knew (a project's code, amounts by month,
old failures).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

from msgspec.structs import replace

from harvest_upsales.domain.board import Board, BoardRow, State
from harvest_upsales.domain.board_state import state_of
from harvest_upsales.domain.money import ZERO
from harvest_upsales.domain.order_lines import OrderLine
from harvest_upsales.domain.orders import Place
from harvest_upsales.domain.outcome import Outcome
from harvest_upsales.domain.reconciliation import Balance, ProjectBalance
from harvest_upsales.domain.run_facts import ProjectFacts, RunFacts

_LONGEST_WHY = 300
# How long a project that makes no opportunity is shown after a run last came upon it.
_NOT_BILLED_SHOWN = dt.timedelta(days=90)
# Which order stands for a project that has several: what lives before what is over, then the newest.
_MOST_RELEVANT_FIRST = (Place.OPEN, Place.WON, Place.REOPENED, Place.SETTLED, Place.LOST)
_OVER = (Place.SETTLED, Place.REOPENED)


def next_board(before: Board | None, run: RunFacts) -> Board:
    """The board after a run.

    :param before: the board of an earlier run; ``None`` where there is none, or it is lost
    """
    known: dict[int, list[BoardRow]] = {}
    for row in before.rows if before else ():
        known.setdefault(row.project_id, []).append(row)
    outcomes: dict[int, list[Outcome]] = {}
    for outcome in run.outcomes:
        outcomes.setdefault(outcome.project_id, []).append(outcome)
    ids = known.keys() | outcomes.keys() | run.orders.keys() | run.idle.keys() | run.lines.keys()
    rows = [
        row
        for project_id in sorted(ids)
        for row in _rows(
            ProjectFacts(project_id, run, outcomes.get(project_id, []), known.get(project_id, []))
        )
    ]
    return Board(as_of=run.as_of, run_id=run.run_id, rows=tuple(rows), web=run.web)


def _rows(project: ProjectFacts) -> Iterator[BoardRow]:
    """A project's rows on the next board."""
    if any(order.month for order in project.orders):
        yield from _months(project)
    elif project.orders:
        yield _project(project)
    elif project.balance is not None:
        yield _without_order(project, project.balance, project.balance.harvest)
    else:
        yield from _nothing_to_compare(project)


def _months(project: ProjectFacts) -> Iterator[BoardRow]:
    """A row for every month's order, and one for what Harvest has beyond them."""
    in_orders = ZERO
    for order in sorted(project.orders, key=lambda order: (order.month, order.order_id)):
        uninvoiced = ZERO if order.place in _OVER else order.value
        in_orders += uninvoiced
        upsales = ZERO if order.place is Place.LOST else uninvoiced
        yield _order_row(project, order, uninvoiced, upsales)
    balance = project.balance
    if balance is None:
        return
    rest = ZERO if balance.state in (Balance.EQUAL, Balance.LOST) else balance.harvest - in_orders
    if rest or project.failure("") is not None:
        yield _without_order(project, balance, rest)


def _project(project: ProjectFacts) -> BoardRow:
    """The row of a project that has one order, or of the one that stands for all of them."""
    order = min(project.orders, key=lambda order: (_MOST_RELEVANT_FIRST.index(order.place), -order.order_id))
    balance = project.balance
    uninvoiced, upsales = (balance.harvest, balance.upsales) if balance else (ZERO, ZERO)
    row = _order_row(project, order, uninvoiced, upsales)
    if order.place is Place.OPEN and balance is not None:
        return replace(row, hours=balance.hours, amount=uninvoiced)
    return row


def _order_row(project: ProjectFacts, order: OrderLine, uninvoiced: Decimal, upsales: Decimal) -> BoardRow:
    hours = order.hours
    if project.is_fixed_fee and order.place is not Place.OPEN:
        # The quantity of a fee is no number of hours.
        before = project.row_before(order.month)
        hours = before.hours if before else ZERO
    state, why = state_of(order, project, uninvoiced - upsales)
    return BoardRow(
        project_id=project.project_id,
        state=state,
        client=project.client,
        project=project.name or order.description,
        code=project.code,
        month=order.month,
        hours=hours,
        amount=order.value,
        uninvoiced=uninvoiced,
        upsales=upsales,
        currency=order.currency or project.currency,
        why=why[:_LONGEST_WHY],
        order_id=order.order_id,
        stage=order.stage,
        probability=order.probability,
        invoice_id=order.invoice_id,
        last_sync=project.last_sync(order),
        months={order.month: order.value} if order.month else project.amounts_by_month(uninvoiced),
    )


def _without_order(project: ProjectFacts, balance: ProjectBalance, uninvoiced: Decimal) -> BoardRow:
    """Time that is in no order."""
    before = project.row_before("")
    failure = project.failure("")
    if failure is None and not project.outcomes and before and before.state is State.FAILED:
        failure = before.why
    why = failure or balance.cause or project.reason_skipped or "has no opportunity yet"
    return BoardRow(
        project_id=project.project_id,
        state=State.TRACKING if failure is None else State.FAILED,
        client=project.client,
        project=project.name,
        code=project.code,
        hours=ZERO if balance.orders else balance.hours,
        amount=uninvoiced,
        uninvoiced=uninvoiced,
        currency=balance.currency,
        why=why[:_LONGEST_WHY],
        last_sync=before.last_sync if before else None,
        months=project.amounts_by_month(uninvoiced),
    )


def _nothing_to_compare(project: ProjectFacts) -> Iterator[BoardRow]:
    """Neither time nor an order, as far as this run looked."""
    failure, told, idle = (
        project.failure(""),
        project.reason_not_billed,
        project.run.idle.get(project.project_id),
    )
    if failure is not None or told or idle is not None:
        why = failure or told or (idle.reason if idle is not None else "")
        yield BoardRow(
            project_id=project.project_id,
            state=State.FAILED if failure is not None else State.NOT_BILLED,
            client=project.client,
            project=project.name,
            code=project.code,
            currency=project.currency,
            why=why[:_LONGEST_WHY],
            last_sync=project.run.as_of,
        )
    elif not project.outcomes:
        yield from (row for row in project.before if _still_shown(row, project.run))


def _still_shown(row: BoardRow, run: RunFacts) -> bool:
    """Whether a row stays of which this run saw nothing."""
    is_fresh = row.last_sync is not None and run.as_of - row.last_sync <= _NOT_BILLED_SHOWN
    # Time of long ago is seen only by the runs that look at the whole history.
    is_old_time = row.order_id is None and bool(row.uninvoiced) and not run.whole
    return (row.state is State.NOT_BILLED and is_fresh) or is_old_time

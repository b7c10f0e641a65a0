"""The board: every project beside its opportunity, as the last runs left them. For people to look at; decides nothing.

Each run makes the next board out of the one before and of what its tasks know anyway. A board that is lost comes
back with the next run, less what only earlier runs knew (a project's code, amounts by month, old failures).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct
from msgspec import field as struct_field
from msgspec.structs import replace

from harvest_upsales.domain.keys import parse_key
from harvest_upsales.domain.links import UNKNOWN, WebAddresses
from harvest_upsales.domain.money import plain
from harvest_upsales.domain.order_lines import OrderLine
from harvest_upsales.domain.orders import Place
from harvest_upsales.domain.outcome import NOTHING_UNINVOICED, Outcome
from harvest_upsales.domain.plan import Action
from harvest_upsales.domain.reconciliation import Balance, ProjectBalance
from harvest_upsales.domain.uninvoiced_report import Uninvoiced

ZERO = Decimal(0)
_LONGEST_WHY = 300
# How long a project that makes no opportunity is shown after a run last came upon it.
_NOT_BILLED_SHOWN = dt.timedelta(days=90)
_SYNCED = frozenset({Action.CREATE, Action.UPDATE, Action.UNCHANGED})
# Which order stands for a project that has several: what lives before what is over, then the newest.
_FIRST = (Place.OPEN, Place.WON, Place.REOPENED, Place.SETTLED, Place.LOST)


class State(StrEnum):
    """Where a project's money is."""

    TRACKING = "tracking"
    WON = "won"
    HELD = "held"
    INVOICED = "invoiced"
    BILLING_SENT = "billing_sent"
    BILLING_FAILED = "billing_failed"
    LOST = "lost"
    FAILED = "failed"
    NOT_BILLED = "not_billed"


class BoardRow(Struct, frozen=True, omit_defaults=True):
    """A project, or in month mode a project's month, with its opportunity.

    :param month: of a month's opportunity, ``YYYY-MM``
    :param amount: what the row is about: uninvoiced time while it is tracked, the order's value once it is won or lost
    :param uninvoiced: Harvest's uninvoiced amount
    :param upsales: the value of our rows in Upsales, while the order is not invoiced
    :param why: what the state comes from, or what to do
    :param months: exact worth by month of ``spent_date``, where a run has computed it
    """

    project_id: int
    state: State
    client: str = ""
    project: str = ""
    code: str = ""
    month: str = ""
    hours: Decimal = ZERO
    amount: Decimal = ZERO
    uninvoiced: Decimal = ZERO
    upsales: Decimal = ZERO
    currency: str = ""
    why: str = ""
    order_id: int | None = None
    stage: str = ""
    probability: Decimal | None = None
    invoice_id: str = ""
    last_sync: dt.datetime | None = None
    months: dict[str, Decimal] = struct_field(default_factory=dict)

    @property
    def drift(self) -> Decimal:
        """Harvest's uninvoiced amount minus Upsales' value."""
        return self.uninvoiced - self.upsales

    @property
    def is_counted(self) -> bool:
        """Whether its money is uninvoiced money that somebody still wants."""
        return self.state is not State.LOST


class Board(Struct, frozen=True):
    """All rows as one run left them.

    :param as_of: when that run read both services
    :param web: where people look at projects, invoices and orders
    """

    as_of: dt.datetime
    run_id: str
    rows: tuple[BoardRow, ...] = ()
    web: WebAddresses = UNKNOWN


class BillingResult(Struct, frozen=True):
    """How the billing app's part of a settlement ended."""

    order_id: int
    sent: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What a run knows when it ends.

    :param as_of: when it began to read
    :param lines: its reconciliation by project id
    :param harvest: Harvest's uninvoiced figures by project id
    :param orders: our orders by project id
    :param whole: whether Harvest's figures reach back to the account's beginning
    :param idle: why changed time makes no opportunity, with the project's name, by project id
    :param settled: orders that settlement took up and finished
    :param held: why settlement did not finish, or whose invoice is gone, by order id
    :param billing: how the billing app answered, by order id
    """

    as_of: dt.datetime
    run_id: str
    lines: Mapping[int, ProjectBalance]
    harvest: Mapping[int, Uninvoiced]
    orders: Mapping[int, Sequence[OrderLine]]
    whole: bool = False
    outcomes: Sequence[Outcome] = ()
    idle: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    settled: Collection[int] = frozenset()
    held: Mapping[int, str] = field(default_factory=dict)
    billing: Mapping[int, BillingResult] = field(default_factory=dict)
    web: WebAddresses = UNKNOWN


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
        for row in _Project(project_id, run, outcomes.get(project_id, []), known.get(project_id, [])).rows()
    ]
    return Board(as_of=run.as_of, run_id=run.run_id, rows=tuple(rows), web=run.web)


@dataclass(frozen=True, slots=True)
class _Project:
    """All that is known of one project."""

    project_id: int
    run: RunFacts
    outcomes: list[Outcome]
    before: list[BoardRow]

    def rows(self) -> Iterator[BoardRow]:
        """Its rows on the next board."""
        orders = self.run.orders.get(self.project_id, ())
        line = self.run.lines.get(self.project_id)
        if any(order.month for order in orders):
            yield from self._months(orders, line)
        elif orders:
            first = min(orders, key=lambda order: (_FIRST.index(order.place), -order.order_id))
            yield self._with_order(first, line)
        elif line is not None:
            yield self._without_order(line, line.harvest)
        else:
            yield from self._nothing_to_compare()

    def _months(self, orders: Sequence[OrderLine], line: ProjectBalance | None) -> Iterator[BoardRow]:
        """A row for every month's order, and one for what Harvest has beyond them."""
        in_orders = ZERO
        for order in sorted(orders, key=lambda order: (order.month, order.order_id)):
            over = order.place in (Place.SETTLED, Place.REOPENED)
            uninvoiced = ZERO if over else order.value
            in_orders += uninvoiced
            yield self._order_row(
                order, uninvoiced, ZERO if over or order.place is Place.LOST else order.value, order.hours
            )
        rest = line.harvest - in_orders if line and line.state not in (Balance.EQUAL, Balance.LOST) else ZERO
        if line and (rest or self._failure("") is not None):
            yield self._without_order(line, rest)

    def _with_order(self, order: OrderLine, line: ProjectBalance | None) -> BoardRow:
        uninvoiced, upsales = (line.harvest, line.upsales) if line else (ZERO, ZERO)
        tracked = order.place is Place.OPEN and line is not None
        row = self._order_row(order, uninvoiced, upsales, line.hours if line and tracked else order.hours)
        return replace(row, amount=uninvoiced, months=self._worth("", uninvoiced)) if tracked else row

    def _order_row(self, order: OrderLine, uninvoiced: Decimal, upsales: Decimal, hours: Decimal) -> BoardRow:
        before = self._row_before(order.month)
        if self._fixed_fee and order.place is not Place.OPEN:
            # The quantity of a fee is no number of hours.
            hours = before.hours if before else ZERO
        state, why = self._state_of(order, uninvoiced - upsales, before)
        return BoardRow(
            project_id=self.project_id,
            state=state,
            client=self._client,
            project=self._name or order.description,
            code=self._code,
            month=order.month,
            hours=hours,
            amount=order.value,
            uninvoiced=uninvoiced,
            upsales=upsales,
            currency=order.currency or self._currency,
            why=why[:_LONGEST_WHY],
            order_id=order.order_id,
            stage=order.stage,
            probability=order.probability,
            invoice_id=order.invoice_id,
            last_sync=self._last_sync(order.month, order.order_id, before),
            months={order.month: order.value} if order.month else self._worth("", uninvoiced),
        )

    def _without_order(self, line: ProjectBalance, uninvoiced: Decimal) -> BoardRow:
        before = self._row_before("")
        failure = self._failure("")
        if failure is None and not self.outcomes and before and before.state is State.FAILED:
            failure = before.why
        told = next((outcome.reason for outcome in self.outcomes if outcome.action is Action.SKIP), "")
        why = failure or line.cause or told or "has no opportunity yet"
        return BoardRow(
            project_id=self.project_id,
            state=State.TRACKING if failure is None else State.FAILED,
            client=self._client,
            project=self._name,
            code=self._code,
            hours=line.hours if not line.orders else ZERO,
            amount=uninvoiced,
            uninvoiced=uninvoiced,
            currency=line.currency,
            why=why[:_LONGEST_WHY],
            last_sync=before.last_sync if before else None,
            months=self._worth("", uninvoiced),
        )

    def _nothing_to_compare(self) -> Iterator[BoardRow]:
        """Neither time nor an order, as far as this run looked."""
        failure = self._failure("")
        told = next((outcome.reason for outcome in self.outcomes if outcome.reason != NOTHING_UNINVOICED), "")
        if failure is not None or told or self.project_id in self.run.idle:
            why = failure or told or self.run.idle[self.project_id][1]
            yield BoardRow(
                project_id=self.project_id,
                state=State.FAILED if failure is not None else State.NOT_BILLED,
                client=self._client,
                project=self._name,
                code=self._code,
                currency=self._currency,
                why=why[:_LONGEST_WHY],
                last_sync=self.run.as_of,
            )
            return
        if self.outcomes:
            return
        for row in self.before:
            fresh = row.last_sync is not None and self.run.as_of - row.last_sync <= _NOT_BILLED_SHOWN
            not_billed = row.state is State.NOT_BILLED and fresh
            # Time of long ago, which only the runs that look at the whole history see.
            old_time = row.order_id is None and row.uninvoiced and not self.run.whole
            if not_billed or old_time:
                yield row

    def _state_of(self, order: OrderLine, drift: Decimal, before: BoardRow | None) -> tuple[State, str]:
        failure = self._failure(order.month)
        if failure is not None and not order.month:
            return State.FAILED, failure
        same = before if before and before.order_id == order.order_id else None
        match order.place:
            case Place.WON:
                return self._won(order, same)
            case Place.REOPENED:
                return State.HELD, self.run.held.get(order.order_id) or (
                    f"invoiced, and moved back to {plain(order.probability)} %: delete its Harvest invoice and clear "
                    "HARVEST_INVOICE, or set reopened_orders to undo"
                )
            case Place.SETTLED:
                return self._settled(order, same)
            case Place.LOST:
                return State.LOST, self._told(order)
            case Place.OPEN:
                if not self.outcomes and drift and same and same.state is State.FAILED:
                    return State.FAILED, same.why
                line = self.run.lines.get(self.project_id)
                return State.TRACKING, line.cause if line and drift else ""

    def _won(self, order: OrderLine, same: BoardRow | None) -> tuple[State, str]:
        if order.order_id in self.run.held:
            return State.HELD, self.run.held[order.order_id]
        if same and same.state is State.HELD and order.order_id not in self.run.settled:
            return State.HELD, same.why
        return State.WON, "the next run settles it"

    def _settled(self, order: OrderLine, same: BoardRow | None) -> tuple[State, str]:
        if order.order_id in self.run.held:
            return State.HELD, self.run.held[order.order_id]
        result = self.run.billing.get(order.order_id)
        if result is not None:
            return (State.BILLING_SENT if result.sent else State.BILLING_FAILED), result.detail
        if order.billed:
            kept = same.why if same and same.state is State.BILLING_SENT else ""
            return State.BILLING_SENT, kept or self._told(order)
        if same and same.state in (State.BILLING_SENT, State.BILLING_FAILED):
            return same.state, same.why
        return State.INVOICED, self._told(order)

    def _told(self, order: OrderLine) -> str:
        """What the run said when it left the order alone; what it said before it settled the order is past."""
        if order.order_id in self.run.settled:
            return ""
        return next((outcome.reason for outcome in self.outcomes if outcome.order_id == order.order_id), "")

    def _failure(self, month: str) -> str | None:
        """Why the project failed in this run; a failure concerns the whole project."""
        failed = (outcome for outcome in self.outcomes if outcome.action is Action.FAIL)
        return next((outcome.reason for outcome in failed if _month_of(outcome) in ("", month)), None)

    def _row_before(self, month: str) -> BoardRow | None:
        return next((row for row in self.before if row.month == month), None)

    def _worth(self, month: str, uninvoiced: Decimal) -> dict[str, Decimal]:
        """By month of ``spent_date``: as this run computed it, or as before where the sum has not changed since."""
        for outcome in self.outcomes:
            if outcome.months and _month_of(outcome) == month:
                return outcome.months
        before = self._row_before(month)
        return before.months if before and before.uninvoiced == uninvoiced else {}

    def _last_sync(self, month: str, order_id: int, before: BoardRow | None) -> dt.datetime | None:
        synced = any(
            outcome.action in _SYNCED and _month_of(outcome) in ("", month) for outcome in self.outcomes
        )
        if synced or before is None or order_id in self.run.settled or order_id in self.run.billing:
            return self.run.as_of
        return before.last_sync

    @property
    def _fixed_fee(self) -> bool:
        return any(outcome.fixed_fee for outcome in self.outcomes)

    @property
    def _client(self) -> str:
        theirs = self.run.harvest.get(self.project_id)
        named = [theirs.client if theirs else "", *(outcome.client for outcome in self.outcomes)]
        return next(filter(None, [*named, *(row.client for row in self.before)]), "")

    @property
    def _name(self) -> str:
        theirs = self.run.harvest.get(self.project_id)
        named = (
            outcome.project.removeprefix(f"{outcome.client}: ") for outcome in self.outcomes if outcome.client
        )
        found = [theirs.name if theirs else "", *named, *(row.project for row in self.before)]
        idle = self.run.idle.get(self.project_id, ("", ""))[0]
        return next(filter(None, [*found, idle]), "")

    @property
    def _code(self) -> str:
        read = [outcome.code for outcome in self.outcomes if outcome.client]
        return read[0] if read else next((row.code for row in self.before if row.code), "")

    @property
    def _currency(self) -> str:
        found = [*(outcome.currency for outcome in self.outcomes), *(row.currency for row in self.before)]
        return next(filter(None, found), "")


def _month_of(outcome: Outcome) -> str:
    key = parse_key(outcome.key)
    return str(key.month) if key and key.month else ""

"""What a run knows when it ends, of all projects and of one, for the board."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from harvest_upsales.domain.board import BillingResult, BoardRow
from harvest_upsales.domain.changes import IdleProject
from harvest_upsales.domain.keys import parse_key
from harvest_upsales.domain.links import UNKNOWN, WebAddresses
from harvest_upsales.domain.order_lines import OrderLine
from harvest_upsales.domain.outcome import NOTHING_UNINVOICED, Outcome
from harvest_upsales.domain.plan import Action
from harvest_upsales.domain.reconciliation import ProjectBalance
from harvest_upsales.domain.uninvoiced_report import Uninvoiced

_SYNCED = frozenset({Action.CREATE, Action.UPDATE, Action.UNCHANGED})


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What a run knows when it ends.

    :param as_of: when it began to read
    :param lines: its reconciliation by project id
    :param harvest: Harvest's uninvoiced figures by project id
    :param orders: our orders by project id
    :param whole: whether Harvest's figures reach back to the account's beginning
    :param idle: projects that make no opportunity, or whose changed time makes none, by project id
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
    idle: Mapping[int, IdleProject] = field(default_factory=dict)
    settled: Collection[int] = frozenset()
    held: Mapping[int, str] = field(default_factory=dict)
    billing: Mapping[int, BillingResult] = field(default_factory=dict)
    web: WebAddresses = UNKNOWN


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    """All that is known of one project.

    :param outcomes: what came of its opportunities in this run
    :param before: its rows on the board of an earlier run
    """

    project_id: int
    run: RunFacts
    outcomes: Sequence[Outcome]
    before: Sequence[BoardRow]

    @property
    def orders(self) -> Sequence[OrderLine]:
        """Its orders."""
        return self.run.orders.get(self.project_id, ())

    @property
    def balance(self) -> ProjectBalance | None:
        """Its line of the reconciliation."""
        return self.run.lines.get(self.project_id)

    @property
    def is_fixed_fee(self) -> bool:
        """Whether this run saw that it is sold for a fixed fee."""
        return any(outcome.fixed_fee for outcome in self.outcomes)

    @property
    def client(self) -> str:
        """The client's name, empty where nobody knows it."""
        theirs = self.run.harvest.get(self.project_id)
        named = [theirs.client if theirs else "", *(outcome.client for outcome in self.outcomes)]
        return _first([*named, *(row.client for row in self.before)])

    @property
    def name(self) -> str:
        """The project's own name, empty where nobody knows it."""
        theirs, idle = self.run.harvest.get(self.project_id), self.run.idle.get(self.project_id)
        named = (outcome.own_name for outcome in self.outcomes if outcome.client)
        found = [theirs.name if theirs else "", *named, *(row.project for row in self.before)]
        return _first([*found, idle.project if idle else ""])

    @property
    def code(self) -> str:
        """The project's code; where this run read the project, what it read."""
        read = [outcome.code for outcome in self.outcomes if outcome.client]
        return read[0] if read else _first([row.code for row in self.before])

    @property
    def currency(self) -> str:
        """The currency of its outcomes or earlier rows."""
        return _first(
            [*(outcome.currency for outcome in self.outcomes), *(row.currency for row in self.before)]
        )

    def failure(self, month: str) -> str | None:
        """Why the project failed in this run; a failure concerns the whole project.

        :param month: ``YYYY-MM``; empty for the project without a month
        """
        failed = (outcome for outcome in self.outcomes if outcome.action is Action.FAIL)
        return next((outcome.reason for outcome in failed if _month_of(outcome) in ("", month)), None)

    def reason_left_alone(self, order: OrderLine) -> str:
        """What the run said when it left the order alone; what it said before it settled the order is past."""
        if order.order_id in self.run.settled:
            return ""
        return next((outcome.reason for outcome in self.outcomes if outcome.order_id == order.order_id), "")

    @property
    def reason_skipped(self) -> str:
        """Why the run made no opportunity; empty where it said nothing."""
        return next((outcome.reason for outcome in self.outcomes if outcome.action is Action.SKIP), "")

    @property
    def reason_not_billed(self) -> str:
        """What the run said of a project without time and order, other than that it has no uninvoiced time."""
        return next((outcome.reason for outcome in self.outcomes if outcome.reason != NOTHING_UNINVOICED), "")

    def row_before(self, month: str) -> BoardRow | None:
        """Its row of that month on the board before."""
        return next((row for row in self.before if row.month == month), None)

    def amounts_by_month(self, uninvoiced: Decimal) -> dict[str, Decimal]:
        """By month of ``spent_date``: as this run computed it, or as before where the sum has not changed since."""
        for outcome in self.outcomes:
            if outcome.months and not _month_of(outcome):
                return outcome.months
        before = self.row_before("")
        return before.months if before and before.uninvoiced == uninvoiced else {}

    def last_sync(self, order: OrderLine) -> dt.datetime | None:
        """When an order was last brought up to date, or found to be."""
        before = self.row_before(order.month)
        synced = any(
            outcome.action in _SYNCED and _month_of(outcome) in ("", order.month) for outcome in self.outcomes
        )
        settled = order.order_id in self.run.settled or order.order_id in self.run.billing
        return self.run.as_of if synced or settled or before is None else before.last_sync


def _month_of(outcome: Outcome) -> str:
    key = parse_key(outcome.key)
    return str(key.month) if key and key.month else ""


def _first(names: Sequence[str]) -> str:
    return next(filter(None, names), "")

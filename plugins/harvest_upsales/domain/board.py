"""The board: every project beside its opportunity, as the last runs left them.

For people to look at; decides nothing.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct, field

from harvest_upsales.domain.links import UNKNOWN, WebAddresses
from harvest_upsales.domain.money import ZERO


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
    months: dict[str, Decimal] = field(default_factory=dict)

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

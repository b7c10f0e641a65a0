"""What settling an order came to: the audit trail that goes from task to task."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from harvest_upsales.domain.billing import AnswerBeforeSave, Billing
from harvest_upsales.domain.keys import parse_key
from harvest_upsales.domain.money import Row, plain, same_rows, total
from harvest_upsales.domain.settlement import WonOrder
from harvest_upsales.flows.invoice_step import Invoiced
from harvest_upsales.records.harvest_records import TimeEntry

_COLUMN_OF_0_1_0 = {
    "entry_ids": "entry_id",
    "days": "spent_date",
    "hours": "hours",
    "rates": "rate",
    "amounts": "amount",
}


class FeeLine(Struct, frozen=True):
    """The line of a fixed fee."""

    quantity: Decimal
    price: Decimal
    amount: Decimal


class Covered(Struct, frozen=True):
    """What the invoice covers, in columns: the n-th of each belongs to the n-th time entry.

    Columns say each name once, so that 5,000 entries take some 250 kB of XCom. It stands there and in no file,
    because an audit trail has to last as long as the run it belongs to.

    :param entry_ids: Harvest's ids
    :param days: ``spent_date``
    :param hours: ``rounded_hours``
    :param rates: ``billable_rate``
    :param amounts: hours times rate, not rounded
    :param fees: the line of a fixed fee, which bills no time entry
    """

    entry_ids: tuple[int, ...] = ()
    days: tuple[dt.date, ...] = ()
    hours: tuple[Decimal, ...] = ()
    rates: tuple[Decimal | None, ...] = ()
    amounts: tuple[Decimal | None, ...] = ()
    fees: tuple[FeeLine, ...] = ()


class Settled(Struct, frozen=True):
    """What settling an order came to; goes to ``sync_billing`` and stands in XCom as the audit trail.

    :param won: whether the order still was at 100 per cent; everything else is empty where it was not
    :param rounding: Harvest's invoice lines minus the order's value; lines are rounded one by one
    :param synced_before: the billing app had taken the order before it was marked as invoiced
    :param answered_at: the billing app's last answer before that
    """

    order_id: int
    won: bool
    project: str = ""
    key: str = ""
    invoice_id: int | None = None
    invoice_number: str | None = None
    invoice_state: str = ""
    hours: Decimal = Decimal(0)
    amount: Decimal = Decimal(0)
    currency: str = ""
    rounding: Decimal = Decimal(0)
    late_time_included: bool = False
    archived: bool = False
    covered: Covered = Covered()
    synced_before: bool = False
    answered_at: dt.datetime | None = None
    done: tuple[str, ...] = ()

    @property
    def project_id(self) -> int | None:
        """The Harvest project, by the key."""
        key = parse_key(self.key)
        return key.project_id if key else None

    @property
    def before(self) -> AnswerBeforeSave:
        """What stood before the order was marked, for the billing step."""
        return AnswerBeforeSave(synced=self.synced_before, answered_at=self.answered_at)


def read_settled(handed_on: Any) -> Settled:
    """What ``mark_project_invoiced`` handed on, also that of a run which began under release 0.1.0.

    :param handed_on: its XCom, or a :class:`Settled`. The first release gave ``covered`` as a list of entries
    """
    if isinstance(handed_on, Mapping) and isinstance(handed_on.get("covered"), Sequence):
        entries = handed_on["covered"]
        handed_on = {
            **handed_on,
            "covered": {
                column: [entry[name] for entry in entries] for column, name in _COLUMN_OF_0_1_0.items()
            },
        }
    return msgspec.convert(handed_on, Settled, strict=False)


def settled_order(
    won: WonOrder,
    invoiced: Invoiced | None,
    before: AnswerBeforeSave,
    *,
    archived: bool,
    rounding: Decimal = Decimal(0),
    state: str = "",
    done: tuple[str, ...] = (),
) -> Settled:
    """The report of one settlement.

    :param invoiced: ``None`` in a dry run that would create the invoice
    """
    currency = won.project.client.currency
    rows = invoiced.rows if invoiced else won.rows
    time = invoiced.time if invoiced else ()
    return Settled(
        order_id=won.order_id,
        won=True,
        project=won.project.full_name,
        key=str(won.key),
        invoice_id=invoiced.invoice.id if invoiced else None,
        invoice_number=invoiced.invoice.number if invoiced else None,
        invoice_state=state,
        hours=plain(sum((entry.rounded_hours for entry in time), Decimal(0))),
        amount=total(rows, currency),
        currency=currency,
        rounding=rounding,
        late_time_included=bool(invoiced) and not same_rows(won.rows, rows),
        archived=archived,
        covered=_covered(won.project.is_fixed_fee, rows, time) if invoiced else Covered(),
        synced_before=before.synced,
        answered_at=before.answered_at,
        done=done,
    )


def _covered(is_fixed_fee: bool, rows: Sequence[Row], time: Sequence[TimeEntry]) -> Covered:
    if is_fixed_fee:
        return Covered(fees=tuple(FeeLine(row.quantity, row.price, row.amount) for row in rows))
    rates = tuple(entry.billable_rate for entry in time)
    hours = tuple(entry.rounded_hours for entry in time)
    return Covered(
        entry_ids=tuple(entry.id for entry in time),
        days=tuple(entry.spent_date for entry in time),
        hours=hours,
        rates=rates,
        amounts=tuple(
            None if rate is None else Row(number, rate).amount
            for number, rate in zip(hours, rates, strict=True)
        ),
    )


class Billed(Struct, frozen=True):
    """The end of an order's way: the ids of all three documents; ``sync_billing`` returns it.

    The time entries stand in what ``mark_project_invoiced`` returned for the same order, under ``covered``.

    :param billing_app: id of the billing app in Upsales
    :param document: the app's document number; empty where no order field is set for it
    :param status: the billing step's last word
    :param billing: the same in words
    :param answered_at: the app's last answer, by its own clock
    :param entries: how many time entries the Harvest invoice covers
    """

    order_id: int
    project: str
    key: str
    invoice_id: int | None
    invoice_number: str | None
    billing_app: int | None
    document: str
    status: str
    billing: str
    answered_at: dt.datetime | None
    entries: int
    hours: Decimal
    amount: Decimal
    currency: str


def billed_order(settled: Settled, billing: Billing, integration_id: int | None) -> Billed:
    """The record of an order that the billing app has taken."""
    return Billed(
        order_id=settled.order_id,
        project=settled.project,
        key=settled.key,
        invoice_id=settled.invoice_id,
        invoice_number=settled.invoice_number,
        billing_app=integration_id,
        document=billing.document,
        status=str(billing.state),
        billing=billing.detail,
        answered_at=billing.answered_at,
        entries=len(settled.covered.entry_ids),
        hours=settled.hours,
        amount=settled.amount,
        currency=settled.currency,
    )

"""A won order becomes an invoiced project: every decision on the way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from msgspec import UNSET
from msgspec.structs import replace

from harvest_upsales.domain.invoice_amounts import lines_differ, lines_total
from harvest_upsales.domain.invoice_owner import purchase_order
from harvest_upsales.domain.keys import HarvestKey
from harvest_upsales.domain.money import ZERO, Row, plain, same_rows, total
from harvest_upsales.domain.opportunity import describe_opportunity
from harvest_upsales.domain.orders import in_other_currency
from harvest_upsales.domain.pricing import fixed_fee_row, rows_by_rate
from harvest_upsales.domain.time_sums import CountedTime, counted_time
from harvest_upsales.domain.uninvoiced_time import counts, describe
from harvest_upsales.errors import SettlementHeldError
from harvest_upsales.records.harvest_records import (
    FreeFormLine,
    Invoice,
    InvoiceState,
    LineItemsImport,
    NewInvoice,
    Project,
    TimeEntry,
    TimeImport,
)
from harvest_upsales.records.upsales_records import Order
from harvest_upsales.settings import InvoiceLeftIn, LateTime, Settings


@dataclass(frozen=True, slots=True)
class WonOrder:
    """The order that is being settled, as the decisions need it."""

    order_id: int
    key: HarvestKey
    project: Project
    rows: tuple[Row, ...]
    billing_has_taken: bool

    @property
    def purchase_order(self) -> str:
        """What the Harvest invoice is found again by."""
        return purchase_order(self.order_id)

    def __str__(self) -> str:
        return f"Order {self.order_id}, {describe(self.project)}"


def refuse_other_currency(order: Order, project: Project) -> None:
    """The same figures in another currency would be another amount on the customer's invoice.

    :raises SettlementHeldError: the order is not in the project's currency
    """
    if in_other_currency(order, project):
        msg = (
            f"Order {order.id}, {describe(project)}: the order is in {order.currency}, the Harvest client in "
            f"{project.client.currency}. Change the currency of one of them; the next run settles the order."
        )
        raise SettlementHeldError(msg)


def in_scope(key: HarvestKey, entries: Iterable[TimeEntry]) -> list[TimeEntry]:
    """The entries of the key's month; all of them where the key has none."""
    month = key.month
    return [
        entry for entry in entries if month is None or month.first_day <= entry.spent_date <= month.last_day
    ]


def time_to_invoice(order: WonOrder, entries: Sequence[TimeEntry], settings: Settings) -> CountedTime:
    """The uninvoiced time that an invoice made now would take in.

    :param entries: the project's time that is not billed, running timers included, in the order's scope
    :raises SettlementHeldError: a timer runs, or time is not approved that has to be
    """
    if any(entry.is_running for entry in entries):
        msg = (
            f"{order}: a timer is running on the project. Stop it in Harvest; the next run settles the order."
        )
        raise SettlementHeldError(msg)
    unapproved = [entry for entry in entries if counts(entry, approved_only=False) and not entry.is_closed]
    if settings.approved_time_only and unapproved and not order.project.is_fixed_fee:
        hours = plain(sum((entry.rounded_hours for entry in unapproved), ZERO))
        msg = (
            f"{order}: {hours} h are not approved in Harvest, and an invoice would take them in. Approve them, or "
            "move them to another project; the next run settles the order."
        )
        raise SettlementHeldError(msg)
    return counted_time(entries, approved_only=False)


def rows_to_invoice(order: WonOrder, time: CountedTime) -> tuple[Row, ...]:
    """The rows that the order should have, from the time that will be invoiced; a fixed fee needs no time.

    :raises SettlementHeldError: there is nothing to invoice
    :raises ProjectError: an entry has no rate, or the project no fee
    """
    if order.project.is_fixed_fee:
        return (fixed_fee_row(order.project),)
    rows = rows_by_rate(order.project, time)
    if not rows:
        msg = (
            f"{order}: the project has no uninvoiced time left, but the order is not marked as invoiced. If it was "
            f"invoiced in Harvest by hand, set that invoice's PO number to {order.purchase_order}; if not, move the "
            "order back to an open stage."
        )
        raise SettlementHeldError(msg)
    return rows


def check_late_time(order: WonOrder, rows: Sequence[Row], settings: Settings) -> bool:
    """Compare the project's time with the order's rows: the rule ``late_time``.

    :return: whether the order's rows have to be brought up to date
    :raises SettlementHeldError: they differ, and the setting or the billing app forbids to change them
    """
    if same_rows(rows, order.rows):
        return False
    if not order.rows:
        msg = (
            f"{order}: it has no row on the product that stands for time. Was default_product_id changed, or the row "
            "taken off? Put it back in Upsales, then retry."
        )
        raise SettlementHeldError(msg)
    currency = order.project.client.currency
    difference = (
        f"{order}: its time changed after the order was won: the order says {total(order.rows, currency)} {currency}, "
        f"Harvest {total(rows, currency)} {currency}."
    )
    if order.billing_has_taken:
        msg = (
            f"{difference} The billing app has taken the order already. Correct the customer's invoice there, bring "
            "the order's rows and the time in Harvest in line, then retry."
        )
        raise SettlementHeldError(msg)
    if settings.late_time is LateTime.HOLD:
        msg = (
            f"{difference} The setting late_time is hold. Move the order back to an open stage to have it updated, or "
            "correct the time in Harvest; the next run takes it up."
        )
        raise SettlementHeldError(msg)
    return True


def new_invoice(order: WonOrder) -> NewInvoice:
    """The Harvest invoice to create: from tracked time, in month mode from that month's, or one line for a fixed fee.

    With neither date Harvest takes in all unbilled time; expenses are not imported.
    """
    subject = describe_opportunity(order.project, order.key.month)
    base = NewInvoice(client_id=order.project.client.id, purchase_order=order.purchase_order, subject=subject)
    if order.project.is_fixed_fee:
        fee = fixed_fee_row(order.project)
        line = FreeFormLine(
            kind="Service",
            description=subject,
            quantity=fee.quantity,
            unit_price=fee.price,
            project_id=order.project.id,
        )
        return replace(base, line_items=[line])
    month = order.key.month
    span = TimeImport(
        summary_type="task",
        from_=UNSET if month is None else month.first_day,
        to=UNSET if month is None else month.last_day,
    )
    return replace(base, line_items_import=LineItemsImport(project_ids=[order.project.id], time=span))


def check_invoice_amount(order: WonOrder, invoice: Invoice, rows: Sequence[Row]) -> Decimal:
    """The Harvest invoice must be worth what the order is.

    :return: the difference, invoice minus order, before tax and discount
    :raises SettlementHeldError: they are further apart than the rounding of lines explains
    """
    currency = order.project.client.currency
    if lines_differ(invoice, rows, currency):
        msg = (
            f"{order}: Harvest invoice {invoice.id} is worth {lines_total(invoice)} {invoice.currency}, its time "
            f"{total(rows, currency)} {currency}. Somebody changed the invoice: correct it, or delete it and retry."
        )
        raise SettlementHeldError(msg)
    return lines_total(invoice) - total(rows, currency)


def has_to_be_sent(invoice: Invoice, settings: Settings) -> bool:
    """Whether the invoice is to be marked as sent; one that is further along is left as it is."""
    return settings.invoice_state is InvoiceLeftIn.SENT and invoice.state == InvoiceState.DRAFT


def may_archive(order: WonOrder, settings: Settings, *, today: dt.date, time_left: bool) -> bool:
    """Whether the project is closed for time now; in month mode only after its end, with no time left.

    A fixed fee's invoice bills no time, so what is left of it says nothing.
    """
    if not settings.archive_invoiced_projects or not order.project.is_active:
        return False
    return order.key.month is None or is_over(order.project, today=today, time_left=time_left)


def is_over(project: Project, *, today: dt.date, time_left: bool) -> bool:
    """Whether a project that is sold by month needs to be open no more: its end has passed, and no time is left."""
    return has_ended(project, today) and (project.is_fixed_fee or not time_left)


def has_ended(project: Project, today: dt.date) -> bool:
    """Whether the project's last day has passed."""
    return project.ends_on is not None and project.ends_on < today

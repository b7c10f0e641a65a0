"""A won order becomes an invoiced project: every decision on the way."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from msgspec import UNSET
from msgspec.structs import replace

from harvest_upsales.domain.keys import HarvestKey
from harvest_upsales.domain.money import Row, harvest_unit, plain, same_rows, total
from harvest_upsales.domain.opportunity import describe_opportunity
from harvest_upsales.domain.uninvoiced_time import (
    CountedTime,
    counted_time,
    counts,
    describe,
    fixed_fee_row,
    rows_by_rate,
)
from harvest_upsales.errors import ProjectError, SettlementHeldError
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


_PURCHASE_ORDER = re.compile(r"upsales-order-([1-9][0-9]{0,17})", re.ASCII)


def purchase_order(order_id: int) -> str:
    """``purchase_order`` of the Harvest invoice of an Upsales order."""
    return f"upsales-order-{order_id}"


def refuse_other_currency(order: Order, project: Project) -> None:
    """The same figures in another currency would be another amount on the customer's invoice.

    :raises SettlementHeldError: the order is not in the project's currency
    """
    currency = project.client.currency
    if order.currency and order.currency.upper() != currency.upper():
        msg = (
            f"Order {order.id}, {describe(project)}: the order is in {order.currency}, the Harvest client in "
            f"{currency}. Change the currency of one of them; the next run settles the order."
        )
        raise SettlementHeldError(msg)


def deleted_order(order_id: int, invoice: Invoice) -> str:
    """What to do about the invoice of an order that was deleted."""
    return (
        f"Order {order_id} was deleted in Upsales, and its Harvest invoice {invoice.id} ({invoice.state}, "
        f"{_lines_total(invoice)} {invoice.currency}, PO number {purchase_order(order_id)}) still bills the project's "
        "time. Delete the invoice in Harvest: its time then gets a new opportunity (reopen the project for more). If "
        "the invoice is to stay, take its PO number off."
    )


def unwon_order(order_id: int, invoice: Invoice) -> str:
    """What to do about the invoice of an order that is not won any more, and does not name it."""
    return (
        f"Order {order_id} is not at 100 % and its HARVEST_INVOICE is empty, but Harvest invoice {invoice.id} "
        f"({invoice.state}, {_lines_total(invoice)} {invoice.currency}, PO number {purchase_order(order_id)}) was made "
        "for it and still bills the project's time. Move the order to 100 % again: it then takes the invoice up. Or "
        "delete the invoice in Harvest: its time then comes back to the opportunity (reopen the project for more). If "
        "the invoice is to stay, take its PO number off."
    )


def keyless_order(order_id: int, invoice: Invoice) -> str:
    """What to do about the invoice of an order that leads to no project of the account any more."""
    return (
        f"Order {order_id} has lost its HARVEST_KEY, but Harvest invoice {invoice.id} ({invoice.state}, "
        f"{_lines_total(invoice)} {invoice.currency}, PO number {purchase_order(order_id)}) was made for it and still "
        "bills the project's time. Write the HARVEST_KEY back to the order (the Harvest account's id, a colon, the "
        "project's id; by month also a colon and YYYY-MM): it then takes the invoice up. Or delete the invoice in "
        "Harvest: its time then gets a new opportunity (reopen the project for more). If the invoice is to stay, take "
        "its PO number off."
    )


def gone_invoice(order_id: int, invoice_id: str) -> str:
    """What to do where the invoice of a settled order was deleted."""
    return (
        f"Harvest invoice {invoice_id} of order {order_id} is gone, and its time is uninvoiced again. Clear "
        "HARVEST_INVOICE on the order: at 100 % the next run invoices it anew, below that the order follows the time "
        "again. If the time is invoiced elsewhere, mark it as invoiced in Harvest."
    )


def left_invoices(invoices: Iterable[Invoice], order_ids: Collection[int]) -> dict[int, Invoice]:
    """Invoices that were made for orders that do not lead to them any more, by the order's id.

    :param order_ids: our orders that name their invoice, or are about to
    """
    found = {}
    for invoice in invoices:
        order_id = order_of(invoice)
        if order_id is not None and order_id not in order_ids:
            found[order_id] = invoice
    return found


def order_of(invoice: Invoice) -> int | None:
    """The order that an invoice was made for, by its purchase order number."""
    match = _PURCHASE_ORDER.fullmatch((invoice.purchase_order or "").strip())
    return int(match[1]) if match else None


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
        hours = plain(sum((entry.rounded_hours for entry in unapproved), Decimal(0)))
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


def find_invoice(order_id: int, invoices: Iterable[Invoice]) -> Invoice | None:
    """The invoice that was made for an order, by its purchase order number.

    :raises SettlementHeldError: there is more than one
    """
    wanted = purchase_order(order_id)
    found = {invoice.id: invoice for invoice in invoices if (invoice.purchase_order or "").strip() == wanted}
    if len(found) > 1:
        ids = ", ".join(str(invoice_id) for invoice_id in sorted(found))
        msg = (
            f"Order {order_id}: the Harvest invoices {ids} all carry the PO number {wanted}. Delete all but one of "
            "them in Harvest, then retry."
        )
        raise SettlementHeldError(msg)
    return next(iter(found.values()), None)


def check_fee_not_invoiced(order: WonOrder, invoices: Iterable[Invoice]) -> None:
    """A fixed fee is invoiced once, by whomever: no time that is billed would tell.

    :param invoices: the account's invoices, none of which was made for this order
    :raises SettlementHeldError: some of the project's fee is on them
    """
    if not order.project.is_fixed_fee:
        return
    invoiced = invoiced_lines(order.project, invoices)
    if sum(invoiced.values(), Decimal(0)) > 0:
        ids = ", ".join(str(invoice_id) for invoice_id in sorted(invoiced))
        msg = (
            f"{order}: of its fixed fee, {sum(invoiced.values())} {order.project.client.currency} are invoiced in "
            f"Harvest already (invoices {ids}). If one of them is for this order, set its PO number to "
            f"{order.purchase_order}; if not, take them off the project or correct its fee, then retry."
        )
        raise SettlementHeldError(msg)


def invoiced_lines(project: Project, invoices: Iterable[Invoice]) -> dict[int, Decimal]:
    """What invoices bill of a project, by the invoice's id; those that bill nothing of it are left out."""
    found = {invoice.id: _lines_of(invoice, project.id) for invoice in invoices}
    return {invoice_id: amount for invoice_id, amount in found.items() if amount}


def refuse_invoiced_fee(project: Project, invoices: Iterable[Invoice]) -> None:
    """A fixed fee that is on an invoice gets no new opportunity: it would be sold a second time.

    :param invoices: the client's invoices
    :raises ProjectError: some of the fee is on them
    """
    invoiced = invoiced_lines(project, invoices)
    if sum(invoiced.values(), Decimal(0)) > 0:
        ids = ", ".join(str(invoice_id) for invoice_id in sorted(invoiced))
        msg = (
            f"{describe(project)}: of its fixed fee, {sum(invoiced.values())} {project.client.currency} are invoiced "
            f"in Harvest already (invoices {ids}), so it gets no new opportunity. If nothing is left to sell, mark its "
            "time as invoiced in Harvest; else take the lines off those invoices, or its project off the lines."
        )
        raise ProjectError(msg)


def _lines_of(invoice: Invoice, project_id: int) -> Decimal:
    lines = (
        line.amount
        for line in invoice.line_items
        if line.project is not None and line.project.id == project_id
    )
    return sum(lines, Decimal(0))


def check_invoice_amount(order: WonOrder, invoice: Invoice, rows: Sequence[Row]) -> Decimal:
    """The Harvest invoice must be worth what the order is.

    :return: the difference, invoice minus order, before tax and discount
    :raises SettlementHeldError: they are further apart than the rounding of lines explains
    """
    currency = order.project.client.currency
    if lines_differ(invoice, rows, currency):
        msg = (
            f"{order}: Harvest invoice {invoice.id} is worth {_lines_total(invoice)} {invoice.currency}, its time "
            f"{total(rows, currency)} {currency}. Somebody changed the invoice: correct it, or delete it and retry."
        )
        raise SettlementHeldError(msg)
    return _lines_total(invoice) - total(rows, currency)


def lines_differ(invoice: Invoice, rows: Sequence[Row], currency: str) -> bool:
    """Whether an invoice says another sum than the rows.

    Harvest rounds each line, the order's value is rounded once: half a minor unit a line may lie between them.
    """
    allowed = harvest_unit(currency) * (len(invoice.line_items) + 1) / 2
    difference = _lines_total(invoice) - total(rows, currency)
    return abs(difference) > allowed or invoice.currency.upper() != currency.upper()


def _lines_total(invoice: Invoice) -> Decimal:
    """The invoice before tax and discount."""
    return sum((line.amount for line in invoice.line_items), Decimal(0))


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

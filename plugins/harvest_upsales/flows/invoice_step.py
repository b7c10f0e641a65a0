"""Settlement's steps 1 and 2: compare the project's time with the order, and have it on one Harvest invoice."""

from __future__ import annotations

from dataclasses import dataclass

from harvest_upsales.domain import settlement
from harvest_upsales.domain.fixed_fee import hold_invoiced_fee
from harvest_upsales.domain.money import Row, total
from harvest_upsales.domain.orders import invoice_of, only_order
from harvest_upsales.domain.settlement import WonOrder
from harvest_upsales.domain.stray_invoices import gone_invoice_message
from harvest_upsales.errors import RejectedError, SettlementHeldError
from harvest_upsales.flows.coverage import covered_rows, covered_time
from harvest_upsales.flows.invoice_search import invoice_named, search_invoice
from harvest_upsales.flows.order_checks import refuse_unsavable
from harvest_upsales.flows.overview import our_orders
from harvest_upsales.flows.progress import Progress
from harvest_upsales.flows.reading import read_time
from harvest_upsales.flows.services import Services
from harvest_upsales.records.harvest_records import Invoice, InvoiceState, TimeEntry
from harvest_upsales.records.upsales_records import Order


@dataclass(frozen=True, slots=True)
class Invoiced:
    """A Harvest invoice with what it covers, and the rows that the order should have by it."""

    invoice: Invoice
    time: tuple[TimeEntry, ...]
    rows: tuple[Row, ...]


def invoice_time(progress: Progress, won: WonOrder, order: Order) -> Invoiced | None:
    """The order's invoice, found or created; ``None`` in a dry run that would create it.

    :param order: as it was read
    :raises SettlementHeldError: a person has to do something first; the message says what
    """
    services, settings = progress.services, progress.services.settings
    found, invoices = search_invoice(services, won.order_id, won.project)
    if found is not None:
        progress.note(f"found Harvest invoice {found.id}")
        return _covered(services, won, found)
    _refuse_settled(services, won, order)
    hold_invoiced_fee(won, invoices)
    time = settlement.time_to_invoice(won, _unbilled(services, won), settings)
    rows = settlement.rows_to_invoice(won, time)
    settlement.check_late_time(won, rows, settings)
    refuse_unsavable(services, won, order)
    # A copy of the order would be invoiced as well: a fixed fee, which no time limits, for a second time.
    only_order(won.key, our_orders(services).get(won.key, ()))
    if progress.dry_run:
        progress.note(f"would create a Harvest invoice of {_worth(won, rows)}")
        return None
    made = _create_invoice(services, won)
    progress.note(f"created Harvest invoice {made.id}")
    return _covered(services, won, made)


def leave_in_state(progress: Progress, invoice: Invoice) -> str:
    """The rule ``invoice_state``.

    :return: the state that the invoice is in now
    """
    if progress.dry_run or not settlement.has_to_be_sent(invoice, progress.services.settings):
        return invoice.state
    harvest = progress.services.harvest

    def sent() -> str | None:
        state = harvest.invoice(invoice.id).state
        return state if state != InvoiceState.DRAFT else None

    def send() -> str:
        harvest.mark_as_sent(invoice.id)
        return InvoiceState.OPEN

    state = progress.services.write_once(send, sent)
    progress.note("marked the invoice as sent")
    return str(state)


def _create_invoice(services: Services, won: WonOrder) -> Invoice:
    new = settlement.new_invoice(won)
    try:
        return services.write_once(
            lambda: services.harvest.create_invoice(new),
            lambda: search_invoice(services, won.order_id, won.project)[0],
        )
    except RejectedError as error:
        msg = f"{won}: Harvest does not invoice it ({error.message}). Correct that there; the next run settles it."
        raise SettlementHeldError(msg) from error


def _refuse_settled(services: Services, won: WonOrder, order: Order) -> None:
    """A person deleted the invoice of a settled order, and has to say whether its time is to be invoiced again."""
    named = invoice_of(order, services.fields)
    if not named:
        return
    there = invoice_named(services, named)
    if there is None:
        raise SettlementHeldError(gone_invoice_message(won.order_id, named))
    msg = (
        f"{won}: its HARVEST_INVOICE names Harvest invoice {there.id}, which does not carry the PO number "
        f"{won.purchase_order}. Set it there, then retry; or clear HARVEST_INVOICE if it is not for this order."
    )
    raise SettlementHeldError(msg)


def _unbilled(services: Services, won: WonOrder) -> list[TimeEntry]:
    entries = read_time(services.harvest, won.project.id, is_billed=False)
    return settlement.in_scope(won.key, entries)


def _covered(services: Services, won: WonOrder, invoice: Invoice) -> Invoiced:
    """Read back what the invoice took in: time may have been tracked between the comparison and the invoice."""
    time = covered_time(services, won.project, won.key, invoice)
    rows = covered_rows(won.project, invoice, time)
    if not rows:
        msg = (
            f"{won}: Harvest invoice {invoice.id} (PO number {won.purchase_order}) covers none of the project's "
            "time. Delete it in Harvest, or take the PO number off it, then retry."
        )
        raise SettlementHeldError(msg)
    return Invoiced(invoice, time, rows)


def _worth(won: WonOrder, rows: tuple[Row, ...]) -> str:
    return f"{total(rows, won.project.client.currency)} {won.project.client.currency}"

"""Take back the invoice of an order that was moved back below 100 per cent."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from msgspec import Struct

from harvest_upsales.domain.billing import may_have_taken
from harvest_upsales.domain.invoice_amounts import lines_differ
from harvest_upsales.domain.invoice_owner import order_of
from harvest_upsales.domain.keys import HarvestKey
from harvest_upsales.domain.order_body import body_to_save
from harvest_upsales.domain.orders import (
    Place,
    Standing,
    custom_text,
    invoice_of,
    key_of,
    our_rows,
    place_of,
    standing,
)
from harvest_upsales.domain.uninvoiced_time import describe
from harvest_upsales.errors import NotFoundError, SettlementHeldError
from harvest_upsales.flows.coverage import covered_rows, covered_time
from harvest_upsales.flows.invoice_search import invoice_named, read_order, search_invoice
from harvest_upsales.flows.order_saving import save_order
from harvest_upsales.flows.services import Services
from harvest_upsales.records.harvest_records import Invoice, InvoiceState, Project
from harvest_upsales.records.upsales_records import Order, OrderBody

# An invoice that nobody touched is updated when it is created, give or take a moment.
_UNTOUCHED = dt.timedelta(minutes=1)


class Undone(Struct, frozen=True):
    """What was taken back.

    :param reopened: whether the order still was invoiced and below 100 per cent
    """

    order_id: int
    reopened: bool
    project: str = ""
    amount: Decimal = Decimal(0)
    currency: str = ""
    done: tuple[str, ...] = ()


def undo_invoice(services: Services, order_id: int, *, dry_run: bool = False) -> Undone:
    """Delete the draft invoice, reopen the project, clear ``HARVEST_INVOICE``; each step looks before it writes.

    :raises SettlementHeldError: the invoice is sent or paid, or somebody changed it
    """
    order = read_order(services, order_id)
    key = key_of(order, services.fields)
    if key is None or not _is_reopened(services, order) or key.account_id != services.account_id:
        return Undone(order_id=order_id, reopened=False)
    project = services.harvest.project(key.project_id)
    invoice = _invoice(services, order, project)
    _refuse_billed(services, order, project)
    if invoice is not None:
        _refuse_used(order, project, invoice)
        _refuse_changed(services, order, project, key, invoice)
    if not _is_reopened(services, read_order(services, order_id)):
        return Undone(order_id=order_id, reopened=False)
    done = []
    # Before the invoice, which tells who closed the project: a second try would not know it any more.
    if not project.is_active and services.settings.archive_invoiced_projects:
        done.append(_reopen(services, project, invoice, dry_run=dry_run))
    if invoice is not None:
        _refuse_won_again(services, project, order_id, invoice)
        done.append(_delete(services, order, invoice, dry_run=dry_run))
    done.append(_clear(services, order_id, key, dry_run=dry_run))
    return Undone(
        order_id=order_id,
        reopened=True,
        project=project.full_name,
        amount=invoice.amount if invoice else Decimal(0),
        currency=invoice.currency if invoice else "",
        done=tuple(done),
    )


def _is_reopened(services: Services, order: Order) -> bool:
    return place_of(order, services.fields) is Place.REOPENED


def _refuse_won_again(services: Services, project: Project, order_id: int, invoice: Invoice) -> None:
    """A person may move the order to 100 per cent again at any time: its invoice has to stay then."""
    if not _is_reopened(services, read_order(services, order_id)):
        msg = (
            f"Order {order_id}, {describe(project)}: it was moved again while its invoice was taken back. Harvest "
            f"invoice {invoice.id} stands, and the project is open. Archive the project, if it is to be closed."
        )
        raise SettlementHeldError(msg)


def _invoice(services: Services, order: Order, project: Project) -> Invoice | None:
    """The invoice with the order's purchase order number and the id that the order names.

    :raises SettlementHeldError: only one of the two leads to an invoice, or they lead to different ones
    """
    found, _ = search_invoice(services, order.id, project)
    named = invoice_of(order, services.fields)
    if found is not None and str(found.id) != named:
        msg = (
            f"Order {order.id}, {describe(project)}: the order names Harvest invoice {named}, but its PO number is on "
            f"invoice {found.id}. Correct one of them in Harvest or Upsales, then retry."
        )
        raise SettlementHeldError(msg)
    theirs = invoice_named(services, named) if found is None else None
    original = None if theirs is None else order_of(theirs)
    if original is not None:
        msg = (
            f"Order {order.id}, {describe(project)}: Harvest invoice {named} was made for order {original}. This order "
            f"is a copy of order {original}: clear HARVEST_KEY and HARVEST_INVOICE on it, and leave the invoice alone."
        )
        raise SettlementHeldError(msg)
    if theirs is not None:
        msg = (
            f"Order {order.id}, {describe(project)}: somebody took the PO number off its Harvest invoice {named}, "
            "which still bills the time. Delete the invoice by hand, or move the order to 100 % again."
        )
        raise SettlementHeldError(msg)
    return found


def _refuse_billed(services: Services, order: Order, project: Project) -> None:
    """The customer has an invoice by now, which nothing here takes back."""
    app = services.billing_app
    if not may_have_taken(order, app):
        return
    document = custom_text(order, app.reference_field)
    which = f" (document {document})" if document else ""
    after = f"clear {app.reference_alias} on the order" if document else "delete the Harvest invoice by hand"
    msg = (
        f"Order {order.id}, {describe(project)}: it was moved back below 100 %, but the billing app has taken "
        f"it{which}. Credit or delete the customer's invoice there, then {after}; or move the order to 100 % again."
    )
    raise SettlementHeldError(msg)


def _refuse_used(order: Order, project: Project, invoice: Invoice) -> None:
    where = f"Order {order.id}, {describe(project)}"
    if invoice.state != InvoiceState.DRAFT:
        msg = (
            f"{where}: it was moved back below 100 %, but its Harvest invoice {invoice.id} is {invoice.state}. Credit "
            "or delete the invoice by hand, or move the order to 100 % again."
        )
        raise SettlementHeldError(msg)


def _refuse_changed(
    services: Services, order: Order, project: Project, key: HarvestKey, invoice: Invoice
) -> None:
    """An invoice that somebody changed is theirs: it was saved later than it was made, or says another sum."""
    created, updated = invoice.created_at, invoice.updated_at
    saved_later = created is not None and updated is not None and updated - created > _UNTOUCHED
    rows = covered_rows(project, invoice, covered_time(services, project, key, invoice))
    if project.is_fixed_fee:
        rows = our_rows(order, services.settings.default_product_id)
    if saved_later or lines_differ(invoice, rows, project.client.currency):
        msg = (
            f"Order {order.id}, {describe(project)}: it was moved back below 100 %, but somebody changed its Harvest "
            f"invoice {invoice.id} since it was made. Delete the invoice by hand, or move the order to 100 % again."
        )
        raise SettlementHeldError(msg)


def _delete(services: Services, order: Order, invoice: Invoice, *, dry_run: bool) -> str:
    """Delete the invoice, and see that it's gone: the answer to a deletion is empty, and proves nothing.

    :raises SettlementHeldError: Harvest still has it
    """
    if dry_run:
        return f"would delete Harvest invoice {invoice.id}"

    def send() -> bool:
        try:
            services.harvest.delete_invoice(invoice.id)
        except NotFoundError:
            return True
        return True

    def look_up() -> bool | None:
        try:
            services.harvest.invoice(invoice.id)
        except NotFoundError:
            return True
        return None

    services.write_once(send, look_up)
    if not look_up():
        msg = (
            f"Order {order.id}: Harvest DELETE /invoices/{invoice.id} was answered as if it were done, but the invoice "
            "is still there. The next run tries again; delete the invoice by hand if that does not help."
        )
        raise SettlementHeldError(msg)
    return f"deleted Harvest invoice {invoice.id}"


def _reopen(services: Services, project: Project, invoice: Invoice | None, *, dry_run: bool) -> str:
    """Take back what settlement closed: it does so after the invoice was made, so an older save was a person's."""
    saved_at, made_at = project.updated_at, None if invoice is None else invoice.created_at
    if saved_at is not None and made_at is not None and saved_at < made_at:
        return "left the project closed, as it was before the invoice was made"
    if dry_run:
        return "would reopen the project"

    def look_up() -> Project | None:
        now = services.harvest.project(project.id)
        return now if now.is_active else None

    services.write_once(lambda: services.harvest.set_project_active(project.id, True), look_up)
    return "reopened the project" + (
        " (its invoice is gone, so who closed it is not known)" if invoice is None else ""
    )


def _clear(services: Services, order_id: int, key: HarvestKey, *, dry_run: bool) -> str:
    if dry_run:
        return "would clear HARVEST_INVOICE"
    field = services.fields.invoice

    def body_for(order: Order) -> tuple[OrderBody, None]:
        if standing(order) is Standing.WON:
            msg = (
                f"Order {order_id} ({key}) was moved to 100 % again while its invoice was taken back. Clear its "
                "HARVEST_INVOICE; the next run settles it again."
            )
            raise SettlementHeldError(msg)
        custom = {} if field is None else {field: ""}
        return body_to_save(order, product_id=services.settings.default_product_id, custom=custom), None

    save_order(services, order_id, body_for, lambda _, order: not invoice_of(order, services.fields))
    return "cleared HARVEST_INVOICE"

"""Take back the invoice of an order that was moved back below 100 per cent."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from msgspec import Struct

from harvest_upsales.domain.keys import HarvestKey
from harvest_upsales.domain.orders import (
    Place,
    Standing,
    invoice_of,
    key_of,
    our_rows,
    place_of,
    saved,
    standing,
)
from harvest_upsales.domain.settlement import find_invoice, lines_differ
from harvest_upsales.domain.uninvoiced_time import describe
from harvest_upsales.errors import NotFoundError, SettlementHeldError
from harvest_upsales.flows.coverage import covered_rows, covered_time
from harvest_upsales.flows.services import Services
from harvest_upsales.records.harvest_records import Invoice, InvoiceState, Project
from harvest_upsales.records.upsales_records import Order

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
    done: tuple[str, ...] = ()


def undo_invoice(services: Services, order_id: int, *, dry_run: bool = False) -> Undone:
    """Delete the draft invoice, reopen the project, clear ``HARVEST_INVOICE``; each step looks before it writes.

    :raises SettlementHeldError: the invoice is sent or paid, or somebody changed it
    """
    order = services.upsales.order(order_id)
    key = key_of(order, services.fields)
    reopened = place_of(order, services.fields) is Place.REOPENED
    if key is None or not reopened or key.account_id != services.account_id:
        return Undone(order_id=order_id, reopened=False)
    project = services.harvest.project(key.project_id)
    invoice = _invoice(services, order, project)
    if invoice is not None:
        _refuse_used(order, project, invoice)
        _refuse_changed(services, order, project, key, invoice)
    done = []
    if invoice is not None:
        done.append(_delete(services, invoice, dry_run=dry_run))
    if not project.is_active and services.settings.archive_invoiced_projects:
        done.append(_reopen(services, project, dry_run=dry_run))
    done.append(_clear(services, order_id, key, dry_run=dry_run))
    return Undone(
        order_id=order_id,
        reopened=True,
        project=f"{project.client.name}: {project.name}",
        amount=invoice.amount if invoice else Decimal(0),
        done=tuple(done),
    )


def _invoice(services: Services, order: Order, project: Project) -> Invoice | None:
    """The invoice with the order's purchase order number and the id that the order names.

    :raises SettlementHeldError: only one of the two leads to an invoice, or they lead to different ones
    """
    found = find_invoice(order.id, services.harvest.invoices(client_id=project.client.id))
    named = invoice_of(order, services.fields)
    if found is not None and str(found.id) != named:
        msg = (
            f"Order {order.id}, {describe(project)}: the order names Harvest invoice {named}, but its PO number is on "
            f"invoice {found.id}. Correct one of them in Harvest or Upsales, then retry."
        )
        raise SettlementHeldError(msg)
    if found is None and _exists(services, named):
        msg = (
            f"Order {order.id}, {describe(project)}: somebody took the PO number off its Harvest invoice {named}, "
            "which still bills the time. Delete the invoice by hand, or move the order to 100 % again."
        )
        raise SettlementHeldError(msg)
    return found


def _exists(services: Services, invoice_id: str) -> bool:
    if not (invoice_id.isascii() and invoice_id.isdigit()):
        return False
    try:
        services.harvest.invoice(int(invoice_id))
    except NotFoundError:
        return False
    return True


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


def _delete(services: Services, invoice: Invoice, *, dry_run: bool) -> str:
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
    return f"deleted Harvest invoice {invoice.id}"


def _reopen(services: Services, project: Project, *, dry_run: bool) -> str:
    if dry_run:
        return "would reopen the project"

    def look_up() -> Project | None:
        now = services.harvest.project(project.id)
        return now if now.is_active else None

    services.write_once(lambda: services.harvest.set_project_active(project.id, True), look_up)
    return "reopened the project"


def _clear(services: Services, order_id: int, key: HarvestKey, *, dry_run: bool) -> str:
    if dry_run:
        return "would clear HARVEST_INVOICE"
    field = services.fields.invoice
    order = services.upsales.order(order_id)
    if standing(order) is Standing.WON:
        msg = (
            f"Order {order_id} ({key}) was moved to 100 % again while its invoice was taken back. Clear its "
            "HARVEST_INVOICE; the next run settles it anew."
        )
        raise SettlementHeldError(msg)

    def look_up() -> Order | None:
        now = services.upsales.order(order_id)
        return now if not invoice_of(now, services.fields) else None

    body = saved(
        order, product_id=services.settings.default_product_id, custom={} if field is None else {field: ""}
    )
    services.write_once(lambda: services.upsales.update_order(order_id, body), look_up)
    return "cleared HARVEST_INVOICE"

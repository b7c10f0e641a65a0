"""Look for the Harvest invoice of an order, and never lose sight of one whose order is gone or open again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harvest_upsales.domain.invoice_owner import find_invoice
from harvest_upsales.domain.orders import Standing, invoice_of, standing
from harvest_upsales.domain.stray_invoices import (
    deleted_order_message,
    gone_invoice_message,
    keyless_order_message,
    unwon_order_message,
)
from harvest_upsales.errors import NotFoundError, SettlementHeldError
from harvest_upsales.flows.services import Services
from harvest_upsales.records.harvest_records import Invoice, Project
from harvest_upsales.records.upsales_records import Order

# Up to so many invoices, one request each is cheaper than the list.
_FEW = 3


def search_invoice(
    services: Services, order_id: int, project: Project
) -> tuple[Invoice | None, tuple[Invoice, ...]]:
    """The invoice that was made for an order: among those of the project's client, then among all.

    A project can be moved to another client. Its invoice stays with the one it had.

    :return: the invoice, and all the invoices that were looked through: where there is none, the whole account's
    :raises SettlementHeldError: there is more than one
    """
    of_client = tuple(services.harvest.invoices(client_id=project.client.id))
    found = find_invoice(order_id, of_client)
    if found is not None:
        return found, of_client
    every = tuple(services.harvest.invoices())
    return find_invoice(order_id, every), every


def read_order(services: Services, order_id: int) -> Order:
    """The order as it is.

    :raises SettlementHeldError: it was deleted, and the invoice that was made for it is still there
    :raises NotFoundError: it was deleted
    """
    try:
        return services.upsales.order(order_id)
    except NotFoundError as error:
        invoice = find_invoice(order_id, services.harvest.invoices())
        if invoice is None:
            raise
        raise SettlementHeldError(deleted_order_message(order_id, invoice)) from error


def refuse_left_invoice(services: Services, order: Order, invoices: Sequence[Invoice] | None = None) -> None:
    """An order that is not won needs no invoice; one that was made for it, and that it does not name, is forgotten.

    :param invoices: the account's, where they were read already
    :raises SettlementHeldError: there is one
    """
    if invoice_of(order, services.fields):
        return
    every = services.harvest.invoices() if invoices is None else invoices
    invoice = find_invoice(order.id, every)
    if invoice is not None:
        raise SettlementHeldError(unwon_order_message(order.id, invoice))


def refuse_keyless(services: Services, order: Order) -> None:
    """An order without a key of the account is not ours; one that an invoice was made for has lost it.

    :raises SettlementHeldError: there is one, and the order is not won with its number
    """
    invoice = find_invoice(order.id, services.harvest.invoices())
    if invoice is None:
        return
    is_settled = standing(order) is Standing.WON and invoice_of(order, services.fields) == str(invoice.id)
    if not is_settled:
        raise SettlementHeldError(keyless_order_message(order.id, invoice))


def gone_invoices(services: Services, named: Mapping[int, str]) -> dict[int, str]:
    """The orders whose Harvest invoice is not there any more, and what to do about each.

    :param named: the invoice that each order names; one request each for a few, else the whole list
    """
    if len(named) > _FEW:
        there = {str(invoice.id) for invoice in services.harvest.invoices()}
    else:
        there = {invoice_id for invoice_id in named.values() if invoice_named(services, invoice_id)}
    return {
        order_id: gone_invoice_message(order_id, invoice_id)
        for order_id, invoice_id in sorted(named.items())
        if invoice_id not in there
    }


def invoice_named(services: Services, invoice_id: str) -> Invoice | None:
    """The invoice with an id that stands in an order; ``None`` where there is none, or it is no id at all."""
    if not (invoice_id.isascii() and invoice_id.isdigit()):
        return None
    try:
        return services.harvest.invoice(int(invoice_id))
    except NotFoundError:
        return None

"""Which Harvest invoice was made for which order: its purchase order number says so."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from harvest_upsales.errors import SettlementHeldError
from harvest_upsales.records.harvest_records import Invoice

_PURCHASE_ORDER = re.compile(r"upsales-order-([1-9][0-9]{0,17})", re.ASCII)


def purchase_order(order_id: int) -> str:
    """``purchase_order`` of the Harvest invoice of an Upsales order."""
    return f"upsales-order-{order_id}"


def order_of(invoice: Invoice) -> int | None:
    """The order that an invoice was made for, by its purchase order number."""
    match = _PURCHASE_ORDER.fullmatch((invoice.purchase_order or "").strip())
    return int(match[1]) if match else None


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

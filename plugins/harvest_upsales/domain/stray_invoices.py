"""What to do about Harvest invoices whose order does not lead to them any more, and orders whose invoice is gone."""

from __future__ import annotations

from harvest_upsales.domain.invoice_amounts import lines_total
from harvest_upsales.domain.invoice_owner import purchase_order
from harvest_upsales.records.harvest_records import Invoice


def deleted_order_message(order_id: int, invoice: Invoice) -> str:
    """Of the invoice of an order that was deleted."""
    return (
        f"Order {order_id} was deleted in Upsales, and its {_in_words(order_id, invoice)} still bills the project's "
        f"time. Delete {_or_detach('gets a new opportunity')}"
    )


def unwon_order_message(order_id: int, invoice: Invoice) -> str:
    """Of the invoice of an order that is not won any more, and does not name it."""
    return (
        f"Order {order_id} is not at 100 % and its HARVEST_INVOICE is empty, but {_in_words(order_id, invoice)} was "
        "made for it and still bills the project's time. Move the order to 100 % again: it then takes the invoice up. "
        f"Or delete {_or_detach('comes back to the opportunity')}"
    )


def keyless_order_message(order_id: int, invoice: Invoice) -> str:
    """Of the invoice of an order that leads to no project of the account any more."""
    return (
        f"Order {order_id} has lost its HARVEST_KEY, but {_in_words(order_id, invoice)} was made for it and still "
        "bills the project's time. Write the HARVEST_KEY back to the order (the Harvest account's id, a colon, the "
        "project's id; by month also a colon and YYYY-MM): it then takes the invoice up. Or delete "
        f"{_or_detach('gets a new opportunity')}"
    )


def gone_invoice_message(order_id: int, invoice_id: str) -> str:
    """Of a settled order whose invoice was deleted."""
    return (
        f"Harvest invoice {invoice_id} of order {order_id} is gone, and its time is uninvoiced again. Clear "
        "HARVEST_INVOICE on the order: at 100 % the next run invoices it again, below that the order follows the time "
        "again. If the time is invoiced elsewhere, mark it as invoiced in Harvest."
    )


def _in_words(order_id: int, invoice: Invoice) -> str:
    return (
        f"Harvest invoice {invoice.id} ({invoice.state}, {lines_total(invoice)} {invoice.currency}, PO number "
        f"{purchase_order(order_id)})"
    )


def _or_detach(then: str) -> str:
    """The clause that follows "delete".

    :param then: what becomes of the invoice's time
    """
    return (
        f"the invoice in Harvest: its time then {then} (reopen the project for more). If the invoice is to stay, take "
        "its PO number off."
    )

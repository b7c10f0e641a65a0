"""A fixed fee is sold and invoiced once, by whomever: no time that is billed would tell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harvest_upsales.domain.invoice_amounts import invoiced_lines
from harvest_upsales.domain.money import ZERO
from harvest_upsales.domain.settlement import WonOrder
from harvest_upsales.domain.uninvoiced_time import describe
from harvest_upsales.errors import ProjectError, SettlementHeldError
from harvest_upsales.records.harvest_records import Invoice, Project


@dataclass(frozen=True, slots=True)
class _InvoicedFee:
    """What of a fixed fee is on invoices.

    :param amount: in words, with its currency
    :param invoices: their ids, in words
    """

    amount: str
    invoices: str


def hold_invoiced_fee(order: WonOrder, invoices: Iterable[Invoice]) -> None:
    """A fixed fee that is on an invoice is not invoiced again.

    :param invoices: the account's invoices, none of which was made for this order
    :raises SettlementHeldError: some of the project's fee is on them
    """
    invoiced = _invoiced_fee(order.project, invoices) if order.project.is_fixed_fee else None
    if invoiced is not None:
        msg = (
            f"{order}: of its fixed fee, {invoiced.amount} are invoiced in Harvest already (invoices "
            f"{invoiced.invoices}). If one of them is for this order, set its PO number to {order.purchase_order}; if "
            "not, take them off the project or correct its fee, then retry."
        )
        raise SettlementHeldError(msg)


def refuse_invoiced_fee(project: Project, invoices: Iterable[Invoice]) -> None:
    """A fixed fee that is on an invoice gets no new opportunity: it would be sold a second time.

    :param invoices: the client's invoices
    :raises ProjectError: some of the fee is on them
    """
    invoiced = _invoiced_fee(project, invoices)
    if invoiced is not None:
        msg = (
            f"{describe(project)}: of its fixed fee, {invoiced.amount} are invoiced in Harvest already (invoices "
            f"{invoiced.invoices}), so it gets no new opportunity. If nothing is left to sell, mark its time as "
            "invoiced in Harvest; else take the lines off those invoices, or its project off the lines."
        )
        raise ProjectError(msg)


def _invoiced_fee(project: Project, invoices: Iterable[Invoice]) -> _InvoicedFee | None:
    """How much of the fee is on which invoices; ``None`` where nothing is, or it was taken back."""
    by_invoice = invoiced_lines(project, invoices)
    amount = sum(by_invoice.values(), ZERO)
    if amount <= 0:
        return None
    ids = ", ".join(str(invoice_id) for invoice_id in sorted(by_invoice))
    return _InvoicedFee(f"{amount} {project.client.currency}", ids)

"""What Harvest invoices are worth, before tax and discount."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from harvest_upsales.domain.money import ZERO, Row, harvest_unit, total
from harvest_upsales.records.harvest_records import Invoice, Project


def lines_total(invoice: Invoice) -> Decimal:
    """The sum of all lines."""
    return sum((line.amount for line in invoice.line_items), ZERO)


def lines_differ(invoice: Invoice, rows: Sequence[Row], currency: str) -> bool:
    """Whether an invoice says another sum than the rows.

    Harvest rounds each line, the order's value is rounded once: half a minor unit a line may lie between them.
    """
    allowed = harvest_unit(currency) * (len(invoice.line_items) + 1) / 2
    difference = lines_total(invoice) - total(rows, currency)
    return abs(difference) > allowed or invoice.currency.upper() != currency.upper()


def invoiced_lines(project: Project, invoices: Iterable[Invoice]) -> dict[int, Decimal]:
    """What invoices bill of a project, by the invoice's id; those that bill nothing of it are left out."""
    found = {invoice.id: _lines_of(invoice, project.id) for invoice in invoices}
    return {invoice_id: amount for invoice_id, amount in found.items() if amount}


def _lines_of(invoice: Invoice, project_id: int) -> Decimal:
    lines = (
        line.amount
        for line in invoice.line_items
        if line.project is not None and line.project.id == project_id
    )
    return sum(lines, ZERO)

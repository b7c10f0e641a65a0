"""A fixed fee that is on an invoice."""

from decimal import Decimal

import pytest

from harvest_upsales.domain.fixed_fee import hold_invoiced_fee, refuse_invoiced_fee
from harvest_upsales.errors import ProjectError, SettlementHeldError
from harvest_upsales.records.harvest_records import Invoice, InvoiceLine
from harvest_upsales.records.upsales_records import Reference
from tests.unit.domain.builders import fixed_fee, invoice, project, won


def of_project(invoice_id: int, amount: str, project_id: int = 100) -> Invoice:
    line = InvoiceLine(Decimal(1), Decimal(amount), Decimal(amount), project=Reference(project_id))
    return invoice(id=invoice_id, line_items=[line])


def test_a_fee_that_is_on_invoices_is_neither_invoiced_nor_sold_again() -> None:
    invoices = [of_project(2, "20000"), of_project(1, "10000"), of_project(3, "7", project_id=5)]
    words = r"of its fixed fee, 30000 SEK are invoiced in Harvest already \(invoices 1, 2\)"

    with pytest.raises(
        SettlementHeldError, match=rf"^Order 500, .*: {words}\. If one of them is for this order"
    ):
        hold_invoiced_fee(won(of=fixed_fee()), invoices)
    with pytest.raises(
        ProjectError, match=rf"^Project 100 .*: {words}, so it gets no new opportunity\. If nothing"
    ):
        refuse_invoiced_fee(fixed_fee(), invoices)


def test_what_was_taken_back_is_not_on_an_invoice() -> None:
    invoices = [of_project(1, "10000"), of_project(2, "-10000")]

    hold_invoiced_fee(won(of=fixed_fee()), invoices)
    refuse_invoiced_fee(fixed_fee(), invoices)


def test_a_project_that_is_billed_by_time_may_be_on_invoices() -> None:
    hold_invoiced_fee(won(of=project()), [of_project(1, "10000")])

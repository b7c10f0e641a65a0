"""Which invoice was made for which order."""

import pytest

from harvest_upsales.domain.invoice_owner import find_invoice, left_invoices, order_of
from harvest_upsales.errors import SettlementHeldError
from tests.unit.domain.builders import invoice


def test_an_invoice_is_found_by_its_po_number_alone() -> None:
    ours = invoice("1", id=3000, purchase_order=" upsales-order-500 ")
    others = [invoice("1", id=1, purchase_order=number) for number in (None, "", "upsales-order-5000", "500")]

    assert find_invoice(500, [*others, ours, ours]) is ours
    assert find_invoice(500, others) is None


def test_two_invoices_of_one_order_are_held_and_named() -> None:
    with pytest.raises(
        SettlementHeldError, match=r"Order 500: the Harvest invoices 1, 3000 .*upsales-order-500"
    ):
        find_invoice(500, [invoice("1"), invoice("1", id=1)])


@pytest.mark.parametrize(
    ("number", "order_id"),
    [
        ("upsales-order-500", 500),
        (" upsales-order-500 ", 500),
        ("upsales-order-0", None),
        ("PO 500", None),
        (None, None),
    ],
)
def test_an_invoice_says_which_order_it_was_made_for(number: str | None, order_id: int | None) -> None:
    assert order_of(invoice("1", purchase_order=number)) == order_id


def test_invoices_are_left_whose_order_does_not_lead_to_them() -> None:
    ours, left = (invoice("1", id=number, purchase_order=f"upsales-order-{number}") for number in (1, 2))

    assert left_invoices([ours, left, invoice("1", purchase_order="PO 4711")], {1}) == {2: left}

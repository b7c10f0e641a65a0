"""Is all as it should be? Judged by the services' records, never by what the plugin says of itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from localrun.ledger import Books, Opportunity

HALF_MINOR_UNIT = Decimal("0.005")


@dataclass(frozen=True)
class Check:
    """One thing that has to hold."""

    what: str
    holds: bool


def check_demo(
    after_first: Books, after_second: Books, moved: Sequence[int], earlier_invoices: int
) -> list[Check]:
    """All checks of the books.

    :param moved: the orders that the salesperson moved to 100 per cent
    :param earlier_invoices: how many invoices Harvest had before
    """
    checks = []
    for books, when in ((after_first, "after the first run"), (after_second, "after the second")):
        agree, of = books.agreeing()
        what = f"every opportunity's rows sum to Harvest's uninvoiced amount, {when}: {agree} of {of}"
        checks.append(Check(what, agree == of > 0))
    created = len(after_second.invoices) - earlier_invoices
    checks.append(Check(f"Harvest has one new invoice for each won order: {created}", created == len(moved)))
    won = {opportunity.order_id: opportunity for opportunity in after_second.won}
    checks.append(Check("the moved orders are won, and no others", sorted(won) == sorted(moved)))
    for order in won.values():
        checks.extend(_check_settled(order, after_second))
    return checks


def _check_settled(order: Opportunity, books: Books) -> Iterator[Check]:
    name = f"order {order.order_id}"
    invoice = books.invoices.get(int(order.invoice)) if order.invoice.isdigit() else None
    yield Check(f"{name}: HARVEST_INVOICE holds a Harvest invoice", invoice is not None)
    if invoice is not None:
        # Harvest rounds each line, Upsales the sum.
        near = HALF_MINOR_UNIT * (len(invoice["line_items"]) + 1)
        worth = abs(Decimal(invoice["amount"]) - order.rows_total) <= near
        yield Check(f"{name}: the invoice is worth the order ({order.rows_total} {order.currency})", worth)
        ours = invoice["purchase_order"] == f"upsales-order-{order.order_id}" and invoice["state"] == "draft"
        yield Check(f"{name}: the invoice is a draft with the order's number", ours)
    yield Check(f"{name}: project {order.code} is archived", order.is_archived)
    nothing_left = order.is_fixed_fee or order.project_id not in books.uninvoiced
    yield Check(f"{name}: no uninvoiced time is left on project {order.code}", nothing_left)
    documents = [document for document in books.documents if document["order_id"] == order.order_id]
    exactly_one = [(d["number"], d["amount"]) for d in documents] == [(order.document, order.value)]
    yield Check(f"{name}: the billing app made exactly one customer invoice, of its value", exactly_one)


def files_with(secrets: Iterable[str], folder: Path) -> list[Path]:
    """Files below a folder (logs, the metadata database with its journal, staged data) that hold a secret."""
    wanted = [secret.encode() for secret in secrets]
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())
    return [path for path in files if _holds_any(path, wanted)]


def _holds_any(path: Path, wanted: Sequence[bytes]) -> bool:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return False
    return any(secret in content for secret in wanted)

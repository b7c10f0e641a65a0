"""Tables of what happened."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from localrun.ledger import Books, Opportunity

LARGEST = 10
NAME_WIDTH = 44
NUMERIC = frozenset({"hours", "amount", "Harvest", "Upsales", "drift"})


def demo_table(books: Books) -> str:
    """All won orders, the largest of the others, and the totals by currency."""
    others = sorted((o for o in books.opportunities if not o.is_won), key=lambda o: -o.rows_total)
    head = ("project", "hours", "amount", "", "opportunity", "stage", "invoice", "billing")
    shown = [*books.won, *others[:LARGEST]]
    lines = [table(head, [_line(opportunity, books) for opportunity in shown])]
    if more := len(others) - LARGEST:
        lines.append(f"and {more} more open opportunities" if more > 0 else "")
    return "\n".join([*filter(None, lines), "", _totals(books)])


def _line(opportunity: Opportunity, books: Books) -> Sequence[str]:
    invoice = books.invoices.get(int(opportunity.invoice)) if opportunity.invoice.isdigit() else None
    return (
        f"{opportunity.code} {opportunity.project}",
        "fixed fee" if opportunity.is_fixed_fee else plain(opportunity.hours),
        money(opportunity.rows_total),
        opportunity.currency,
        str(opportunity.order_id),
        f"{opportunity.stage} ({opportunity.probability} %)",
        f"{invoice['number']} ({invoice['state']})" if invoice else "",
        opportunity.document,
    )


def _totals(books: Books) -> str:
    sums: dict[tuple[str, str], tuple[int, Decimal]] = defaultdict(lambda: (0, Decimal(0)))
    for opportunity in books.opportunities:
        key = ("won and invoiced" if opportunity.is_won else "open", opportunity.currency)
        count, amount = sums[key]
        sums[key] = (count + 1, amount + opportunity.rows_total)
    rows = [
        (where, str(count), money(total), currency)
        for (where, currency), (count, total) in sorted(sums.items())
    ]
    return table(("totals", "orders", "amount", ""), rows)


def real_table(outcomes: Iterable[Mapping[str, Any]], settled: Iterable[Mapping[str, Any]]) -> str:
    """What the tasks of a run returned: opportunities, settlements."""
    head = ("action", "project", "hours", "amount", "", "opportunity", "why or what")
    rows = [
        (
            str(outcome["action"]),
            str(outcome["project"]),
            plain(Decimal(outcome["hours"])),
            money(Decimal(outcome["amount"])) if outcome["key"] else "",
            str(outcome["currency"]) if outcome["key"] else "",
            str(outcome["order_id"] or ""),
            str(outcome["reason"]) or ", ".join(change["field"] for change in outcome["changes"]),
        )
        for outcome in outcomes
    ]
    rows += [
        (
            "settle",
            str(order["project"]),
            plain(Decimal(order["hours"])),
            money(Decimal(order["amount"])),
            str(order["currency"]),
            str(order["order_id"]),
            f"Harvest invoice {order['invoice_number'] or order['invoice_id']} ({order['invoice_state']})",
        )
        for order in settled
    ]
    return table(head, rows) if rows else "No project had anything to do."


def totals_table(totals: Mapping[str, Mapping[str, Any]]) -> str:
    """Harvest beside Upsales, by currency."""
    rows = [
        (currency, str(t["projects"]), *(money(Decimal(t[side])) for side in ("harvest", "upsales", "drift")))
        for currency, t in totals.items()
    ]
    return table(("currency", "projects", "Harvest", "Upsales", "drift"), rows)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns side by side, numbers to the right; long names are cut."""
    lines = [[_cut(cell) for cell in row] for row in [head, *rows]]
    widths = [max(_width(row[i]) for row in lines) for i in range(len(head))]
    lines.insert(1, ["─" * width for width in widths])
    return "\n".join(
        "  ".join(
            _pad(cell, width, name in NUMERIC) for cell, width, name in zip(row, widths, head, strict=True)
        ).rstrip()
        for row in lines
    )


def money(amount: Decimal) -> str:
    """Two decimals, thousands apart: 1 234 567.50."""
    return f"{amount:,.2f}".replace(",", " ")


def plain(number: Decimal) -> str:
    """Without trailing zeros or an exponent."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= NAME_WIDTH else f"{line[: NAME_WIDTH - 1]}…"


def _width(text: str) -> int:
    """Columns in a terminal: emoji take two."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def _pad(text: str, width: int, right: bool) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space

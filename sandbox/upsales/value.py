"""What an order is worth, and the short forms of records inside it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.jsonio import Record, exact, rounded

if TYPE_CHECKING:
    from sandbox.upsales.board import UpsalesAccount


def revalue(account: UpsalesAccount, order: Record) -> None:
    """Recompute every total from the rows."""
    for row in order["orderRow"]:
        row["contributionMargin"] = row["contributionMarginLocalCurrency"] = exact(
            row["quantity"] * row["price"]
        )
    value = exact(sum((row["quantity"] * row["price"] for row in order["orderRow"]), Decimal(0)))
    weighted = exact(value * order["probability"] / 100)
    master = in_master_currency(account, value, order)
    weighted_master = in_master_currency(account, weighted, order)
    order |= {
        "value": value, "oneOffValue": value, "contributionMargin": master,
        "contributionMarginLocalCurrency": value, "valueInMasterCurrency": master,
        "oneOffValueInMasterCurrency": master, "weightedValue": weighted, "weightedOneOffValue": weighted,
        "weightedContributionMargin": weighted_master, "weightedContributionMarginLocalCurrency": weighted,
        "weightedValueInMasterCurrency": weighted_master,
        "weightedOneOffValueInMasterCurrency": weighted_master,
    }  # fmt: skip


def in_master_currency(account: UpsalesAccount, value: Decimal, order: Record) -> Decimal:
    rate = Decimal(order["currencyRate"])
    return rounded(value / rate if account.rate_divides else value * rate)


def user_brief(account: UpsalesAccount, user_id: int) -> Record:
    user = account.users[user_id]
    return {"role": user["role"], "name": user["name"], "id": user_id, "email": user["email"]}


def stage_brief(account: UpsalesAccount, stage_id: int) -> Record:
    return {"name": account.stages[stage_id]["name"], "id": stage_id}


def contact_brief(account: UpsalesAccount, contact_id: int) -> Record:
    contact = account.contacts[contact_id]
    return {"journeyStep": "lead", "name": contact["name"], "id": contact_id, "email": contact["email"]}

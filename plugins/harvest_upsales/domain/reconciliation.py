"""Harvest's uninvoiced amount beside Upsales' value, project by project, and why they differ."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from harvest_upsales.domain.drift import agrees_beside_lost
from harvest_upsales.domain.money import ZERO, rounded
from harvest_upsales.domain.uninvoiced_report import Uninvoiced
from harvest_upsales.domain.upsales_side import NO_ORDERS, ProjectOrders


class Balance(StrEnum):
    """How the two sides of one project stand to each other."""

    EQUAL = "equal"
    DRIFT = "drift"
    TIME_ONLY = "time without opportunity"
    OPPORTUNITY_ONLY = "opportunity without time"
    LOST = "lost with time"
    AWAITS_SETTLEMENT = "won, not invoiced yet"
    AFTER_INVOICE = "time after the invoice"
    FEE_INVOICED = "fee invoiced already"
    FEE_PARTLY_INVOICED = "fee partly invoiced"
    INVOICE_GONE = "invoice gone"


_FEE_IS_GONE = (
    "all of its fixed fee is invoiced in Harvest, and the opportunity would sell it again: lose the opportunity, or "
    "take the fee off that invoice"
)
_FEE_IS_PARTLY_GONE = (
    "a fixed fee of which some is invoiced in Harvest, and the opportunity would sell that again: lose the "
    "opportunity, or take the fee off that invoice"
)
_FEES = {Balance.FEE_INVOICED: _FEE_IS_GONE, Balance.FEE_PARTLY_INVOICED: _FEE_IS_PARTLY_GONE}
# People's decisions and settlements under way: named, but no error of the books.
_NO_ERROR = frozenset({Balance.EQUAL, Balance.LOST, Balance.AWAITS_SETTLEMENT, Balance.FEE_PARTLY_INVOICED})


class ProjectBalance(Struct, frozen=True):
    """One line of the reconciliation.

    :param harvest: Harvest's uninvoiced amount, expenses taken off
    :param upsales: the value of our rows in the project's live orders
    :param drift: ``harvest`` minus ``upsales``
    """

    project_id: int
    project: str
    state: Balance
    currency: str
    hours: Decimal
    harvest: Decimal
    upsales: Decimal
    drift: Decimal
    cause: str = ""
    orders: tuple[int, ...] = ()


class CurrencyTotal(Struct, frozen=True):
    """Sums over all projects of one currency."""

    harvest: Decimal
    upsales: Decimal
    drift: Decimal
    projects: int


@dataclass(frozen=True, slots=True)
class Explanations:
    """What the run knows about projects that may explain a drift.

    :param failed: projects that failed in this run, with the reason
    :param changed: projects whose time was saved while the run went on
    :param approved_only: Harvest's report counts time that is not approved, the opportunities do not
    :param only: the projects that the run was confined to; empty means all
    :param fixed_fees: fixed-fee projects: Harvest's report shows what is left of the fee, and not for every range
    :param told: what the run said of projects that it left alone
    :param gone: what to do about Harvest invoices of settled orders that are not there any more
    """

    failed: Mapping[int, str]
    changed: Collection[int] = frozenset()
    approved_only: bool = False
    only: Collection[int] = ()
    fixed_fees: Collection[int] = frozenset()
    told: Mapping[int, str] = field(default_factory=dict)
    gone: Mapping[int, str] = field(default_factory=dict)

    def of(self, project_id: int, state: Balance, drift: Decimal) -> str:
        """The likely cause, empty where none is known.

        :param drift: Harvest's amount minus Upsales' value
        """
        if of_this_run := self.of_this_run(project_id):
            return of_this_run
        if project_id in self.fixed_fees and state not in _FEES:
            return "a fixed fee: Harvest's report shows what is left of it, and not for every range of days"
        if self.approved_only and drift > 0 and state is not Balance.INVOICE_GONE:
            return "Harvest's report counts time that is not approved"
        return ""

    def of_this_run(self, project_id: int) -> str:
        """Why this very run left the project's sides apart, empty where it did not."""
        if self.only and project_id not in self.only:
            return "this run was confined to other projects"
        if project_id in self.failed:
            return f"failed in this run: {self.failed[project_id]}"
        if project_id in self.changed:
            return "its time changed while the run went on; the next run takes it up"
        return ""

    def cause(self, project_id: int, state: Balance, drift: Decimal) -> str:
        """The likely cause for the table: an explanation, or what to do, or why the run left the project alone."""
        to_do = _FEES.get(state) or self.gone.get(project_id, "")
        return self.of(project_id, state, drift) or to_do or self.told.get(project_id, "")


def reconcile(
    harvest: Mapping[int, Uninvoiced], upsales: Mapping[int, ProjectOrders], why: Explanations
) -> list[ProjectBalance]:
    """Both sides of every project that has time, a fee or an opportunity, largest drift first."""
    lines = [
        _line(project_id, harvest.get(project_id), upsales.get(project_id, NO_ORDERS), why)
        for project_id in harvest.keys() | upsales.keys()
    ]
    return sorted(
        (line for line in lines if line is not None), key=lambda line: (-abs(line.drift), line.project_id)
    )


def _line(
    project_id: int, theirs: Uninvoiced | None, ours: ProjectOrders, why: Explanations
) -> ProjectBalance | None:
    currency = theirs.currency if theirs else ours.currency
    amount = rounded(theirs.amount, currency) if theirs else ZERO
    if theirs and theirs.agrees_with(ours.live_value(currency)):
        amount = ours.live_value(currency)
    hours = theirs.hours if theirs else ZERO
    value = ours.live_value(currency)
    if not hours and not value:
        # A fixed fee counts from its first entry, but stands in the report from the project's start.
        amount = ZERO
    state = _state(amount, hours, value, theirs, ours)
    if state is None:
        return None
    if state in (Balance.DRIFT, Balance.OPPORTUNITY_ONLY) and theirs and theirs.fee_is_gone:
        state = Balance.FEE_INVOICED
    if state is Balance.DRIFT and theirs and theirs.leaves_part_of(value):
        state = Balance.FEE_PARTLY_INVOICED
    drift = amount - value
    if drift > 0 and project_id in why.gone:
        state = Balance.INVOICE_GONE
    return ProjectBalance(
        project_id=project_id,
        project=f"{theirs.client}: {theirs.name}" if theirs else f"project {project_id}",
        state=state,
        currency=currency,
        hours=hours,
        harvest=amount,
        upsales=value,
        drift=drift,
        cause=why.cause(project_id, state, drift) if state is not Balance.EQUAL else "",
        orders=(*ours.open, *ours.won, *ours.settled, *ours.lost),
    )


def _state(
    amount: Decimal, hours: Decimal, value: Decimal, theirs: Uninvoiced | None, ours: ProjectOrders
) -> Balance | None:
    # Other months are lost, and their time is still there.
    beside_lost = bool(ours.lost) and theirs is not None and agrees_beside_lost(theirs, ours)
    if ours.won and (amount == value or not ours.open):
        return Balance.AWAITS_SETTLEMENT
    if ours.open:
        if amount == value:
            return Balance.EQUAL
        if beside_lost:
            return Balance.LOST
        return Balance.OPPORTUNITY_ONLY if not amount and not hours else Balance.DRIFT
    if not hours or not amount:
        # Nothing tracked yet, settled, or worth nothing.
        return None
    if beside_lost or (ours.lost and (theirs is None or theirs.lost is None)):
        return Balance.LOST
    return Balance.AFTER_INVOICE if ours.settled else Balance.TIME_ONLY


def may_have_lost_invoices(
    lines: Iterable[ProjectBalance], upsales: Mapping[int, ProjectOrders], why: Explanations
) -> frozenset[int]:
    """Settled orders of projects with more uninvoiced time than is known of: deleting an invoice frees its time."""
    beyond = (
        line.project_id
        for line in lines
        if line.drift > 0 and line.state is not Balance.LOST and not why.of_this_run(line.project_id)
    )
    return frozenset(order_id for project in beyond for order_id in upsales.get(project, NO_ORDERS).settled)


def totals(lines: Iterable[ProjectBalance]) -> dict[str, CurrencyTotal]:
    """Sums per currency."""
    found: dict[str, CurrencyTotal] = {}
    for line in lines:
        before = found.get(line.currency, CurrencyTotal(ZERO, ZERO, ZERO, 0))
        found[line.currency] = CurrencyTotal(
            harvest=before.harvest + line.harvest,
            upsales=before.upsales + line.upsales,
            drift=before.drift + line.drift,
            projects=before.projects + 1,
        )
    return dict(sorted(found.items()))


def unexplained(
    lines: Iterable[ProjectBalance], why: Explanations, *, threshold: Decimal
) -> list[ProjectBalance]:
    """Lines whose drift is above the threshold and that nobody has decided or explained otherwise.

    :param threshold: in units of the line's currency
    """
    return [
        line
        for line in lines
        if line.state not in _NO_ERROR
        and abs(line.drift) > threshold
        and not why.of(line.project_id, line.state, line.drift)
    ]

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


@dataclass(frozen=True, slots=True)
class _Sides:
    """Both sides of one project as they are compared.

    :param amount: Harvest's uninvoiced amount
    :param value: of the live orders
    """

    currency: str
    hours: Decimal
    amount: Decimal
    value: Decimal

    @property
    def drift(self) -> Decimal:
        """Harvest's amount minus Upsales' value."""
        return self.amount - self.value


def _sides(theirs: Uninvoiced | None, ours: ProjectOrders) -> _Sides:
    if theirs is None:
        return _Sides(ours.currency, ZERO, ZERO, ours.live_value(ours.currency))
    value = ours.live_value(theirs.currency)
    if not theirs.hours and not value:
        # A fixed fee counts from its first entry, but stands in the report from the project's start.
        return _Sides(theirs.currency, theirs.hours, ZERO, value)
    # What the rounding of the report's ranges explains is no difference.
    amount = value if theirs.agrees_with(value) else rounded(theirs.amount, theirs.currency)
    return _Sides(theirs.currency, theirs.hours, amount, value)


def _line(
    project_id: int, theirs: Uninvoiced | None, ours: ProjectOrders, why: Explanations
) -> ProjectBalance | None:
    sides = _sides(theirs, ours)
    state = _balance(sides, theirs, ours, is_gone=project_id in why.gone)
    if state is None:
        return None
    return ProjectBalance(
        project_id=project_id,
        project=theirs.full_name if theirs else f"project {project_id}",
        state=state,
        currency=sides.currency,
        hours=sides.hours,
        harvest=sides.amount,
        upsales=sides.value,
        drift=sides.drift,
        cause=why.cause(project_id, state, sides.drift) if state is not Balance.EQUAL else "",
        orders=(*ours.open, *ours.won, *ours.settled, *ours.lost),
    )


def _balance(
    sides: _Sides, theirs: Uninvoiced | None, ours: ProjectOrders, *, is_gone: bool
) -> Balance | None:
    """How the sides stand to each other; ``None`` where there is nothing to compare. What stands first wins:

    1. no open or won order, and no time or an amount of nothing: nothing tracked yet, settled, or worth nothing;
    2. more time than Upsales knows of, where a settled order's invoice is gone: its time is free again;
    3. a won order, whose rows are all of the amount, or that is all there is: settlement takes it up;
    4. an open opportunity: see :func:`_balance_of_open`;
    5. the amount is that of lost months, or of a lost order, with no report by month to tell them apart;
    6. settled orders alone: time came since;
    7. no order that stands for the time.

    :param is_gone: the Harvest invoice of one of the project's settled orders is not there any more
    """
    if not ours.open and not ours.won and not (sides.hours and sides.amount):
        return None
    if is_gone and sides.drift > 0:
        return Balance.INVOICE_GONE
    if ours.won and (not sides.drift or not ours.open):
        return Balance.AWAITS_SETTLEMENT
    beside_lost = bool(ours.lost) and theirs is not None and agrees_beside_lost(theirs, ours)
    if ours.open:
        return _balance_of_open(sides, theirs, beside_lost=beside_lost)
    if beside_lost or (ours.lost and (theirs is None or theirs.lost is None)):
        return Balance.LOST
    return Balance.AFTER_INVOICE if ours.settled else Balance.TIME_ONLY


def _balance_of_open(sides: _Sides, theirs: Uninvoiced | None, *, beside_lost: bool) -> Balance:
    """The same of a project with an open opportunity. What stands first wins:

    1. both say the same;
    2. the difference is the time of lost months;
    3. all of a fixed fee is invoiced, then: some of it is;
    4. no time and no amount: the opportunity alone;
    5. anything else has drifted.

    :param beside_lost: Harvest's amount is that of the live orders and of lost ones
    """
    if not sides.drift:
        return Balance.EQUAL
    if beside_lost:
        return Balance.LOST
    if theirs is not None and theirs.fee_is_gone:
        return Balance.FEE_INVOICED
    if not sides.amount and not sides.hours:
        return Balance.OPPORTUNITY_ONLY
    if theirs is not None and theirs.leaves_part_of(sides.value):
        return Balance.FEE_PARTLY_INVOICED
    return Balance.DRIFT


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

"""The run's last step: both sides compared, every drift named."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import Any

from harvest_upsales.api.moving_lists import reread_if_moved
from harvest_upsales.domain.reconciliation import (
    Balance,
    CurrencyTotal,
    Explanations,
    ProjectBalance,
    may_have_lost_invoices,
    reconcile,
    totals,
    unexplained,
)
from harvest_upsales.flows.invoice_search import gone_invoices
from harvest_upsales.flows.overview import Sides, read_overview
from harvest_upsales.flows.services import Services


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The result.

    :param drifts: lines that need somebody's attention
    :param sides: what was compared
    :param gone: settled orders whose Harvest invoice is not there any more, and what to do about each
    """

    lines: tuple[ProjectBalance, ...]
    totals: dict[str, CurrencyTotal]
    drifts: tuple[ProjectBalance, ...]
    sides: Sides
    gone: Mapping[int, str] = field(default_factory=dict)


def reconcile_run(
    services: Services,
    sides: Sides | None,
    *,
    failed: Mapping[int, str],
    since: dt.datetime,
    threshold: Decimal,
    only: Collection[int] = (),
    fixed_fees: Collection[int] = (),
    told: Mapping[int, str] | None = None,
) -> Reconciliation:
    """Compare Harvest and Upsales.

    :param sides: both sides as the run found them, where it wrote nothing since; ``None`` reads them again, and so
        does a drift that they show
    :param failed: projects that failed in this run
    :param since: when the run began to read
    :param threshold: drift up to which nobody needs to look, in units of the project's currency
    :param only: the projects that the run was confined to; empty means all
    :param fixed_fees: fixed-fee projects that the run has taken up
    :param told: what the run said of projects that it left alone
    """
    why = Explanations(
        failed,
        approved_only=services.settings.approved_time_only,
        only=only,
        fixed_fees=fixed_fees,
        told=told or {},
    )
    found = _Comparison(sides or _read(services), why, threshold)
    if found.drifts and sides is not None:
        # What was read before may be old by now: a run beside this one (a backfill's) may have written since.
        found = replace(found, sides=_read(services))
    if found.drifts and not found.sides.whole:
        # Time from before the report's last year may explain it: a correction with negative hours, for one.
        found = replace(found, sides=_read(services, whole_history=True))
    if found.drifts:
        # So may time that somebody tracked since the run began.
        found = found.knowing(changed=_changed_since(services, since))
    gone = _gone_invoices(services, found)
    if gone:
        found = found.knowing(gone=_by_project(gone, found.sides))
    return Reconciliation(
        lines=found.lines,
        totals=totals(line for line in found.lines if line.state is not Balance.LOST),
        drifts=found.drifts,
        sides=found.sides,
        gone=gone,
    )


@dataclass(frozen=True)
class _Comparison:
    """Both sides compared by what is known so far.

    :param why: what explains a drift
    :param threshold: drift up to which nobody needs to look
    """

    sides: Sides
    why: Explanations
    threshold: Decimal

    @cached_property
    def lines(self) -> tuple[ProjectBalance, ...]:
        """One a project."""
        return tuple(reconcile(self.sides.harvest, self.sides.upsales, self.why))

    @cached_property
    def drifts(self) -> tuple[ProjectBalance, ...]:
        """The lines that nothing explains yet."""
        return tuple(unexplained(self.lines, self.why, threshold=self.threshold))

    def knowing(self, **more: Any) -> _Comparison:
        """The same sides, with more that explains their drifts.

        :param more: fields of :class:`Explanations`
        """
        return replace(self, why=replace(self.why, **more))


def _read(services: Services, *, whole_history: bool = False) -> Sides:
    return read_overview(services, whole_history=whole_history).sides


def _changed_since(services: Services, since: dt.datetime) -> frozenset[int]:
    return reread_if_moved(
        lambda: frozenset(entry.project.id for entry in services.harvest.time_entries(updated_since=since))
    )


def _gone_invoices(services: Services, found: _Comparison) -> dict[int, str]:
    sides = found.sides
    suspects = may_have_lost_invoices(found.lines, sides.upsales, found.why)
    named = {
        order.order_id: order.invoice_id
        for orders in (sides.orders.values() if suspects else ())
        for order in orders
        if order.order_id in suspects
    }
    return gone_invoices(services, named) if named else {}


def _by_project(gone: Mapping[int, str], sides: Sides) -> dict[int, str]:
    """The same words by project id."""
    found: dict[int, str] = {}
    for project_id, ours in sides.upsales.items():
        words = [gone[order_id] for order_id in ours.settled if order_id in gone]
        if words:
            found[project_id] = " ".join(words)
    return found

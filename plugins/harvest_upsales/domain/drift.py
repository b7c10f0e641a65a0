"""Which projects have another worth, or other hours, in Upsales than in Harvest's report."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal

from harvest_upsales.domain.keys import Month
from harvest_upsales.domain.money import exact_sum
from harvest_upsales.domain.uninvoiced_report import Uninvoiced
from harvest_upsales.domain.uninvoiced_time import why_not_billed
from harvest_upsales.domain.upsales_side import NO_ORDERS, ProjectOrders
from harvest_upsales.records.harvest_records import Project


def drifted(
    harvest: Mapping[int, Uninvoiced], upsales: Mapping[int, ProjectOrders], *, by_month: bool
) -> set[int]:
    """Projects whose value in Upsales is not Harvest's: something changed that left no update behind, or is new.

    :param by_month: every month has its own opportunity
    """
    differs = _differs_by_month if by_month else _differs_by_project
    unreported = {
        project_id
        for project_id, ours in upsales.items()
        if project_id not in harvest and ours.open and any(row.amount for row in ours.live_rows)
    }
    return unreported | {
        project_id
        for project_id, theirs in harvest.items()
        if differs(theirs, upsales.get(project_id, NO_ORDERS))
    }


def hours_apart(
    harvest: Mapping[int, Uninvoiced], upsales: Mapping[int, ProjectOrders], *, by_month: bool
) -> set[int]:
    """Projects whose hours in Upsales are not Harvest's: time without a rate, or at a rate of 0, shows in no amount,
    nor does a new price for other hours.

    Those of fixed fees, whose row is one fee, and of projects that are not billed are among them: see
    :func:`only_hourly`.
    """
    unreported = {
        project_id
        for project_id, ours in upsales.items()
        if project_id not in harvest and ours.open and any(row.quantity for row in ours.live_rows)
    }
    return unreported | {
        project_id
        for project_id, theirs in harvest.items()
        if _hours_are_apart(theirs, upsales.get(project_id, NO_ORDERS), by_month=by_month)
    }


def _hours_are_apart(theirs: Uninvoiced, ours: ProjectOrders, *, by_month: bool) -> bool:
    """What is lost keeps its hours, and may get more. By project, the same goes for what is won or settled."""
    if ours.lost or (not by_month and not ours.open and (ours.won or ours.settled)):
        return False
    return not theirs.has_hours(exact_sum(row.quantity for row in ours.live_rows))


def only_hourly(project_ids: Collection[int], projects: Iterable[Project]) -> set[int]:
    """Those of the projects that sell their hours at all.

    :param projects: all of the account's
    """
    return {
        project.id
        for project in projects
        if project.id in project_ids and not project.is_fixed_fee and why_not_billed(project) is None
    }


def _differs_by_project(theirs: Uninvoiced, ours: ProjectOrders) -> bool:
    """A project that has no more than a won, a settled or a lost order is settlement's or people's business."""
    decided = ours.won or ours.settled or ours.lost
    if not ours.open and (decided or not theirs.hours):
        return False
    if not theirs.priced:
        return True
    value = ours.live_value(theirs.currency)
    return not (_is_but_a_fee(theirs, value, value) or theirs.agrees_with(value))


def _differs_by_month(theirs: Uninvoiced, ours: ProjectOrders) -> bool:
    """That a month's order is won, settled or lost says nothing of the other months' time."""
    if not ours.open and not theirs.hours:
        return False
    if not theirs.priced:
        return True
    value, with_lost = ours.live_value(theirs.currency), ours.value_with_lost(theirs.currency)
    return not (_is_but_a_fee(theirs, value, with_lost) or agrees_beside_lost(theirs, ours))


def _is_but_a_fee(theirs: Uninvoiced, live_value: Decimal, all_value: Decimal) -> bool:
    """Whether the sums differ by the nature of a fixed fee, so that looking at the project again would change nothing.

    The opportunity sells the whole fee, and would again: that some is invoiced is for people to look at. And the report
    has the fee also where no time is tracked on the project.

    :param live_value: of the live orders' rows
    :param all_value: of all rows that Harvest's amount is compared with
    """
    return theirs.leaves_part_of(live_value) or not (theirs.hours or all_value)


def agrees_beside_lost(theirs: Uninvoiced, ours: ProjectOrders) -> bool:
    """Whether Harvest's amount is that of the live orders and of the lost ones, whatever time those months have now.

    A lost month keeps its uninvoiced time, and may get more: nobody wants an opportunity for it again.
    """
    if theirs.lost is None:
        return theirs.agrees_with(ours.value_with_lost(theirs.currency))
    return theirs.beside_lost.agrees_with(ours.live_value(theirs.currency))


def lost_to_look_at(
    harvest: Mapping[int, Uninvoiced], upsales: Mapping[int, ProjectOrders]
) -> dict[int, tuple[Month, ...]]:
    """Lost months of projects whose sums differ, by project id: their time may have changed since they were lost."""
    return {
        project_id: upsales[project_id].lost_months
        for project_id in drifted(harvest, upsales, by_month=True)
        if project_id in harvest
        and harvest[project_id].priced
        and project_id in upsales
        and upsales[project_id].lost_months
    }

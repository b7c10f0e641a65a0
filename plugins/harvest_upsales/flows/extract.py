"""Find what a run has to take up: changed time, drifted sums, won and reopened orders."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, replace

from msgspec import Struct

from harvest_upsales.api.moving_lists import reread_if_moved
from harvest_upsales.domain import setup_checks
from harvest_upsales.domain.changes import ChangedTime, IdleProject, not_billed
from harvest_upsales.domain.drift import drifted, hours_apart, only_hourly
from harvest_upsales.domain.window import Window
from harvest_upsales.flows.check_setup import confirm_before_writing
from harvest_upsales.flows.orders_to_settle import OrderToSettle, orders_to_settle, split_reopened
from harvest_upsales.flows.overview import Overview, live_keys, live_with_time, read_overview
from harvest_upsales.flows.services import Services
from harvest_upsales.flows.setup_memory import confirm_remembered


class Batch(Struct, frozen=True):
    """Projects that one mapped upsert task takes up."""

    label: str
    project_ids: list[int]


@dataclass(frozen=True, slots=True)
class Extract:
    """What ``extract_time`` found.

    :param batches: the projects to compute whole, in batches
    :param orders: won orders to settle, and reopened ones to undo
    :param reopened: invoiced orders below 100 per cent that are only reported
    :param overview: both sides as they were read
    :param idle: projects that make no opportunity, or whose changed time makes none, and why
    """

    batches: tuple[Batch, ...]
    orders: tuple[OrderToSettle, ...]
    reopened: tuple[OrderToSettle, ...]
    overview: Overview
    idle: tuple[IdleProject, ...]

    def others_of(self, order_id: int) -> tuple[int, ...]:
        """Other orders with an order's key: one of them is a copy."""
        for orders in self.overview.orders.values():
            ids = {order.id for order in orders}
            if order_id in ids:
                return tuple(sorted(ids - {order_id}))
        return ()


def extract(
    services: Services, window: Window, only: Collection[int] = (), *, most_batches: int | None = None
) -> Extract:
    """Find the projects and orders that this run takes up.

    :param window: where changes are looked for
    :param only: take up these projects alone
    :param most_batches: batches are made larger than ``batch_size`` where there would be more
    :raises SettingsError: a setting names something Upsales does not have, or ``opportunity_per`` was switched
    """
    # Read before the orders and the sums: what is saved in between shows in one of them, or in the next window.
    changed = None if window.everything or only else _changed_time(services, window)
    whole_history = window.everything or window.whole_history
    overview = read_overview(services, whole_history=whole_history, changed=changed)
    setup_checks.check_one_mode(services.settings, live_keys(overview, services.fields))
    setup_checks.check_one_product(services.settings, live_with_time(overview, services.fields))
    touched = _touched(services, changed, overview, only, whole_history=whole_history)
    # Which hours stand in no row takes the list of projects: it is there at night, and worth it in a first run.
    if not only and (overview.whole or not overview.orders):
        apart = hours_apart(overview.harvest, overview.upsales, by_month=services.settings.by_month) - touched
        if apart and not overview.projects:
            overview = replace(overview, projects=services.harvest.projects())
        touched |= only_hourly(apart, overview.projects)
    orders = orders_to_settle(services, overview, only, whole_history=whole_history)
    if touched or orders:
        # Any project may need a new opportunity: a month's, or one of another kind than it has.
        confirm_remembered(services, creates=bool(touched), settles=bool(orders))
        confirm_before_writing(services.upsales, services.settings)
    taken_up, reopened = split_reopened(orders, services.settings)
    return Extract(
        batches=_batches(sorted(touched), services.settings.batch_size, most_batches),
        orders=taken_up,
        reopened=reopened,
        overview=overview,
        idle=_idle(changed, overview, touched, only),
    )


def _looks_at_all(services: Services, changed: ChangedTime | None, *, whole_history: bool) -> bool:
    """Whether every project with time is looked at: neither approving time nor moving it to another month changes a
    sum of Harvest's report, so nothing short of that will do.
    """
    by_month_at_night = services.settings.by_month and whole_history
    return changed is None or services.settings.approved_time_only or by_month_at_night


def _touched(
    services: Services,
    changed: ChangedTime | None,
    overview: Overview,
    only: Collection[int],
    *,
    whole_history: bool,
) -> set[int]:
    if only:
        return set(only)
    touched = drifted(overview.harvest, overview.upsales, by_month=services.settings.by_month)
    if _looks_at_all(services, changed, whole_history=whole_history):
        touched |= {project_id for project_id, ours in overview.upsales.items() if ours.open}
        touched |= overview.with_time
    return touched if changed is None else touched | changed.projects()


def _idle(
    changed: ChangedTime | None, overview: Overview, touched: Collection[int], only: Collection[int]
) -> tuple[IdleProject, ...]:
    """Projects whose changed time makes no opportunity; where the projects were listed, also those that are not billed:
    all of them in a run over the whole history, else those that have time. Whatever is taken up is told of there.
    """
    found = {each.project_id: each for each in (changed.idle() if changed else ())}
    for each in not_billed(overview.projects):
        if each.project_id not in touched and (overview.whole or each.project_id in overview.with_time):
            found[each.project_id] = each
    return tuple(each for project_id, each in sorted(found.items()) if not only or project_id in only)


def _changed_time(services: Services, window: Window) -> ChangedTime:
    def read() -> ChangedTime:
        entries = services.harvest.time_entries(
            updated_since=window.updated_since, from_=window.spent_from, to=window.spent_to
        )
        return ChangedTime.of(entries, approved_only=services.settings.approved_time_only)

    return reread_if_moved(read)


def _batches(project_ids: list[int], size: int, most: int | None) -> tuple[Batch, ...]:
    if most is not None:
        size = max(size, math.ceil(len(project_ids) / most))
    parts = [project_ids[i : i + size] for i in range(0, len(project_ids), size)]
    return tuple(
        Batch(label=f"batch {number} of {len(parts)}: {len(part)} projects", project_ids=part)
        for number, part in enumerate(parts, start=1)
    )

"""No more time on an invoiced project: settlement's step 3, and by month the nights after the project's end."""

from __future__ import annotations

from msgspec import Struct

from harvest_upsales.domain import settlement
from harvest_upsales.domain.money import exact_sum
from harvest_upsales.domain.orders import Place, key_of, place_of
from harvest_upsales.domain.settlement import WonOrder
from harvest_upsales.domain.uninvoiced_time import describe
from harvest_upsales.errors import RejectedError, SettlementHeldError
from harvest_upsales.flows.invoice_search import read_order
from harvest_upsales.flows.progress import Progress
from harvest_upsales.flows.reading import read_time
from harvest_upsales.flows.services import Services
from harvest_upsales.records.harvest_records import Project


def close_project(progress: Progress, won: WonOrder) -> bool:
    """Archive the order's project where the settings and its time allow it.

    :return: whether the project is archived now
    :raises SettlementHeldError: Harvest refuses
    """
    services = progress.services
    time_left = won.key.month is not None and _has_time_left(services, won.project)
    if not settlement.may_archive(won, services.settings, today=services.today, time_left=time_left):
        return not won.project.is_active
    if progress.dry_run:
        progress.note("would archive the project")
        return False
    project = _archive(services, won.project)
    progress.note("archived the project")
    return not project.is_active


def _archive(services: Services, project: Project) -> Project:
    harvest = services.harvest

    def look_up() -> Project | None:
        now = harvest.project(project.id)
        return None if now.is_active else now

    try:
        return services.write_once(lambda: harvest.set_project_active(project.id, False), look_up)
    except RejectedError as error:
        msg = f"{describe(project)}: Harvest does not archive it ({error.message}). Correct that there, then retry."
        raise SettlementHeldError(msg) from error


def _has_time_left(services: Services, project: Project) -> bool:
    """Hours that an invoice could bill, as Harvest's report counts them, or a timer that will bring some."""
    entries = [e for e in read_time(services.harvest, project.id, is_billed=False) if e.billable]
    hours = exact_sum(entry.rounded_hours for entry in entries)
    return bool(hours) or any(entry.is_running for entry in entries)


class Closed(Struct, frozen=True):
    """What came of a project whose last month was settled before its end.

    :param order_id: of its newest settled order
    :param done: empty where the project has to stay open after all
    """

    order_id: int
    project: str = ""
    done: tuple[str, ...] = ()


def close_ended_project(services: Services, order_id: int, *, dry_run: bool = False) -> Closed:
    """Archive the project of a settled month, now that its end has passed and no time is left.

    :raises SettlementHeldError: Harvest refuses
    """
    order = read_order(services, order_id)
    key = key_of(order, services.fields)
    if (
        key is None
        or key.account_id != services.account_id
        or place_of(order, services.fields) is not Place.SETTLED
    ):
        return Closed(order_id)
    project = services.harvest.project(key.project_id)
    name = project.full_name
    is_wanted = services.settings.archive_invoiced_projects and project.is_active and key.month is not None
    time_left = _has_time_left(services, project)
    if not is_wanted or not settlement.is_over(project, today=services.today, time_left=time_left):
        return Closed(order_id, name)
    if dry_run:
        return Closed(order_id, name, ("would archive the project, which has ended",))
    _archive(services, project)
    return Closed(order_id, name, ("archived the project, which has ended",))

"""Settlement's step 3: no more time on an invoiced project."""

from __future__ import annotations

from harvest_upsales.domain import settlement
from harvest_upsales.domain.settlement import WonOrder
from harvest_upsales.domain.uninvoiced_time import describe
from harvest_upsales.errors import RejectedError, SettlementHeldError
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
    time_left = won.key.month is not None and _has_time_left(services, won)
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
        msg = f"{describe(project)}: Harvest does not archive it ({error.message}). Mend that there, then retry."
        raise SettlementHeldError(msg) from error


def _has_time_left(services: Services, won: WonOrder) -> bool:
    entries = read_time(services.harvest, won.project.id, is_billed=False)
    return any(entry.billable for entry in entries)

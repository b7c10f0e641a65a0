"""The product's own reading of the first projects' time, down to order rows. ``python ours.py URL PROJECTS``."""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path

from airflow.sdk import DAG, BaseOperator, Variable  # noqa: F401 - a task has these loaded before ours begins

sys.path.insert(0, str(Path(__file__).parent))

from stopwatch import Stopwatch, memory_mb

SDK_MB = memory_mb("VmRSS")

import requests  # noqa: E402

from harvest_upsales.api.harvest_api import HarvestClient  # noqa: E402
from harvest_upsales.api.rate_limit import HARVEST_LIMITS, RateLimiter  # noqa: E402
from harvest_upsales.api.transport import Transport  # noqa: E402
from harvest_upsales.domain.pricing import rows_of_time  # noqa: E402
from harvest_upsales.flows.reading import read_uninvoiced_time  # noqa: E402
from harvest_upsales.records.harvest_records import Project, ProjectClient  # noqa: E402
from harvest_upsales.settings import Settings  # noqa: E402

FIRST_PROJECT = 14307000
# Time entries are listed in the notes, as they are by default.
SETTINGS = Settings(default_user_id=1, default_stage_id=2, default_product_id=3)


def session() -> requests.Session:
    made = requests.Session()
    made.trust_env = False
    return made


def main(base: str, projects: int) -> None:
    transport = Transport(
        session(),
        f"{base}/v2",
        service="Harvest",
        limiter=RateLimiter(HARVEST_LIMITS),
        more_sessions=session,
    )
    harvest = HarvestClient(transport, "1")
    ids = range(FIRST_PROJECT, FIRST_PROJECT + projects)
    watch = Stopwatch()
    found = read_uninvoiced_time(harvest, ids, SETTINGS)
    hours, amount, entries = Decimal(0), Decimal(0), 0
    for project_id, time in found.items():
        entries += time.number
        rows = rows_of_time(_project(project_id), time)
        hours += sum((row.quantity for row in rows), Decimal(0))
        amount += sum((row.amount for row in rows), Decimal(0))
    watch.report(
        entries=entries, hours=hours, amount=amount, sdk_mb=SDK_MB, waited_s=transport.stats.waited_s
    )


def _project(project_id: int) -> Project:
    client = ProjectClient(id=1, name="Kund", currency="SEK")
    return Project(
        id=project_id, name="Projekt", client=client, is_active=True, is_billable=True, bill_by="Project"
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

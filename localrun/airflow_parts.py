"""Airflow's parts as processes of their own: API server, scheduler, DAG processor, triggerer.

``airflow standalone`` starts the same four, in one more process, and does not end their whole tree on Ctrl-C.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from localrun.airflow_api import AirflowApi
from localrun.airflow_home import USER, AirflowHome
from localrun.processes import Programs

AIRFLOW = str(Path(sys.executable).with_name("airflow"))
POOL = "upsales_writes"
# The log server, on a fixed port, is for machines apart; here everybody reads the same folder.
PARTS = {
    "api-server": ("api-server",),
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
    "triggerer": ("triggerer", "--skip-serve-logs"),
}
MIGRATE_TIMEOUT_S = 120
START_TIMEOUT_S = 120


def migrate(programs: Programs, home: AirflowHome) -> None:
    """Make the metadata database."""
    command = [AIRFLOW, "db", "migrate"]
    programs.run("db-migrate", command, home.environment(), folder=home.folder, timeout_s=MIGRATE_TIMEOUT_S)


def start(
    programs: Programs, home: AirflowHome, dag_ids: Iterable[str], *, with_pool: bool = True
) -> AirflowApi:
    """Start all parts, and wait until they are well and have read the DAGs.

    :param with_pool: make the pool of the writers, too
    :raises ProgramError: a part ended, or was not ready in time
    :raises ApiError: a DAG file does not load
    """
    environment = home.environment()
    for name, arguments in PARTS.items():
        command = [AIRFLOW, *arguments]
        # The triggerer takes ten seconds to end, and triggers only read.
        only_reads = name == "triggerer"
        programs.start(name, command, environment, folder=home.folder, killed_at_once=only_reads)
    api = AirflowApi(home.url, USER, home.password)
    programs.wait_until(api.is_healthy, "Airflow was", START_TIMEOUT_S)
    api.log_in()
    if with_pool:
        api.make_pool(POOL, 1)
    wanted = sorted(dag_ids)
    programs.wait_until(
        lambda: all(map(api.has_dag, wanted)), f"The DAGs were read ({wanted})", START_TIMEOUT_S
    )
    return api

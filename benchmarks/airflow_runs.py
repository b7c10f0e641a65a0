"""What Airflow's own scheduling takes: a run with nothing to do beside empty tasks, and one mapped instance more.

Airflow's real parts on SQLite, as in ``make run``; the runs take turns, so that a busy moment meets both.
"""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from benchmarks.page import PageTimes, page_times
from localrun import airflow_parts, sandbox_link
from localrun.airflow_api import AirflowApi, TaskInstance
from localrun.airflow_home import ROOT, AirflowHome
from localrun.processes import Programs
from localrun.story import DAG_ID

EMPTY, BATCHES = "empty_tasks", "empty_batches"
MAPPED = (1, 11, 31)
TIMEOUT_S = 300


@dataclass(frozen=True)
class Ran:
    """The median of one DAG's runs.

    :param run_s: from the run's start to its end
    :param task_s: the same of all of its task instances together
    """

    name: str
    instances: int
    run_s: float
    task_s: float


@dataclass(frozen=True)
class AirflowRuns:
    """All that was measured of one Airflow.

    :param quiet: the product's run with nothing to do, then the same DAG with empty tasks
    :param mapped: empty mapped instances one after the other, by their number
    """

    quiet: tuple[Ran, ...]
    mapped: tuple[Ran, ...]
    page: PageTimes

    @property
    def one_more_s(self) -> float:
        """What each further mapped instance costs."""
        few, many = self.mapped[0], self.mapped[-1]
        return (many.run_s - few.run_s) / (many.instances - few.instances)


def airflow_runs(rounds: int) -> AirflowRuns:
    """Measure both."""
    with _airflow() as (api, programs):

        def ran(dag_id: str, run_id: str) -> Ran:
            state = api.wait_for_run(dag_id, run_id, timeout_s=TIMEOUT_S, each_time=programs.check)
            if state != "success":
                msg = f"The run {run_id} of {dag_id} ended as {state}"
                raise RuntimeError(msg)
            run = api.run(dag_id, run_id)
            assert run.start_date is not None
            assert run.end_date is not None
            done = [task for task in api.task_instances(dag_id, run_id) if task.state == "success"]
            return Ran(dag_id, len(done), _seconds(run.start_date, run.end_date), sum(map(_task_s, done)))

        # After the hour in which the whole history is compared.
        first_hour = dt.datetime.combine(_days_ago(1), dt.time(4), dt.UTC)

        def hourly(hour: int) -> str:
            start = first_hour + dt.timedelta(hours=hour)
            return api.trigger_interval(DAG_ID, start, start + dt.timedelta(hours=1))

        ran(DAG_ID, api.trigger(DAG_ID))
        # The second takes over what the first one's check found, as every further one does.
        ran(DAG_ID, hourly(0))
        ran(EMPTY, api.trigger(EMPTY))
        ours, empty = [], []
        for number in range(1, rounds + 1):
            ours.append(ran(DAG_ID, hourly(number)))
            empty.append(ran(EMPTY, api.trigger(EMPTY)))
        mapped = [
            [ran(BATCHES, api.trigger(BATCHES, number=number)) for number in MAPPED] for _ in range(rounds)
        ]
        page = page_times(api)
    return AirflowRuns((_median(ours), _median(empty)), tuple(map(_median, zip(*mapped, strict=True))), page)


def _median(runs: tuple[Ran, ...] | list[Ran]) -> Ran:
    return Ran(
        runs[0].name, runs[0].instances,
        median(run.run_s for run in runs), median(run.task_s for run in runs),
    )  # fmt: skip


@contextmanager
def _airflow() -> Iterator[tuple[AirflowApi, Programs]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        dags = folder / "dags"
        dags.mkdir()
        for file in (ROOT / "dags" / "harvest_upsales.py", Path(__file__).parent / "dags" / "empty_tasks.py"):
            shutil.copy(file, dags)
        home = AirflowHome(folder / "home", dags=dags)
        home.create()
        with Programs(home.logs) as programs:
            # In these hours nothing was saved.
            addresses = sandbox_link.start(programs, home.environment(), "--today", str(_days_ago(7)))
            home = replace(home, own=sandbox_link.connections(addresses))
            airflow_parts.migrate(programs, home)
            yield airflow_parts.start(programs, home, [DAG_ID, EMPTY, BATCHES]), programs


def _days_ago(days: int) -> dt.date:
    return dt.datetime.now(dt.UTC).date() - dt.timedelta(days=days)


def _task_s(task: TaskInstance) -> float:
    assert task.start_date is not None
    assert task.end_date is not None
    return _seconds(task.start_date, task.end_date)


def _seconds(start: dt.datetime, end: dt.datetime) -> float:
    return (end - start).total_seconds()

"""Peak memory of each task's own process: ``python -m benchmarks.task_memory [PROJECTS [ENTRIES_EACH]]``.

Airflow's real scheduler runs the product's DAG against the sandbox: a first sync of the whole account, a run after each
project got more time, which reads every opportunity whole, one that settles an order, and one over the time of all
years. The same with an account of three projects shows what Airflow itself takes. The sizes that are the default take
half an hour, and 3 KB of memory an entry for the sandbox.
"""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from localrun import airflow_parts
from localrun.airflow_home import AirflowHome
from localrun.processes import Programs, interrupt_on_signals
from localrun.sandbox_link import DEMO_SETTINGS, Addresses, connections
from sandbox.minimal import STAGE_WON
from sandbox.server import SandboxServer
from sandbox.world import World

DAG_ID = "task_memory"
DAGS = Path(__file__).with_name("dags")
PROJECTS, ENTRIES_EACH = 3_000, 167
NOTE = "Workshop with the customer about the new order flow; wrote up the decisions and the open questions."
DAY = dt.timedelta(days=1)
RUN_TIMEOUT_S = 3 * 3600
BOUND_MB = 400


@dataclass(frozen=True)
class Measured:
    """One account.

    :param peaks_mb: by task, the largest of its mapped instances and of all runs
    :param xcom_kb: the largest single XCom, by task
    :param left: files at the staging place after all runs, but for the counts of requests
    """

    projects: int
    entries: int
    peaks_mb: dict[str, float]
    xcom_kb: dict[str, float]
    left: list[str]


def measure(projects: int, entries_each: int) -> Measured:
    """All runs over one account."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="harvest-upsales-memory-")))
        world = World.new(dt.datetime.now(dt.UTC).date())
        # The first page then says how many there are; a batch is soon told that its projects are fewer.
        world.harvest.paging = "numbers"
        made = list(_account(world, projects, entries_each))
        server = stack.enter_context(SandboxServer(world, rate_limits=False))
        taken = folder / "taken.jsonl"
        addresses = Addresses(server.harvest_url, server.upsales_url, server.control_url)
        own = {**connections(addresses, settings=DEMO_SETTINGS), "TASK_MEMORY_FILE": str(taken)}
        home = AirflowHome(folder / "home", dags=DAGS, own=own)
        home.create()
        programs = stack.enter_context(Programs(home.logs))
        airflow_parts.migrate(programs, home)
        api = airflow_parts.start(programs, home, [DAG_ID])

        def run(**params: str) -> None:
            run_id = api.trigger(DAG_ID, **params)
            state = api.wait_for_run(DAG_ID, run_id, timeout_s=RUN_TIMEOUT_S, each_time=programs.check)
            if state != "success":
                raise SystemExit(f"the run ended as {state}; it was to be measured, not mended")

        run()
        for project in made:
            world.harvest.add_time(project, world.today - DAY, "1.5", notes=NOTE)
        run()
        world.billing.delay_s = 0
        with world.clock.frozen(world.clock.now() - dt.timedelta(hours=1)):
            world.upsales.move(min(world.upsales.orders), STAGE_WON)
        run()
        # As a backfill of all years: every entry is looked for in its opportunity's notes.
        run(start_date=str(world.today - 800 * DAY), end_date=str(world.today))
        staging = home.folder / "harvest_upsales_staging"
        left = [str(path) for path in staging.rglob("*") if not path.name.startswith("requests-")]
        return Measured(projects, projects * entries_each, _peaks(taken), _xcoms(home.database), left)


def _account(world: World, projects: int, entries_each: int) -> Iterator[int]:
    """Clients with four projects each; their time reaches back two years, a day's work at a time."""
    client = 0
    for number in range(projects):
        if number % 4 == 0:
            name = f"Kund {number // 4} i Norden AB"
            client = world.harvest.add_client(name)
            world.upsales.add_company(name)
        project = world.harvest.add_project(client, f"Projekt {number}", hourly_rate=1000 + number % 500)
        for entry in range(entries_each):
            day = world.today - (1 + entry * 700 // entries_each) * DAY
            world.harvest.add_time(project, day, "7.25", notes=NOTE)
        yield project


def _peaks(taken: Path) -> dict[str, float]:
    peaks: dict[str, float] = {}
    for line in taken.read_text(encoding="utf-8").splitlines():
        one = json.loads(line)
        peaks[one["task_id"]] = max(peaks.get(one["task_id"], 0.0), one["peak_mb"])
    return peaks


def _xcoms(database: Path) -> dict[str, float]:
    with closing(sqlite3.connect(database)) as opened:
        found = opened.execute("SELECT task_id, MAX(LENGTH(value)) FROM xcom GROUP BY task_id").fetchall()
    return {task_id: length / 1000 for task_id, length in found}


def report(small: Measured, large: Measured) -> str:
    """A Markdown table of both accounts."""
    lines = [
        f"| task | {small.projects} projects, MB | {large.projects:,} projects, {large.entries:,} entries, MB "
        "| largest XCom, KB |",
        "| --- | --- | --- | --- |",
    ]
    for task, peak in large.peaks_mb.items():
        before, xcom = small.peaks_mb.get(task, 0.0), large.xcom_kb.get(task, 0.0)
        lines.append(f"| `{task}` | {before:.0f} | {peak:.0f} | {xcom:.0f} |")
    return "\n".join(lines)


def main(arguments: list[str]) -> None:
    interrupt_on_signals()
    projects, entries_each = [*map(int, arguments), *(PROJECTS, ENTRIES_EACH)[len(arguments) :]]
    small, large = measure(3, 5), measure(projects, entries_each)
    print(report(small, large), flush=True)
    if large.left:
        raise SystemExit(f"left at the staging place: {large.left}")
    over = {task: peak for task, peak in large.peaks_mb.items() if peak > BOUND_MB}
    if over:
        raise SystemExit(f"more than {BOUND_MB} MB: {over}")


if __name__ == "__main__":
    main(sys.argv[1:])

"""The demo: tracked time becomes opportunities, a salesperson wins two, and they are invoiced, closed and billed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from localrun import airflow_parts, sandbox_link
from localrun.airflow_api import AirflowApi
from localrun.airflow_home import AirflowHome
from localrun.checks import Check, check_demo, files_with
from localrun.failures import check_run
from localrun.ledger import Books, Opportunity, read_books
from localrun.processes import Programs
from localrun.progress import Progress
from localrun.sandbox_link import Sandbox
from localrun.summary import demo_table
from sandbox.minimal import STAGE_WON

DAG_ID = "harvest_upsales"
RUN_TIMEOUT_S = 300
# A timer runs on it, so settling it would be refused; people see that in `make up`.
WITH_TIMER = "NK-058"


@dataclass(frozen=True)
class Story:
    """What came of it."""

    after_first: Books
    after_second: Books
    moved: tuple[int, ...]
    earlier_invoices: int
    violations: int
    requests: tuple[str, ...]


def tell(progress: Progress, folder: Path) -> int:
    """The demo from start to end.

    :return: the exit code: 0 only where all is as it should be
    """
    with Programs(folder / "logs") as programs:
        home = AirflowHome(folder)
        home.create()
        with progress.phase("Set-up") as phase:
            addresses = sandbox_link.start(programs, home.environment())
            home = replace(home, own=sandbox_link.connections(addresses))
            airflow_parts.migrate(programs, home)
            phase.told = "metadata database, connections, settings; both services in a sandbox"
        with progress.phase("Airflow starts") as phase:
            api = airflow_parts.start(programs, home, [DAG_ID])
            phase.told = "scheduler, DAG processor, triggerer, API server; pool upsales_writes"
        story = _play(progress, programs, home, api, Sandbox(addresses))
        with progress.phase("Airflow stops"):
            programs.stop()
    return _judge(progress, story, home)


def run_once(programs: Programs, home: AirflowHome, api: AirflowApi) -> str:
    """One manual run through the scheduler.

    :return: the run's id
    :raises RunFailedError: it did not succeed
    """
    run_id = api.trigger(DAG_ID)
    state = api.wait_for_run(DAG_ID, run_id, timeout_s=RUN_TIMEOUT_S, each_time=programs.check)
    check_run(api, home.logs, DAG_ID, run_id, state)
    return run_id


def _play(
    progress: Progress, programs: Programs, home: AirflowHome, api: AirflowApi, sandbox: Sandbox
) -> Story:
    earlier = len(sandbox.state("harvest", "invoices"))
    with progress.phase("First run") as phase:
        run_once(programs, home, api)
        first = read_books(sandbox)
        phase.told = f"{len(first.opportunities)} opportunities from tracked time"
    asked = len(sandbox.journal())
    with progress.phase("A salesperson") as phase:
        moved = choose(first)
        for opportunity in moved:
            sandbox.act("move_order", order_id=opportunity.order_id, stage_id=STAGE_WON)
        phase.told = " and ".join(f"order {o.order_id} ({o.code})" for o in moved) + " won"
    with progress.phase("Second run") as phase:
        run_once(programs, home, api)
        second = read_books(sandbox)
        settled = [o for o in second.won if o.invoice and o.document]
        phase.told = f"{len(settled)} won orders invoiced, closed and taken by the billing app"
    return Story(
        after_first=first,
        after_second=second,
        moved=tuple(o.order_id for o in moved),
        earlier_invoices=earlier,
        violations=len(sandbox.violations()),
        requests=tuple(_requests(sandbox, asked)),
    )


def choose(books: Books) -> Sequence[Opportunity]:
    """Two to win: the first project billed by the hour, and the first with a fixed fee."""
    candidates = [o for o in books.opportunities if o.code != WITH_TIMER and not o.is_archived]
    by_project = sorted(candidates, key=lambda o: o.project_id)
    return [next(o for o in by_project if o.is_fixed_fee is fixed) for fixed in (False, True)]


def _requests(sandbox: Sandbox, asked: int) -> Sequence[str]:
    """How many requests each run took; those for the books are the demo's own, all of them reads of the report."""
    journal = sandbox.journal()
    lines = []
    for name, entries in (("first", journal[:asked]), ("second", journal[asked:])):
        reads = sum(not entry["is_write"] for entry in entries) - 1
        writes = sum(entry["is_write"] for entry in entries)
        lines.append(f"{name} run {reads} reads and {writes} writes")
    return lines


def _judge(progress: Progress, story: Story, home: AirflowHome) -> int:
    checks = check_demo(story.after_first, story.after_second, story.moved, story.earlier_invoices)
    checks.append(Check("the sandbox had nothing to refuse", story.violations == 0))
    leaks = files_with(sandbox_link.SECRETS, home.folder)
    checks.append(Check("no token in any log or in the metadata database", not leaks))
    progress.say(f"\n{demo_table(story.after_second)}\n")
    for check in checks:
        progress.say(f"{'✓' if check.holds else '✗ FAILED:'} {check.what}")
    for leak in leaks:
        progress.say(f"  {leak}")
    progress.say(f"\nRequests: {'; '.join(story.requests)}")
    phases = ", ".join(f"{phase.name} {phase.took_s:.1f}" for phase in progress.phases)
    progress.say(f"Seconds: {progress.total_s:.1f} ({phases})")
    return 0 if all(check.holds for check in checks) else 1

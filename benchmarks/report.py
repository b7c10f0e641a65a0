"""The figures as Markdown tables, and their place in docs/performance.md."""

from __future__ import annotations

import datetime as dt
import platform
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from benchmarks.airflow_runs import AirflowRuns
from benchmarks.airflow_share import Imported
from benchmarks.extraction import BATCH, FLOOR_REQUESTS, OURS, ROOT, TAP, Taken
from benchmarks.first_sync import FirstSync
from benchmarks.page import PageTimes
from benchmarks.requests_counted import Counted

PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def machine() -> str:
    """What it was measured on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    cpu = next(models, platform.processor())
    cores = Path("/proc/cpuinfo").read_text().count("processor\t")
    load = Path("/proc/loadavg").read_text().split()[0]
    today = dt.datetime.now(dt.UTC).date()
    return (
        f"Measured on {today}: {cores} cores ({cpu}), Linux {platform.release()}, Python {platform.python_version()}; "
        f"load of the machine at the end {load}."
    )


def extraction(found: Sequence[Taken]) -> str:
    """Ours beside the others."""
    head = ("program", "wait", "wall s", "CPU s", "memory above start, MB", "requests", "429s", "× ours")
    ours = {taken.wait_ms: taken.wall_s for taken in found if taken.name == OURS}
    rows = [
        (
            taken.name, f"{taken.wait_ms} ms", f"{taken.wall_s:.2f}", f"{taken.cpu_s:.2f}", f"{taken.over_mb:.0f}",
            str(taken.requests), str(taken.refused), f"{taken.wall_s / ours[taken.wait_ms]:.1f}",
        )
        for taken in sorted(found, key=lambda taken: (taken.wait_ms, taken.wall_s))
    ]  # fmt: skip
    return table(head, rows)


def growth(found: Sequence[Taken]) -> str:
    """Ours by the number of entries: all projects in one batch, and the batch of 100 that a run takes at a time."""
    head = ("entries of the account", "read for", "wait", "wall s",
            "waiting for the limit, s, all connections together", "CPU s",
            "memory above the SDK, MB", "requests", "429s")  # fmt: skip
    rows = [
        (f"{t.of_account:,}", "100 projects" if t.name == BATCH else "all 600", f"{t.wait_ms} ms", f"{t.wall_s:.2f}",
         f"{t.waited_s:.1f}", f"{t.cpu_s:.2f}", f"{t.over_mb:.0f}", str(t.requests), str(t.refused))
        for t in found
    ]  # fmt: skip
    return table(head, rows)


def counted(found: Sequence[Counted]) -> str:
    """Requests by scene and size."""
    head = ("run", "projects", "Harvest", "Upsales", "of them writes")
    rows = [(c.scene, f"{c.projects:,}", str(c.harvest), str(c.upsales), str(c.writes)) for c in found]
    return table(head, rows)


def synced(found: Sequence[FirstSync]) -> str:
    """The first sync beside what the limits impose."""
    head = ("projects", "takes, s", "of it waiting", "imposed by the limits on its writes, s", "ratio", "Harvest",
            "Upsales", "429s")  # fmt: skip
    rows = [
        (f"{f.projects:,}", f"{f.seconds:.0f}", f"{f.waited_s:.0f}", f"{f.bound_s:.0f}", f"{f.seconds / f.bound_s:.2f}",
         f"{f.harvest:,}", f"{f.upsales:,}", str(f.refused))
        for f in found
    ]  # fmt: skip
    return table(head, rows)


def imported(found: Sequence[Imported]) -> str:
    """Import times, and what takes them."""
    head = ("file", "above Airflow's SDK, ms", "slowest modules (ms, with what they import)")
    rows = [
        (each.what, f"{each.over_ms:.0f}", ", ".join(f"`{name}` {ms:.0f}" for name, ms in each.slowest[:5]))
        for each in found
    ]
    return table(head, rows)


def airflow_share(found: AirflowRuns) -> str:
    """Runs through the real scheduler."""
    head = ("run", "task instances", "from start to end, s", "its tasks together, s")
    ours, empty = found.quiet
    named = [
        ("the product's, with nothing to do", ours),
        ("the same DAG with empty tasks", empty),
        *((f"{ran.instances - 1} empty mapped instances in a pool of one slot", ran) for ran in found.mapped),
    ]
    rows = [(name, str(ran.instances), f"{ran.run_s:.1f}", f"{ran.task_s:.1f}") for name, ran in named]
    each = found.one_more_s
    return (
        f"{table(head, rows)}\n\nEach further mapped instance takes {each:.2f} s. A batch of 100 new projects takes at "
        f"least 5 s by Upsales' limit of 20 requests a second, so that Airflow's part is {each / (each + 5):.0%}; with "
        f"batches of 10 it would be {each / (each + 0.5):.0%}, and larger ones leave a retry more to do again."
    )


def page(found: PageTimes) -> str:
    """The board's answers."""
    head = ("board of", "first answer, ms", "later ones, ms", "nothing new (304), ms", "travels, kB")
    row = (f"{found.projects:,} projects", f"{found.first_ms:.0f}", f"{found.again_ms:.0f}",
           f"{found.unchanged_ms:.0f}", f"{found.travels_kb:.0f}")  # fmt: skip
    return table(head, [row])


Target = tuple[str, str, str, bool]
"""What it is about, the target, what was measured, and whether that is enough."""


def targets(
    found: Sequence[Taken],
    grown: Sequence[Taken],
    scenes: Sequence[Counted],
    syncs: Sequence[FirstSync],
    page: PageTimes,
) -> str:
    """Each target with the figure, and whether it is met."""
    ours = [taken for taken in (*found, *grown) if taken.name in (OURS, BATCH)]
    rows = [
        *_speed(found), _within_the_limit(ours), *_memory(ours), *_quiet_runs(scenes), *map(_first_sync, syncs),
        _page(page),
    ]  # fmt: skip
    head = ("what", "target", "measured", "met")
    return table(head, [(what, goal, is_, "yes" if met else "**no**") for what, goal, is_, met in rows])


def _speed(found: Sequence[Taken]) -> Iterator[Target]:
    """Beside the floor and tap-harvest, where they ran."""
    by = {(taken.name, taken.wait_ms): taken for taken in found}
    if (TAP, 0) not in by:
        return
    floor = by[OURS, 0].wall_s / by[FLOOR_REQUESTS, 0].wall_s
    cpu = by[OURS, 0].cpu_s / by[FLOOR_REQUESTS, 0].cpu_s
    measured = f"{floor:.2f} × (CPU {cpu:.2f} ×)"
    yield "beside the floor over the same HTTP library, 0 ms", "≤ 1.5 ×", measured, floor <= 1.5
    for wait_ms, least in ((0, 30), (150, 10)):
        times = by[TAP, wait_ms].wall_s / by[OURS, wait_ms].wall_s
        yield f"faster than tap-harvest, {wait_ms} ms", f"≥ {least} ×", f"{times:.1f} ×", times >= least


def _within_the_limit(ours: Sequence[Taken]) -> Target:
    most, refused = max(taken.most_in_window for taken in ours), sum(taken.refused for taken in ours)
    return "requests in any 15 s; 429s", "≤ 100; 0", f"{most}; {refused}", most <= 100 and refused == 0


def _memory(ours: Sequence[Taken]) -> Iterator[Target]:
    batches = [taken.over_mb for taken in ours if taken.name == BATCH]
    whole = max(taken.over_mb for taken in ours if taken.name == OURS)
    yield (
        "peak memory above the SDK, batches of 100 projects, any number of entries",
        "≤ 80 MB",
        f"{min(batches):.0f} to {max(batches):.0f} MB",
        max(batches) <= 80,
    )
    yield "the same with all 600 projects in one batch", "≤ 80 MB", f"{whole:.0f} MB", whole <= 80


def _quiet_runs(scenes: Sequence[Counted]) -> Iterator[Target]:
    """Of runs with nothing to do; a page has 2,000 orders."""
    quiet = [scene for scene in scenes if scene.scene == "nothing to do"]
    if quiet:
        asked = max(scene.harvest + scene.upsales - -(-scene.projects // 2000) for scene in quiet)
        writes = sum(scene.writes for scene in quiet)
        what = "requests of a run with nothing to do, but for the orders' pages; writes"
        yield what, "≤ 6; 0", f"{asked}; {writes}", asked <= 6 and not writes


def _first_sync(sync: FirstSync) -> Target:
    ratio = sync.seconds / sync.bound_s
    what = f"first sync of {sync.projects:,} projects beside what the limits impose; 429s"
    return what, "≤ 1.1 ×; 0", f"{ratio:.2f} ×; {sync.refused}", ratio <= 1.1 and not sync.refused


def _page(page: PageTimes) -> Target:
    what = f"the page with {page.projects:,} projects: first answer; later ones"
    quick = max(page.first_ms, page.again_ms) < 100
    return what, "< 100 ms", f"{page.first_ms:.0f} ms; {page.again_ms:.0f} ms", quick


def write(measured: str) -> None:
    """Put the figures where the page has a place for them."""
    page = PAGE.read_text()
    before, after = page[: page.index(BEGIN) + len(BEGIN)], page[page.index(END) :]
    PAGE.write_text(f"{before}\n\n{measured}\n\n{after}")

"""The figures as Markdown tables, and their place in docs/performance.md."""

from __future__ import annotations

import datetime as dt
import platform
from collections.abc import Iterable, Sequence
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


def targets(
    found: Sequence[Taken],
    grown: Sequence[Taken],
    scenes: Sequence[Counted],
    syncs: Sequence[FirstSync],
    page: PageTimes,
) -> str:
    """Each target with the figure, and whether it is met."""
    by = {(taken.name, taken.wait_ms): taken for taken in found}
    rows: list[tuple[str, str, str, bool]] = []
    if (TAP, 0) in by:
        floor = by[OURS, 0].wall_s / by[FLOOR_REQUESTS, 0].wall_s
        cpu = by[OURS, 0].cpu_s / by[FLOOR_REQUESTS, 0].cpu_s
        beside = f"{floor:.2f} × (CPU {cpu:.2f} ×)"
        tap, far = by[TAP, 0].wall_s / by[OURS, 0].wall_s, by[TAP, 150].wall_s / by[OURS, 150].wall_s
        rows += [
            ("beside the floor over the same HTTP library, 0 ms", "≤ 1.5 ×", beside, floor <= 1.5),
            ("faster than tap-harvest, 0 ms", "≥ 30 ×", f"{tap:.1f} ×", tap >= 30),
            ("faster than tap-harvest, 150 ms", "≥ 10 ×", f"{far:.1f} ×", far >= 10),
        ]  # fmt: skip
    every = [taken for taken in (*found, *grown) if taken.name in (OURS, BATCH)]
    most, refused = max(t.most_in_window for t in every), sum(t.refused for t in every)
    batches = [taken.over_mb for taken in grown if taken.name == BATCH]
    whole = max(taken.over_mb for taken in every if taken.name == OURS)
    rows += [
        ("requests in any 15 s; 429s", "≤ 100; 0", f"{most}; {refused}", most <= 100 and refused == 0),
        (
            "peak memory above the SDK, batches of 100 projects, any number of entries",
            "≤ 80 MB",
            f"{min(batches):.0f} to {max(batches):.0f} MB",
            max(batches) <= 80,
        ),
        ("the same with all 600 projects in one batch", "≤ 80 MB", f"{whole:.0f} MB", whole <= 80),
    ]
    quiet = [c for c in scenes if c.scene == "nothing to do"]
    if quiet:
        asked = max(c.harvest + c.upsales - -(-c.projects // 2000) for c in quiet)
        silent = not any(c.writes for c in quiet)
        rows.append(("requests of a run with nothing to do, but for the orders' pages; writes", "≤ 6; 0",
                     f"{asked}; {sum(c.writes for c in quiet)}", asked <= 6 and silent))  # fmt: skip
    for sync in syncs:
        ratio = sync.seconds / sync.bound_s
        rows.append((f"first sync of {sync.projects:,} projects beside what the limits impose; 429s", "≤ 1.1 ×; 0",
                     f"{ratio:.2f} ×; {sync.refused}", ratio <= 1.1 and not sync.refused))  # fmt: skip
    quick = max(page.first_ms, page.again_ms) < 100
    rows.append((f"the page with {page.projects:,} projects: first answer; later ones", "< 100 ms",
                 f"{page.first_ms:.0f} ms; {page.again_ms:.0f} ms", quick))  # fmt: skip
    head = ("what", "target", "measured", "met")
    return table(head, [(what, goal, is_, "yes" if met else "**no**") for what, goal, is_, met in rows])


def write(measured: str) -> None:
    """Put the figures where the page has a place for them."""
    page = PAGE.read_text()
    before, after = page[: page.index(BEGIN) + len(BEGIN)], page[page.index(END) :]
    PAGE.write_text(f"{before}\n\n{measured}\n\n{after}")

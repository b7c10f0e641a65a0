"""Measure everything: ``make bench``, or ``make bench ARGS=quick`` for small sizes, which leaves the page as it is."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks import report
from benchmarks.airflow_runs import airflow_runs
from benchmarks.airflow_share import imports
from benchmarks.charts import bars
from benchmarks.extraction import BATCH, OURS, Taken, compare, serving
from benchmarks.first_sync import first_sync
from benchmarks.requests_counted import scenes

DOCS = report.PAGE.parent
PROJECTS = 600


def main(arguments: list[str]) -> None:
    quick = "quick" in arguments
    entries, rounds, sizes = (
        (20_000, 1, (10_000, 50_000)) if quick else (100_000, 3, (10_000, 100_000, 500_000))
    )
    accounts, first_syncs = ((60,), (1_000,)) if quick else ((60, 600, 3_000), (1_000, 2_000))
    _say(f"Extraction of {entries:,} entries, {rounds} round(s)")
    with serving(entries, PROJECTS) as server:
        compared = compare(server, (0, 150), rounds)
    _say("Growth")
    grown: list[Taken] = []
    for size in sizes:
        with serving(size, PROJECTS) as server:
            grown += compare(server, (0, 150), 1, (OURS, BATCH))
    _say("Requests")
    counted = [each for projects in accounts for each in scenes(projects)]
    syncs = [first_sync(projects) for projects in first_syncs]
    _say("Imports")
    imported = imports()
    _say("Airflow's share")
    airflow = airflow_runs(1 if quick else 3)
    inexact = [taken.name for taken in (*compared, *grown) if taken.name in (OURS, BATCH) and not taken.exact]
    parts = [
        report.machine(),
        "### Targets",
        report.targets(compared, grown, counted, syncs, airflow.page),
        f"### Extraction, {entries:,} entries",
        report.extraction(compared),
        "![Extraction](extraction.svg)",
        "### Growth",
        report.growth(grown),
        "![Growth](growth.svg)",
        "### Requests",
        report.counted(counted),
        "### First sync under the enforced limits",
        report.synced(syncs),
        "### Imports",
        report.imported(imported),
        "### Airflow's share",
        report.airflow_share(airflow),
        "### The page",
        report.page(airflow.page),
    ]
    text = "\n\n".join(parts)
    print(f"\n{text}\n")
    if inexact:
        raise SystemExit("The sums are not the account's")
    if not quick:
        report.write(text)
        _charts(DOCS, compared, grown, entries)


def _charts(folder: Path, compared: list[Taken], grown: list[Taken], entries: int) -> None:
    rows = [
        (f"{taken.name}, {taken.wait_ms} ms", taken.wall_s, f"{taken.wall_s:.2f} s")
        for taken in sorted(compared, key=lambda taken: (taken.wait_ms, taken.wall_s))
    ]
    title = f"{entries:,} time entries to totals per project, seconds (logarithmic)"
    (folder / "extraction.svg").write_text(bars(title, rows, ours=OURS))
    sizes = [
        (f"{t.entries:,} entries", t.cpu_s, f"{t.cpu_s:.2f} s, {t.over_mb:.0f} MB, {t.requests} requests")
        for t in grown
        if t.name == OURS and not t.wait_ms
    ]
    (folder / "growth.svg").write_text(bars("Growth, CPU seconds (logarithmic)", sizes, ours=""))


def _say(what: str) -> None:
    print(f"== {what}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

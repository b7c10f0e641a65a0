"""What Airflow's own parts cost: importing the DAG file and the plugin."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from statistics import median

from benchmarks.extraction import ROOT

_LINE = re.compile(r"import time:\s+(\d+) \|\s+(\d+) \| (\s*)(\S+)")


@dataclass(frozen=True)
class Imported:
    """One file's import.

    :param over_ms: above what Airflow's SDK takes by itself
    :param slowest: the modules that take the longest in it, their own imports included
    """

    what: str
    over_ms: float
    slowest: tuple[tuple[str, float], ...]


SDK = "from airflow.sdk import DAG, BaseOperator, CronDataIntervalTimetable, Variable"
PLUGIN_BASE = "from airflow.sdk.plugins_manager import AirflowPlugin"


def imports(rounds: int = 5) -> list[Imported]:
    """The DAG file and the plugin, each above what Airflow has loaded anyway."""
    dag = f"{SDK}\nimport runpy\nrunpy.run_path('dags/harvest_upsales.py')"
    return [
        _imported("DAG file", SDK, dag, rounds),
        _imported("plugin", PLUGIN_BASE, f"{PLUGIN_BASE}\nimport harvest_upsales.plugin", rounds),
    ]


def _imported(what: str, base: str, code: str, rounds: int) -> Imported:
    both = [(_seconds(base), _seconds(code)) for _ in range(rounds)]
    return Imported(what, 1000 * median(with_it - alone for alone, with_it in both), _slowest(base, code))


def _seconds(code: str) -> float:
    timed = f"import time; began = time.process_time()\n{code}\nprint(time.process_time() - began)"
    return float(_python("-c", timed).stdout.split()[-1])


def _slowest(base: str, code: str) -> tuple[tuple[str, float], ...]:
    known = {name for name, _ in _modules(base)}
    found = [(name, ms) for name, ms in _modules(code) if name not in known]
    return tuple(sorted(found, key=lambda each: -each[1])[:8])


def _modules(code: str) -> list[tuple[str, float]]:
    lines = _python("-X", "importtime", "-c", code).stderr.splitlines()
    matches = (_LINE.match(line) for line in lines)
    return [(match[4], int(match[2]) / 1000) for match in matches if match]


def _python(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "plugins"),
        "AIRFLOW_HOME": str(ROOT / ".bench" / "airflow"),
    }
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )

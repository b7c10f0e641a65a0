"""Extraction to per-project totals, ours beside its peers: rounds interleaved, medians taken."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.time_entries import NEWEST
from harvest_upsales.flows.day_ranges import CONNECTIONS

ROOT = Path(__file__).resolve().parent.parent
CONTESTANTS = ROOT / "benchmarks" / "contestants"
TAP_PYTHON = ROOT / ".bench" / "tap" / "bin" / "python"
OURS, TAP, PLAIN = "ours", "tap-harvest 3.1.1", "requests + json.loads"
BATCH = "ours, a batch of 100 projects"
BATCH_SIZE = 100
FLOOR, FLOOR_REQUESTS = "floor: urllib3", "floor: requests"
FLOOR_AT_ONCE = f"{FLOOR}, {CONNECTIONS} connections"
CONTEST = (OURS, FLOOR_REQUESTS, FLOOR, FLOOR_AT_ONCE, PLAIN, TAP)


@dataclass(frozen=True)
class Taken:
    """The medians of one program at one wait.

    :param over_mb: peak memory above the interpreter; of ours, above the interpreter with Airflow's SDK
    :param exact: whether its sums are the account's, to the last digit; ``None`` where it makes none
    :param waited_s: seconds of waiting for the limit, all connections together, so it may exceed ``wall_s``
    """

    name: str
    wait_ms: int
    of_account: int
    entries: int
    wall_s: float
    cpu_s: float
    peak_mb: float
    over_mb: float
    requests: int
    refused: int
    most_in_window: int
    exact: bool | None
    waited_s: float


class Server:
    """The fake Harvest in a process of its own.

    :param entries: of the account
    :param projects: of the account
    """

    def __init__(self, entries: int, projects: int) -> None:
        self.projects = projects
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.fake_harvest", str(entries), str(projects)],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        self.base = self._process.stdout.readline().strip()
        self.entries = entries

    def begin(self, wait_ms: int) -> None:
        """Count from zero, and wait so long before each answer."""
        self._ask(f"begin?wait_ms={wait_ms}")

    def counted(self) -> dict[str, Any]:
        """What was asked since."""
        return self._ask("counted")

    def expected(self, name: str) -> dict[str, Any]:
        """The sums that a program should come to."""
        return self._ask(f"expected?projects={BATCH_SIZE if name == BATCH else self.projects}")

    def stop(self) -> None:
        """End the process."""
        self._process.communicate("")

    def _ask(self, what: str) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.base}/control/{what}", timeout=20) as answer:  # noqa: S310
            found: dict[str, Any] = json.load(answer)
        return found


@contextmanager
def serving(entries: int, projects: int) -> Iterator[Server]:
    """A server for as long as it is used."""
    server = Server(entries, projects)
    try:
        yield server
    finally:
        server.stop()


def commands(server: Server) -> dict[str, list[str]]:
    """How each program is started; the environment's own Python, but for tap-harvest."""
    floor = [sys.executable, str(CONTESTANTS / "floor.py"), server.base]
    return {
        OURS: [sys.executable, str(CONTESTANTS / "ours.py"), server.base, str(server.projects)],
        BATCH: [sys.executable, str(CONTESTANTS / "ours.py"), server.base, str(BATCH_SIZE)],
        FLOOR_REQUESTS: [*floor, "requests", "1"],
        FLOOR: [*floor, "urllib3", "1"],
        FLOOR_AT_ONCE: [*floor, "urllib3", str(CONNECTIONS), _even_windows(server.entries, CONNECTIONS)],
        PLAIN: [sys.executable, str(CONTESTANTS / "plain.py"), server.base],
        TAP: [str(TAP_PYTHON), str(CONTESTANTS / "tap.py"), server.base],
    }


def run_once(command: Sequence[str], server: Server, wait_ms: int) -> dict[str, Any]:
    """One program in a process of its own; its own figures and the server's count."""
    server.begin(wait_ms)
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "plugins"),
        "AIRFLOW_HOME": str(ROOT / ".bench" / "airflow"),
    }
    if str(TAP_PYTHON) == command[0]:
        del environment["PYTHONPATH"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{Path(command[1]).name} failed:\n{done.stderr[-2000:]}")
    return {**json.loads(done.stdout.splitlines()[-1]), **server.counted()}


def compare(
    server: Server, waits_ms: Sequence[int], rounds: int, names: Sequence[str] = CONTEST
) -> list[Taken]:
    """Each program once a round, one after the other, so that a busy moment of the machine meets them all."""
    runs: dict[tuple[str, int], list[dict[str, Any]]] = {}
    chosen = {name: command for name, command in commands(server).items() if name in names}
    for number in range(rounds):
        for wait_ms in waits_ms:
            for name, command in chosen.items():
                took = run_once(command, server, wait_ms)
                runs.setdefault((name, wait_ms), []).append(took)
                print(f"  round {number + 1}, {wait_ms} ms, {name}: {took['wall_s']:.2f} s", flush=True)
    return [_medians(name, wait_ms, found, server) for (name, wait_ms), found in runs.items()]


def _medians(name: str, wait_ms: int, runs: Sequence[Mapping[str, Any]], server: Server) -> Taken:
    def middle(field: str) -> float:
        return float(median(run[field] for run in runs))

    sums = [run for run in runs if run["amount"] is not None]
    expected = server.expected(name)
    exact = all(Decimal(run[each]) == Decimal(expected[each]) for run in sums for each in ("hours", "amount"))
    base = "sdk_mb" if name in (OURS, BATCH) else "before_mb"
    return Taken(
        name=name,
        wait_ms=wait_ms,
        of_account=server.entries,
        entries=int(runs[0]["entries"]),
        wall_s=middle("wall_s"),
        cpu_s=middle("cpu_s"),
        peak_mb=middle("peak_mb"),
        over_mb=float(median(run["peak_mb"] - run[base] for run in runs)),
        requests=int(middle("requests")),
        refused=max(int(run["refused"]) for run in runs),
        most_in_window=max(int(run["most_in_window"]) for run in runs),
        exact=exact if sums else None,
        waited_s=float(median(run.get("waited_s", 0.0) for run in runs)),
    )


def _even_windows(entries: int, number: int, a_day: int = 400) -> str:
    """Windows of days with the same number of entries each, newest first, as ``from..to`` with commas between."""
    days = -(-entries // a_day)
    edges = [NEWEST - dt.timedelta(days=days * part // number) for part in range(number + 1)]
    return ",".join(f"{older + dt.timedelta(days=1)}..{newer}" for newer, older in pairwise(edges))

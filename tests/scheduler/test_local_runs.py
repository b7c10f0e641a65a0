"""``make run`` as a person starts it, and what it is built from: nothing may be left running, whatever happens."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from localrun.airflow_api import AirflowApi
from localrun.airflow_home import CONNECTIONS, ROOT, SETTINGS, USER, AirflowHome
from localrun.processes import ProgramError, Programs
from localrun.real_accounts import EnvironmentVariablesError, given_in
from localrun.story import DAG_ID

LIMIT_S = 10
LAST_LINE_OF_UP = "The DAG runs now, then hourly, and when you trigger it. Ctrl-C ends everything.\n"
# A child in a process group of its own, as Airflow's tasks are, that does not care for SIGTERM.
STUBBORN_CHILD = """
import os, signal, subprocess, sys
code = "import os, signal, time; os.setpgid(0, 0); signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
print(subprocess.Popen([sys.executable, "-c", code]).pid, flush=True)
signal.pause()
"""


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    return tmp_path


def eventually(holds: Callable[[], bool], limit_s: float = LIMIT_S) -> None:
    deadline = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_stopping_reaches_children_in_process_groups_of_their_own(logs: Path) -> None:
    with Programs(logs) as programs:
        program = programs.start("parent", [sys.executable, "-c", STUBBORN_CHILD], os.environ, folder=logs)
        eventually(lambda: program.log.read_text().endswith("\n"))
        child = psutil.Process(int(program.log.read_text()))
        assert child.is_running()
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
    assert program.process.returncode is not None


def test_a_program_that_ends_too_early_is_told_with_its_last_words(logs: Path) -> None:
    with Programs(logs) as programs:
        programs.start(
            "part", [sys.executable, "-c", "raise SystemExit('no such port')"], os.environ, folder=logs
        )
        with pytest.raises(ProgramError, match=r"part ended with 1(.|\n)*no such port"):
            programs.wait_until(lambda: False, "it was ready", LIMIT_S)


def test_some_of_the_three_variables_are_refused_by_the_missing_names() -> None:
    assert given_in({}) == {}
    whole = dict.fromkeys((*CONNECTIONS, SETTINGS), "{}")
    assert given_in({**whole, "HOME": "/root"}) == whole
    with pytest.raises(EnvironmentVariablesError, match=f"not {SETTINGS}"):
        given_in(dict.fromkeys(CONNECTIONS, "{}"))


def test_nothing_of_the_shells_airflow_reaches_ours(logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_HARVEST_DEFAULT", "real")
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor")
    environment = AirflowHome(logs / "home").environment()
    assert "AIRFLOW_CONN_HARVEST_DEFAULT" not in environment
    assert environment["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"


@pytest.mark.scheduler
@pytest.mark.timeout(200)
def test_make_run_tells_the_whole_story() -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    told = subprocess.run(
        [sys.executable, "-m", "localrun", "run"],
        cwd=ROOT,
        env=kept,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert "after the first run: 48 of 48" in told.stdout
    assert told.stdout.count("(draft)") == 2
    assert "✗" not in told.stdout


@pytest.mark.scheduler
@pytest.mark.timeout(200)
def test_make_up_shows_a_full_board_and_leaves_nothing_behind() -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    with subprocess.Popen(
        [sys.executable, "-m", "localrun", "up"], cwd=ROOT, env=kept, stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        try:
            told = "".join(iter(program.stdout.readline, LAST_LINE_OF_UP))
            url, password = (
                re.findall(rf"{name} +(http://[^/]+|\S+)", told)[-1] for name in ("Airflow", "password")
            )
            api = AirflowApi(url, USER, password)
            api.log_in()
            eventually(lambda: bool(api.runs(DAG_ID)), limit_s=60)
            first = api.runs(DAG_ID)[0]
            assert api.wait_for_run(DAG_ID, first.dag_run_id, timeout_s=90) == "success"
            board = api.call("GET", "/harvest-upsales/api/board").json()
            assert len([row for row in board["rows"] if row["state"] == "tracking"]) == 48
            started = psutil.Process(program.pid).children(recursive=True)
        finally:
            program.send_signal(signal.SIGINT)
        assert program.wait(30) == 0
    assert len(started) > 4
    assert not [left for left in started if left.is_running() and left.status() != psutil.STATUS_ZOMBIE]

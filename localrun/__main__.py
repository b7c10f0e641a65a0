"""``python -m localrun run`` (the main job from start to end) and ``python -m localrun up`` (until Ctrl-C)."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import sys
from pathlib import Path

import requests

from localrun import real_accounts, serve, story
from localrun.airflow_api import ApiError
from localrun.airflow_home import ROOT
from localrun.failures import RunFailedError
from localrun.processes import ProgramError, interrupt_on_signals
from localrun.progress import Progress
from localrun.real_accounts import EnvironmentVariablesError

INTERRUPTED = 130


def main() -> int:
    """Run one of the commands.

    :return: the exit code
    """
    parser = argparse.ArgumentParser(prog="python -m localrun", description=__doc__)
    parser.add_argument("command", choices=("run", "up"))
    command = parser.parse_args().command
    interrupt_on_signals()
    progress = Progress()
    folder = ROOT / ".run" / dt.datetime.now(dt.UTC).strftime("%Y%m%d-%H%M%S-%f")[:-3]
    try:
        return _run(command, progress, folder)
    except KeyboardInterrupt:
        progress.say("\nStopped")
        return INTERRUPTED
    except EnvironmentVariablesError as error:
        progress.say(str(error))
    except (ApiError, ProgramError, RunFailedError, requests.RequestException) as error:
        progress.say(f"\n{error}\n\nAll logs: {folder / 'logs'}")
    return 1


def _run(command: str, progress: Progress, folder: Path) -> int:
    given = real_accounts.given_in(os.environ) if command == "run" else {}
    where = "the accounts given in the environment" if given else "the sandbox"
    progress.say(
        f"Harvest → Upsales on Airflow, with {where}; logs in {(folder / 'logs').relative_to(ROOT)}\n"
    )
    if command == "up":
        return serve.serve(progress, folder)
    return real_accounts.tell(progress, folder) if given else story.tell(progress, folder)


if __name__ == "__main__":
    sys.exit(main())

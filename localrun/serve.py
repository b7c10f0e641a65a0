"""Airflow's UI and both services until somebody ends it."""

from __future__ import annotations

import time
from pathlib import Path

from localrun import airflow_parts, sandbox_link
from localrun.airflow_api import AirflowApi
from localrun.airflow_home import USER, AirflowHome, free_port
from localrun.processes import Programs
from localrun.progress import Progress
from localrun.sandbox_link import Addresses
from localrun.story import DAG_ID
from sandbox.minimal import STAGE_WON, STAGE_WON_NOT_BILLED

UI_PORT = 8080
LOOK_EVERY_S = 1.0
PAGE = "/plugin/harvest-upsales"
CONNECTION_IDS = ("harvest_default", "upsales_default")
SETTINGS = "harvest_upsales_settings"
# As Airflow is by default: the schedule's first run waits until all is set up.
PAUSED = {"AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True"}

SALESPERSON = """
A salesperson moves a card to "Won - Order" (stage {won}; {other} is won without billing); the next run settles it:
  curl -X POST {control}/people/move_order -d '{{"order_id": ORDER, "stage_id": {won}}}'
All orders, all requests, and more that people can do (sandbox/README.md):
  curl {control}/state/upsales/orders
  curl {control}/journal"""


def serve(progress: Progress, folder: Path) -> int:
    """Start everything, say where it is, and wait.

    :raises ProgramError: a part ended
    """
    with Programs(folder / "logs") as programs:
        home = AirflowHome(folder, own=PAUSED, port=free_port(UI_PORT), scheduled=True)
        home.create()
        with progress.phase("Set-up"):
            # Always the sandbox: real accounts must not be run hourly by whoever wants to look at the UI.
            addresses = sandbox_link.start(programs, home.environment())
            airflow_parts.migrate(programs, home)
        with progress.phase("Airflow starts"):
            api = airflow_parts.start(programs, home, [DAG_ID])
            set_up(api, addresses)
            api.switch_on(DAG_ID)
        progress.say(f"\nAirflow   {home.url}{PAGE}\n  user    {USER}\n  password  {home.password}")
        _say_sandbox(progress, addresses)
        progress.say("\nThe DAG runs now, then hourly, and when you trigger it. Ctrl-C ends everything.")
        try:
            while True:
                programs.check()
                time.sleep(LOOK_EVERY_S)
        except KeyboardInterrupt:
            progress.say("\nStopping")
            return 0


def set_up(api: AirflowApi, addresses: Addresses) -> None:
    """Connections and settings in the metadata database, where the UI shows them and the page can change them."""
    for connection_id, record in zip(CONNECTION_IDS, sandbox_link.records(addresses), strict=True):
        api.make_connection(connection_id, record)
    api.make_variable(SETTINGS, sandbox_link.DEMO_SETTINGS)


def _say_sandbox(progress: Progress, addresses: Addresses) -> None:
    progress.say(
        f"Harvest   {addresses.harvest}\nUpsales   {addresses.upsales}\nControl   {addresses.control}"
    )
    progress.say(SALESPERSON.format(won=STAGE_WON, other=STAGE_WON_NOT_BILLED, control=addresses.control))

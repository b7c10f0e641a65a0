"""The sandbox as a program of its own: how it is started, and its control routes."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec
import requests
from msgspec import Struct

from localrun.airflow_home import CONNECTIONS, ROOT, SETTINGS
from localrun.processes import Programs
from sandbox.credentials import BILLING_APP_SECRET, HARVEST_ACCOUNT_ID, HARVEST_TOKEN, UPSALES_TOKEN
from sandbox.minimal import BILLING_APP, PRODUCT_TIME, STAGE_VERBAL_AGREEMENT, USER_BRIDGE

TIMEOUT_S = 30
SECRETS = (HARVEST_TOKEN, UPSALES_TOKEN, BILLING_APP_SECRET)
REPORT_DAYS = 365
DEMO_SETTINGS: dict[str, object] = {
    "default_user_id": USER_BRIDGE,
    "default_stage_id": STAGE_VERBAL_AGREEMENT,
    "default_product_id": PRODUCT_TIME,
    "billing_integration_id": BILLING_APP,
    "billing_reference_field": "FORTNOX_ID",
}
Record = dict[str, Any]


class Addresses(Struct, frozen=True):
    """Where the sandbox listens."""

    harvest: str
    upsales: str
    control: str


def start(programs: Programs, environment: Mapping[str, str], *arguments: str) -> Addresses:
    """Start the demo, and read where it listens.

    :param arguments: of the sandbox's command line
    :raises ProgramError: it did not start
    """
    program = programs.start(
        "sandbox",
        [sys.executable, "-m", "sandbox", *arguments],
        environment,
        folder=ROOT,
        output=subprocess.PIPE,
    )
    stream = program.process.stdout
    line = stream.readline() if stream else b""
    if not line:
        program.process.wait(TIMEOUT_S)
        programs.check()
    return msgspec.json.decode(line, type=Addresses)


def connections(
    addresses: Addresses, *, suffix: str = "default", settings: Mapping[str, object] = DEMO_SETTINGS
) -> dict[str, str]:
    """Both connections and the settings, as environment variables.

    :param suffix: the connections' ids end with it; another one than ``default`` also the settings' name
    """
    harvest, upsales = records(addresses)
    named = [name.replace("DEFAULT", suffix.upper()) for name in CONNECTIONS]
    variable = SETTINGS if suffix == "default" else f"{SETTINGS}_{suffix.upper()}"
    return dict(zip(named, map(json.dumps, (harvest, upsales)), strict=True)) | {
        variable: json.dumps(settings)
    }


def records(addresses: Addresses) -> tuple[Record, Record]:
    """Harvest's and Upsales' connection."""
    harvest: Record = {
        "conn_type": "harvest",
        "host": addresses.harvest,
        "login": HARVEST_ACCOUNT_ID,
        "password": HARVEST_TOKEN,
        "extra": {"contact": "time@nordlys.example"},
    }
    return harvest, {"conn_type": "upsales", "host": addresses.upsales, "password": UPSALES_TOKEN}


@dataclass
class Sandbox:
    """The control routes, and Harvest's own report."""

    addresses: Addresses

    def __post_init__(self) -> None:
        self._session = requests.Session()
        self._session.trust_env = False

    def state(self, service: str, collection: str) -> list[Record]:
        """The records of a collection."""
        return list(self._control("GET", f"/state/{service}/{collection}"))

    def journal(self, since: int = 0) -> list[Record]:
        """The requests that were made."""
        return list(self._control("GET", f"/journal?since={since}"))

    def violations(self) -> list[Record]:
        """What no client should have sent."""
        return list(self._control("GET", "/violations"))

    def act(self, action: str, **arguments: object) -> None:
        """What a person does in either service."""
        self._control("POST", f"/people/{action}", arguments)

    def uninvoiced(self) -> dict[int, Record]:
        """Harvest's uninvoiced report of the last year, as Harvest itself adds it up, by project id."""
        today = dt.date.fromisoformat(self._control("GET", "/today")["today"])
        answer = self._session.get(
            f"{self.addresses.harvest}/reports/uninvoiced",
            params={
                "from": str(today - dt.timedelta(days=REPORT_DAYS - 1)),
                "to": str(today),
                "per_page": "2000",
            },
            headers={
                "Authorization": f"Bearer {HARVEST_TOKEN}",
                "Harvest-Account-Id": HARVEST_ACCOUNT_ID,
                "User-Agent": "local run (time@nordlys.example)",
            },
            timeout=TIMEOUT_S,
        )
        answer.raise_for_status()
        return {line["project_id"]: line for line in _exact(answer)["results"]}

    def _control(self, method: str, path: str, body: object = None) -> Any:
        answer = self._session.request(method, self.addresses.control + path, json=body, timeout=TIMEOUT_S)
        answer.raise_for_status()
        return _exact(answer)


def _exact(answer: requests.Response) -> Any:
    return json.loads(answer.content, parse_float=Decimal)

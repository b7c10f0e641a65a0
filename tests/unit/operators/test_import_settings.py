"""The old app's settings become ours; its key to Harvest is neither read nor printed."""

import datetime as dt
import json
from collections.abc import Iterator

import pytest

from harvest_upsales.__main__ import main
from sandbox.credentials import UPSALES_TOKEN
from sandbox.minimal import HARVEST_APP
from sandbox.server import SandboxServer
from sandbox.world import World

KEY = "harvest-key-of-the-old-app"
CONFIG = {
    "defaultUser": 2,
    "defaultStage": {"id": 11, "name": "Verbal agreement"},
    "defaultProduct": "2",
    "harvestApiKey": KEY,
    "harvestAccountId": "1029384",
}


def set_up(world: World, config: object, *, active: bool = True) -> None:
    world.upsales.integration_settings[HARVEST_APP] = {
        "id": HARVEST_APP,
        "integrationId": HARVEST_APP,
        "active": active,
        "configJson": json.dumps(config),
    }


@pytest.fixture
def world() -> World:
    return World.new(dt.date(2026, 11, 22))


@pytest.fixture
def connected(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[SandboxServer]:
    with SandboxServer(world, rate_limits=False) as server:
        connection = {"conn_type": "upsales", "host": server.upsales_url, "password": UPSALES_TOKEN}
        monkeypatch.setenv("AIRFLOW_CONN_UPSALES_DEFAULT", json.dumps(connection))
        yield server


def test_the_settings_are_taken_over(
    world: World, connected: SandboxServer, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up(world, CONFIG)

    assert main(["import-settings"]) == 0

    told = capsys.readouterr()
    assert json.loads(told.out) == {"default_user_id": 2, "default_stage_id": 11, "default_product_id": 2}
    assert "1029384" in told.err
    assert KEY not in told.out + told.err


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({**CONFIG, "defaultStage": None}, "no usable setting defaultStage"),
        ({**CONFIG, "defaultUser": "Greta"}, "no usable setting defaultUser"),
        ([1], "not a JSON object"),
    ],
)
def test_what_cannot_be_taken_over_is_named(
    world: World, connected: SandboxServer, capsys: pytest.CaptureFixture[str], config: object, words: str
) -> None:
    set_up(world, config)

    assert main(["import-settings"]) == 1

    told = capsys.readouterr()
    assert words in told.err
    assert told.out == ""


def test_an_account_that_never_had_the_app(
    world: World, connected: SandboxServer, capsys: pytest.CaptureFixture[str]
) -> None:
    del world.upsales.integration_settings[HARVEST_APP]

    assert main(["import-settings"]) == 1
    assert "nothing to take over" in capsys.readouterr().err


def test_a_connection_that_no_command_sees(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_NOWHERE", raising=False)

    assert main(["import-settings", "--upsales-conn-id", "nowhere"]) == 1
    assert "set AIRFLOW_CONN_NOWHERE" in capsys.readouterr().err

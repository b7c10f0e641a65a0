"""More projects and won orders than Airflow maps at once, and what a run leaves at the staging place."""

import os
from pathlib import Path
from typing import Any

import pytest

from sandbox.minimal import STAGE_WON
from sandbox.world import World
from tests.airflow.test_dag_runs import Run, add_project, states

CLIENTS = ("Fjord AB", "Havre AB", "Skog AB", "Berg AB", "Dal AB")


def staged_runs() -> list[str]:
    return [path.name for path in Path(os.environ["AIRFLOW_HOME"]).glob("harvest_upsales_staging/run-*")]


def test_there_are_never_more_batches_than_airflow_maps(
    world: World, run: Run, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__MAX_MAP_LENGTH", "2")
    settings["batch_size"] = 1
    for client in CLIENTS:
        add_project(world, client)

    first = run()

    assert first.state == "success"
    assert len(world.upsales.orders) == len(CLIENTS)
    assert ("upsert_opportunities", 1) in states(first)
    assert ("upsert_opportunities", 2) not in states(first)


def test_won_orders_beyond_what_airflow_maps_are_settled_by_the_next_runs(
    world: World, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__MAX_MAP_LENGTH", "2")
    for client in CLIENTS:
        add_project(world, client)
    assert run().state == "success"
    for order in list(world.upsales.orders):
        world.upsales.move(order, STAGE_WON)

    assert [run().state for _ in range(3)] == ["success"] * 3

    assert len(world.harvest.invoices) == len(CLIENTS)


def test_a_failed_run_leaves_nothing_at_the_staging_place(world: World, run: Run) -> None:
    add_project(world, "Unknown AB", known=False)

    assert run().state == "failed"

    assert staged_runs() == []

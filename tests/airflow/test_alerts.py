"""Alerts go through Airflow's own notifiers, one readable message a failure."""

from collections.abc import Callable
from typing import Any

import pytest
from airflow.sdk import BaseNotifier

from sandbox.world import World

pytestmark = pytest.mark.airflow


class Collector(BaseNotifier):
    """Keeps what it is told."""

    told: list[tuple[str, str]] = []  # noqa: RUF012

    def notify(self, context: Any) -> None:
        self.told.append((context["ti"].task_id, str(context["exception"])))


def test_a_failed_project_and_a_red_run_are_told(
    world: World, dags: dict[str, Any], run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Collector, "told", [])
    for task in dags["once"].tasks:
        arguments = task.partial_kwargs if task.is_mapped else vars(task)
        arguments["on_failure_callback"] = [Collector()]
    client_id = world.harvest.add_client("Nobody's GmbH")
    project_id = world.harvest.add_project(client_id, "Lost cause", hourly_rate="1000")
    world.harvest.add_time(project_id, world.today.isoformat(), "1", rate="1000")

    run()

    told = dict(Collector.told)
    assert "matches no active Upsales company" in told["upsert_opportunities"]
    assert "1 tasks failed" in told["reconcile"]


def test_the_factory_hands_alerts_to_every_task() -> None:
    from harvest_upsales.dag import harvest_upsales_dag

    notifier = Collector()
    for task in harvest_upsales_dag(alerts=[notifier]).tasks:
        callbacks = task.partial_kwargs["on_failure_callback"] if task.is_mapped else task.on_failure_callback
        assert list(callbacks) == [notifier], task.task_id

"""What the page tells of a run, read from Airflow's own database."""

from collections.abc import Callable
from typing import Any

import pytest

from harvest_upsales.web.plans import PlanAnswer, read_plan
from harvest_upsales.web.plugin_dags import find_dag
from sandbox.world import World
from tests.airflow.test_dag_runs import add_project

pytestmark = pytest.mark.airflow
Run = Callable[..., Any]


def plan_of(run: Any) -> PlanAnswer:
    from airflow.utils.session import create_session

    with create_session() as session:
        dag = find_dag(session, run.dag_id)
        assert dag is not None
        plan = read_plan(session, dag, run.run_id)
    assert plan is not None
    return plan


def test_a_failed_project_names_the_task_that_tried_it_in_a_dag_with_names_of_its_own(
    world: World, run: Run
) -> None:
    bad = add_project(world, "Nobody's GmbH", known=False)

    plan = plan_of(run("own"))

    failed = {(failure.task, failure.project_id) for failure in plan.failures}
    assert ("friday_upsert", bad) in failed
    assert "upsert_opportunities" not in {task for task, _ in failed}

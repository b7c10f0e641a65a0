"""The product's DAG with empty tasks, and empty mapped tasks one after the other: what Airflow itself takes."""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG, Param, task, task_group
from airflow.task.trigger_rule import TriggerRule

POOL = "upsales_writes"


@task
def nothing() -> None: ...


@task
def none_of_them() -> list[int]:
    return []


with DAG(dag_id="empty_tasks", schedule=None, max_active_runs=1):
    # As the product's DAG in a run that has nothing to do: the same tasks, rules and mapping over nothing.
    extract = none_of_them.override(task_id="extract_time")()
    nothing.override(task_id="check_setup", pool=POOL)() >> extract

    @task(pool=POOL)
    def upsert_opportunities(batch: int) -> None: ...

    @task_group(group_id="settle")
    def settle(order: int) -> None:
        @task(pool=POOL)
        def mark_project_invoiced(order: int) -> int:
            return order

        @task(pool=POOL)
        def sync_billing(order: Any) -> None: ...

        sync_billing(mark_project_invoiced(order))

    upsert = upsert_opportunities.expand(batch=extract)
    find_won = none_of_them.override(task_id="find_won_orders", trigger_rule=TriggerRule.ALL_DONE)()
    reconcile = nothing.override(task_id="reconcile", trigger_rule=TriggerRule.ALL_DONE)()
    upsert >> [find_won, reconcile]
    settle.expand(order=find_won) >> reconcile

with DAG(
    dag_id="empty_batches", schedule=None, max_active_runs=1, params={"number": Param(1, type="integer")}
):

    @task
    def batches(params: dict[str, int] | None = None) -> list[int]:
        assert params is not None
        return list(range(params["number"]))

    @task(pool=POOL)
    def batch(number: int) -> None: ...

    batch.expand(number=batches())

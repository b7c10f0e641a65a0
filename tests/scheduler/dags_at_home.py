"""A DAG of the product whose accounts are set up in Airflow's forms, and DAGs that are scheduled on its assets."""

import datetime as dt
from typing import Any

import pendulum
from airflow.sdk import DAG, Asset, dag, task

from harvest_upsales.dag import harvest_upsales_dag
from harvest_upsales.operators.retry_policy import RecoveryRetryPolicy

# Scheduled only on what other DAGs tell: the first yearly interval has not ended yet.
home: DAG = harvest_upsales_dag(
    "home",
    harvest_conn_id="harvest_home",
    upsales_conn_id="upsales_home",
    settings_variable="harvest_upsales_settings_home",
    schedule="0 0 1 1 *",
    start_date=pendulum.datetime(dt.datetime.now(dt.UTC).year, 1, 1, tz="UTC"),
    default_args={"retries": 0, "retry_policy": RecoveryRetryPolicy()},
)


def _consumer(dag_id: str, asset: Asset) -> DAG:
    @dag(dag_id=dag_id, schedule=[asset], catchup=False)
    def consumer() -> None:
        @task
        def take(triggering_asset_events: Any = None) -> list[Any]:
            return [event.extra for events in triggering_asset_events.values() for event in events]

        take()

    return consumer()


# As a person writes it: by the assets' names alone.
after_opportunities = _consumer("after_opportunities", Asset("home/opportunities"))
after_settlement = _consumer("after_settlement", Asset("home/settled_orders"))

"""DAGs that the tests with the real scheduler run: the product's own, each with accounts of its own."""

import datetime as dt

# Airflow reads only files that hold the words "airflow" and "dag".
from airflow.sdk import DAG

from harvest_upsales.dag import harvest_upsales_dag
from harvest_upsales.operators.retry_policy import RecoveryRetryPolicy

SCHEDULES = {"mend": "0 * * * *", "week": "0 0 * * *", "billing": "0 * * * *", "refused": "0 * * * *"}


def _dag(name: str, schedule: str) -> DAG:
    return harvest_upsales_dag(
        name,
        harvest_conn_id=f"harvest_{name}",
        upsales_conn_id=f"upsales_{name}",
        settings_variable=f"harvest_upsales_settings_{name}",
        schedule=schedule,
        default_args={
            "retries": 2,
            "retry_delay": dt.timedelta(seconds=1),
            "retry_policy": RecoveryRetryPolicy(),
        },
    )


dags = {name: _dag(name, schedule) for name, schedule in SCHEDULES.items()}
globals().update(dags)

"""The product's own DAG, once for each lane of the crash matrix: accounts, addresses and pool of its own."""

import datetime as dt

# Airflow reads only files that hold the words "airflow" and "dag".
from airflow.sdk import DAG, Param

from harvest_upsales.dag import harvest_upsales_dag
from harvest_upsales.operators.retry_policy import RecoveryRetryPolicy

LANES = 4


def _dag(lane: str) -> DAG:
    return harvest_upsales_dag(
        lane,
        harvest_conn_id=f"harvest_{lane}",
        upsales_conn_id=f"upsales_{lane}",
        settings_variable="crash_{{ params.scene }}",
        pool=f"writes_{lane}",
        params={"scene": Param("", type="string")},
        default_args={
            "retries": 2,
            "retry_delay": dt.timedelta(seconds=1),
            "retry_policy": RecoveryRetryPolicy(),
        },
    )


dags = {lane: _dag(lane) for lane in (f"lane_{n}" for n in range(LANES))}
globals().update(dags)

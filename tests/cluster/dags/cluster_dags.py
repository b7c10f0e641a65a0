"""The shipped DAG, its first use of the factory, with retries that do not wait for minutes."""

import datetime as dt
import os

# Airflow reads only files that hold the words "airflow" and "dag".
from harvest_upsales.dag import harvest_upsales_dag
from harvest_upsales.operators.retry_policy import RecoveryRetryPolicy

dag = harvest_upsales_dag(
    schedule=os.environ["CLUSTER_SCHEDULE"],
    default_args={
        "retries": 2,
        "retry_delay": dt.timedelta(seconds=1),
        "retry_policy": RecoveryRetryPolicy(),
    },
)

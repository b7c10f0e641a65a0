"""The shipped DAG and one of a second Harvest account, with retries that do not wait for minutes."""

import datetime as dt
import os

# Airflow reads only files that hold the words "airflow" and "dag".
from harvest_upsales.dag import harvest_upsales_dag
from harvest_upsales.operators.retry_policy import RecoveryRetryPolicy

soon_again = {
    "retries": 2,
    "retry_delay": dt.timedelta(seconds=1),
    "retry_policy": RecoveryRetryPolicy(),
}
schedule = os.environ["CLUSTER_SCHEDULE"]

first = harvest_upsales_dag(schedule=schedule, default_args=soon_again)
# Into the same Upsales account, so in the same pool.
second = harvest_upsales_dag(
    "harvest_upsales_second",
    "harvest_second",
    "upsales_second",
    "harvest_upsales_settings_second",
    schedule=schedule,
    default_args=soon_again,
    is_paused_upon_creation=True,
)

"""DAGs that the tests of the page work with: the product's own, and one with everything named otherwise."""

import datetime as dt

# Airflow reads only files that hold the words "airflow" and "dag".
from airflow.sdk import DAG

from harvest_upsales.dag import harvest_upsales_dag

RETRIES = {"retry_delay": dt.timedelta(seconds=1)}
shipped: DAG = harvest_upsales_dag(default_args=RETRIES)
other: DAG = harvest_upsales_dag(
    "other",
    harvest_conn_id="harvest_other",
    upsales_conn_id="upsales_other",
    settings_variable="harvest_upsales_settings_other",
    pool="other_writes",
    tags=["elsewhere"],
    default_args=RETRIES,
)

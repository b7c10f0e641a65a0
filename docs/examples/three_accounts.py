"""Three pairs of accounts from one list: copy this file into the dags folder in place of dags/harvest_upsales.py.

Each pair has a DAG, connections, settings and a pool of its own. Studio's time goes into the same Upsales account as
Consulting's, so both share one pool: one writer at a time in one Upsales account. Their opportunities can't collide,
as HARVEST_KEY begins with the Harvest account's id.

Make both pools, each with one slot; tasks in a pool that is not there stay scheduled for ever. With Docker Compose a
line in .env does it at the next start:

    WRITE_POOLS=upsales_writes_group,upsales_writes_norway

Elsewhere:

    airflow pools set upsales_writes_group 1 "One writer at a time in Upsales"
    airflow pools set upsales_writes_norway 1 "One writer at a time in Upsales"
"""

from airflow.sdk import DAG

from harvest_upsales.dag import harvest_upsales_dag

# (name, connection to Upsales, pool, schedule). The hours are spread, so that not all begin at the same minute.
ACCOUNTS = (
    ("consulting", "upsales_group", "upsales_writes_group", "0 * * * *"),
    ("studio", "upsales_group", "upsales_writes_group", "20 * * * *"),
    ("norway", "upsales_norway", "upsales_writes_norway", "40 * * * *"),
)

DAGS: list[DAG] = [
    harvest_upsales_dag(
        f"harvest_upsales_{name}",
        harvest_conn_id=f"harvest_{name}",
        upsales_conn_id=upsales_conn_id,
        settings_variable=f"harvest_upsales_settings_{name}",
        pool=pool,
        schedule=schedule,
    )
    for name, upsales_conn_id, pool, schedule in ACCOUNTS
]
# Airflow finds DAGs among a file's own names.
globals().update({dag.dag_id: dag for dag in DAGS})

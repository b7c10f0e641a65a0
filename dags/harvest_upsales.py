"""Harvest time as Upsales opportunities, hourly. Configured by two connections, one Variable and one pool."""

# Airflow reads only files that hold the words "airflow" and "dag".
from airflow.sdk import DAG

from harvest_upsales.dag import harvest_upsales_dag

dag: DAG = harvest_upsales_dag()

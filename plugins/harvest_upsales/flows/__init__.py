"""The steps of a run: read from both services, ask the domain, write what it decides. No Airflow in here."""

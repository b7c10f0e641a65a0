"""Airflow connections as clients of the two services."""

"""Harvest → Upsales on Apache Airflow: tracked time to opportunities, won orders to invoiced projects."""

__version__ = "0.2.0"

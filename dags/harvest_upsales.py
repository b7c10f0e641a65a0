"""Harvest time as Upsales opportunities, hourly. Configured by two connections, one Variable and one pool."""

from harvest_upsales.dag import harvest_upsales_dag

dag = harvest_upsales_dag()

"""What the package adds to Airflow itself; connection types are in :mod:`harvest_upsales.provider_info`."""

from airflow.sdk.plugins_manager import AirflowPlugin


class HarvestUpsalesPlugin(AirflowPlugin):
    """Registers the package with Airflow, once, however it was installed."""

    name = "harvest_upsales"

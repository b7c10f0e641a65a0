"""What the package adds to Airflow itself; connection types are in :mod:`harvest_upsales.provider_info`."""

from airflow.sdk.plugins_manager import AirflowPlugin


class HarvestUpsalesPlugin(AirflowPlugin):
    """Registers the package with Airflow, once, however it was installed.

    Pages (``fastapi_apps``, ``external_views``) and links (``operator_extra_links``) are listed here. Every
    Airflow process imports this module, so what they need is imported where it is used.
    """

    name = "harvest_upsales"

"""What the package adds to Airflow itself; connection types are in :mod:`harvest_upsales.provider_info`."""

from airflow.sdk.plugins_manager import AirflowPlugin

from harvest_upsales.web.lazy_app import URL_PREFIX, LazyApp

# Addresses are relative to Airflow's own, which may lie below a path.
STATIC = f"{URL_PREFIX.removeprefix('/')}/static"


class HarvestUpsalesPlugin(AirflowPlugin):
    """Registers the package with Airflow, once, however it was installed."""

    name = "harvest_upsales"
    fastapi_apps = [{"app": LazyApp(), "url_prefix": URL_PREFIX, "name": "Harvest – Upsales"}]  # noqa: RUF012 - Airflow's form
    react_apps = [  # noqa: RUF012 - Airflow's form
        {
            # The navigation's label, which is cut after nine letters.
            "name": "Harvest",
            "bundle_url": f"{STATIC}/page.js",
            "icon": f"{STATIC}/icon.svg",
            "destination": "nav",
            "nav_top_level": True,
            "url_route": "harvest-upsales",
        }
    ]

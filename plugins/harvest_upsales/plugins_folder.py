"""The one file of the package that Airflow loads from its plugins folder: it registers the plugin if needed.

An installed package registers itself through its ``airflow.plugins`` entry point. When the same package also
lies in the plugins folder, offering the class a second time would be an import error in Airflow.
"""

from importlib.metadata import entry_points

PLUGIN = "harvest_upsales.plugin:HarvestUpsalesPlugin"

if not any(entry_point.value == PLUGIN for entry_point in entry_points(group="airflow.plugins")):
    from harvest_upsales.plugin import HarvestUpsalesPlugin  # noqa: F401 - Airflow looks among the names here

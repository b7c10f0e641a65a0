"""Run by test_plugin_loading.py in a bare interpreter: print, as JSON, what Airflow found of the plugin.

Arguments: the folders that stand for site-packages. The interpreter's own is left out (``python -S``).
"""

import json
import site
import sys


def main() -> None:
    for folder in sys.argv[1:]:
        site.addsitedir(folder)  # as for the real one: .pth files, and with them editable installs, count

    from airflow.api_fastapi.core_api.services.ui.connections import HookMetaService
    from airflow.plugins_manager import get_import_errors, get_plugin_info

    plugins = [info for info in get_plugin_info() if info["name"] == "harvest_upsales"]
    forms = {form.connection_type: form.model_dump() for form in HookMetaService.hook_meta_data()}
    result = {
        "sources": [str(info["source"]) for info in plugins],
        "import_errors": get_import_errors(),
        "forms": {name: form for name, form in forms.items() if name in {"harvest", "upsales"}},
        "package_file": getattr(sys.modules["harvest_upsales"], "__file__", None),
        "modules_outside_the_package": sorted(
            name
            for name, module in sys.modules.items()
            if "/harvest_upsales/" in (getattr(module, "__file__", None) or "")
            and name.partition(".")[0] != "harvest_upsales"
        ),
    }
    sys.stdout.write(json.dumps(result) + "\n")


main()

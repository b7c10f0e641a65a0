"""The page costs only the API server something."""

import subprocess
import sys

PROGRAM = """
import sys
import airflow.sdk.plugins_manager
before = set(sys.modules)
import harvest_upsales.plugin
print(" ".join(sorted(set(sys.modules) - before)))
"""


def test_registering_the_plugin_imports_no_web_framework() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60
    )
    imported = done.stdout.split()

    assert "harvest_upsales.web.lazy_app" in imported
    assert not [
        name for name in imported if name.split(".")[0] in ("fastapi", "starlette", "sqlalchemy", "requests")
    ]
    assert "harvest_upsales.web.app" not in imported

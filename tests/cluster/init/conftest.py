"""Airflow's users live in its FAB provider, which only the cluster's environment has."""

from pathlib import Path

import pytest


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Without ``--cluster``, what these tests run on need not be installed."""
    return True if collection_path.name.startswith("test_") and not config.getoption("cluster") else None

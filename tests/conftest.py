"""An Airflow home of the tests' own, set before anything imports Airflow."""

import os
import shutil
import tempfile

import pytest

# What the shell holds for Airflow, real connections above all, is no business of the tests.
for _name in [name for name in os.environ if name.startswith("AIRFLOW")]:
    del os.environ[_name]

AIRFLOW_HOME = tempfile.mkdtemp(prefix="harvest-upsales-tests-")
os.environ |= {
    "AIRFLOW_HOME": AIRFLOW_HOME,
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__DAGS_FOLDER": f"{AIRFLOW_HOME}/dags",
    "AIRFLOW__CORE__PLUGINS_FOLDER": f"{AIRFLOW_HOME}/plugins",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--full",
        action="store_true",
        help="every case of the reliability tests, not only a representative part",
    )
    parser.addoption("--cluster", action="store_true", help="the tests that start a cluster too")
    parser.addoption(
        "--screenshots", action="store_true", help="write the browser tests' pictures to docs/screenshots"
    )


def pytest_unconfigure() -> None:
    shutil.rmtree(AIRFLOW_HOME, ignore_errors=True)

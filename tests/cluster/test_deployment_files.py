"""What deploy/ and docs/ hand to administrators, as far as it can be held without a cluster."""

from __future__ import annotations

import base64
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from airflow.sdk import DAG

from tests.cluster.compose import GIVEN, ROOT, names_in_example, read_compose

MAKE_ENV = ROOT / "deploy" / "make_env.py"
EXAMPLE = ROOT / ".env.example"


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "deploy" / "helm-values.yaml").read_text(encoding="utf-8")))


def make_env(target: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(MAKE_ENV), str(EXAMPLE), str(target)]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def test_make_env_makes_up_what_compose_asks_for(tmp_path: Path) -> None:
    target = tmp_path / ".env"
    made = make_env(target)
    assert made.returncode == 0, made.stderr
    lines = target.read_text(encoding="utf-8").splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))

    assert given.keys() == names_in_example().keys()
    assert target.stat().st_mode & 0o077 == 0
    assert len(base64.urlsafe_b64decode(given["AIRFLOW_FERNET_KEY"])) == 32
    assert len(given["AIRFLOW_JWT_SECRET"]) >= 64
    assert not any(value in made.stdout + made.stderr for value in given.values() if len(value) > 20)
    services = read_compose(given)["services"]
    database = services["airflow-scheduler"]["environment"]["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]
    assert given["POSTGRES_PASSWORD"] in database


def test_make_env_keeps_a_file_that_exists(tmp_path: Path) -> None:
    target = tmp_path / ".env"
    target.write_text("POSTGRES_PASSWORD=mine\n", encoding="utf-8")
    assert make_env(target).returncode == 1
    assert target.read_text(encoding="utf-8") == "POSTGRES_PASSWORD=mine\n"


def test_the_charts_image_is_the_dockerfiles(values: dict[str, Any]) -> None:
    base = re.search(
        r"^FROM apache/airflow:([\d.]+)-", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.M
    )
    assert base
    assert values["airflowVersion"] == values["defaultAirflowTag"] == base[1]


def test_the_charts_workers_are_those_of_compose(values: dict[str, Any]) -> None:
    worker = read_compose(GIVEN)["services"]["airflow-worker"]
    assert (
        str(values["config"]["celery"]["worker_concurrency"])
        == worker["environment"]["AIRFLOW__CELERY__WORKER_CONCURRENCY"]
    )
    limits = values["workers"]["celery"]["resources"]["limits"]
    assert int(limits["memory"].removesuffix("Gi")) * 2**30 == int(
        worker["deploy"]["resources"]["limits"]["memory"]
    )


def test_the_chart_makes_the_pool_and_no_well_known_user(values: dict[str, Any]) -> None:
    from harvest_upsales.operators.base_operator import WRITES_POOL

    # A command would replace the image's entrypoint, which waits for the database.
    assert values["migrateDatabaseJob"].keys() == {"args"}
    shell, option, script = values["migrateDatabaseJob"]["args"]
    assert (shell, option) == ("bash", "-c")
    assert f"airflow pools set {WRITES_POOL} 1 " in script
    # The only switch that the chart's templates read; others pass its schema, and leave admin/admin.
    assert values["createUserJob"] == {"enabled": False}
    assert yaml.safe_load(values["extraEnvFrom"]) == [{"secretRef": {"name": "harvest-upsales"}}]


def test_options_of_ours_are_those_that_are_read(values: dict[str, Any]) -> None:
    read = (ROOT / "plugins/harvest_upsales/operators/staging.py").read_text(encoding="utf-8")
    for option in values["config"]["harvest_upsales"]:
        assert f'conf.get("harvest_upsales", "{option}"' in read
    compose = (ROOT / "docker-compose.yaml").read_text(encoding="utf-8")
    for option in re.findall(r"AIRFLOW__HARVEST_UPSALES__(\w+)", compose):
        assert f'"{option.lower()}"' in read


def test_the_example_of_several_accounts_makes_their_dags() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "examples" / "three_accounts.py"))
    dags = {name: value for name, value in made.items() if isinstance(value, DAG)}
    assert set(dags) == {f"harvest_upsales_{name}" for name in ("consulting", "studio", "norway")}

    def pools(dag: DAG) -> set[str]:
        return {task.pool for task in dag.tasks if task.pool != "default_pool"}

    # Each is made by the commands of its docstring, and by a line of .env.
    named = set().union(*map(pools, dags.values()))
    assert set(re.findall(r"airflow pools set (\w+) 1 ", made["__doc__"])) == named
    (line,) = re.findall(r"WRITE_POOLS=(\S+)", made["__doc__"])
    assert set(line.split(",")) == named
    assert f"WRITE_POOLS={line}`" in (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    assert pools(dags["harvest_upsales_consulting"]) == pools(dags["harvest_upsales_studio"])
    assert pools(dags["harvest_upsales_studio"]).isdisjoint(pools(dags["harvest_upsales_norway"]))
    # A mapped operator keeps its arguments until it is expanded.
    arguments = [
        getattr(task, "partial_kwargs", None) or vars(task) for dag in dags.values() for task in dag.tasks
    ]
    assert {given["harvest_conn_id"] for given in arguments} == {
        f"harvest_{name}" for name in ("consulting", "studio", "norway")
    }

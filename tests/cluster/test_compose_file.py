"""The compose file against the compose specification, and against what an administrator expects of it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.cluster.compose import (
    AIRFLOW_SERVICES,
    FILE,
    GIVEN,
    ROOT,
    SECRETS,
    ComposeError,
    names_in_example,
    read_compose,
)


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    return dict(read_compose(GIVEN)["services"])


def test_it_has_the_parts_that_airflow_users_know(services: dict[str, Any]) -> None:
    assert set(services) == {*AIRFLOW_SERVICES, "airflow-init", "postgres", "redis", "sandbox"}
    assert services["sandbox"]["profiles"] == ["sandbox"]


@pytest.mark.parametrize("secret", SECRETS)
def test_a_missing_secret_is_named(secret: str) -> None:
    with pytest.raises(ComposeError, match=rf"{secret}.*\.env"):
        read_compose({name: value for name, value in GIVEN.items() if name != secret})


def test_no_secret_has_a_value_in_the_repository() -> None:
    example = names_in_example()
    assert {name: example[name] for name in (*SECRETS, "HARVEST_TOKEN", "UPSALES_API_KEY")} == dict.fromkeys(
        (*SECRETS, "HARVEST_TOKEN", "UPSALES_API_KEY"), ""
    )
    assert not re.search(r"(PASSWORD|SECRET|KEY|TOKEN)\w*:-[^}]", FILE.read_text(encoding="utf-8"))


def test_what_the_file_takes_from_the_environment_stands_in_the_example() -> None:
    taken = set(re.findall(r"\$\{(\w+)", FILE.read_text(encoding="utf-8")))
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    # Names of images, and knobs that nobody needs at first.
    fine_tuning = {
        "HARVEST_UPSALES_IMAGE", "HARVEST_UPSALES_SANDBOX_IMAGE", "WORKER_CONCURRENCY", "TASK_HEARTBEAT_TIMEOUT_S",
        "AIRFLOW_API_URL", "HOSTNAME",
    }  # fmt: skip
    assert {name for name in taken - fine_tuning if name not in example} == set()


def test_every_service_is_watched_restarted_and_bounded(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert service["restart"].startswith(("unless-stopped", "on-failure")), name
        assert {"cpus", "memory"} <= set(service["deploy"]["resources"]["limits"]), name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["cap_drop"] == ["ALL"], name
        assert "healthcheck" in service or name == "airflow-init", name


def test_images_are_pinned_and_run_without_root(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert re.search(r":\d+\.\d+", service["image"]), name
        # Airflow's image, which the sandbox's builds on, is another user's than root by itself.
        own_image = service["image"].startswith("harvest-upsales")
        assert service.get("user", "airflow" if own_image else "root") not in ("0", "root", "0:0"), name
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert re.search(r"^FROM apache/airflow:3\.3\.2-python3\.\d+ AS airflow$", dockerfile, re.MULTILINE)
    assert "USER root" not in dockerfile


def test_only_the_ui_is_reached_and_only_from_this_machine(services: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in services.items() if service.get("ports")}
    assert list(published) == ["airflow-apiserver"]
    assert [port["host_ip"] for port in published["airflow-apiserver"]] == ["127.0.0.1"]


def test_the_image_takes_the_version_that_is_pinned() -> None:
    pinned = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    version = re.search(r"^apache-airflow==(\S+)$", pinned, re.MULTILINE)
    assert version
    assert f"apache/airflow:{version[1]}-" in (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_tasks_find_the_api_server_by_its_services_name(services: dict[str, Any]) -> None:
    (port,) = services["airflow-apiserver"]["ports"]
    for name in AIRFLOW_SERVICES:
        url = urlsplit(services[name]["environment"]["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"])
        assert (url.hostname, url.port) == ("airflow-apiserver", port["target"]), name
        assert url.path == "/execution/"


def test_the_database_and_the_broker_are_found_by_their_services_names(services: dict[str, Any]) -> None:
    for name in (*AIRFLOW_SERVICES, "airflow-init"):
        environment = services[name]["environment"]
        found = [
            urlsplit(environment[f"AIRFLOW__{option}"])
            for option in ("DATABASE__SQL_ALCHEMY_CONN", "CELERY__RESULT_BACKEND", "CELERY__BROKER_URL")
        ]
        assert [(url.hostname, url.port) for url in found] == [("postgres", 5432)] * 2 + [("redis", 6379)]


def test_all_parts_share_their_folders_and_keys(services: dict[str, Any]) -> None:
    for name in (*AIRFLOW_SERVICES, "airflow-init"):
        mounted = {volume["target"]: volume["source"] for volume in services[name]["volumes"]}
        assert mounted["/opt/airflow/logs"] == "logs", name
        assert mounted["/opt/airflow/staging"] == "staging", name
        environment = services[name]["environment"]
        assert environment["AIRFLOW__HARVEST_UPSALES__STAGING_PATH"] == "file:///opt/airflow/staging", name
        for key in ("CORE__FERNET_KEY", "API_AUTH__JWT_SECRET", "API__SECRET_KEY"):
            assert (
                environment[f"AIRFLOW__{key}"] == services["airflow-init"]["environment"][f"AIRFLOW__{key}"]
            )


def test_parts_wait_for_what_they_need(services: dict[str, Any]) -> None:
    def needs(name: str) -> dict[str, str]:
        assert all(need["required"] for need in services[name].get("depends_on", {}).values())
        return {other: need["condition"] for other, need in services[name].get("depends_on", {}).items()}

    servers = {"postgres": "service_healthy", "redis": "service_healthy"}
    ready = {**servers, "airflow-init": "service_completed_successfully"}
    assert needs("airflow-init") == servers
    for name in AIRFLOW_SERVICES:
        # A worker asks the API server about each task.
        more = {"airflow-apiserver": "service_healthy"} if name == "airflow-worker" else {}
        assert needs(name) == ready | more, name
    # What is waited for has to be able to be well.
    for name in ("postgres", "redis", "airflow-apiserver"):
        assert services[name]["healthcheck"]["test"]


def test_a_worker_may_finish_its_tasks_when_it_is_stopped(services: dict[str, Any]) -> None:
    worker = services["airflow-worker"]
    # Otherwise the image's init would pass the signal to the tasks as well as to Celery.
    assert worker["environment"]["DUMB_INIT_SETSID"] == "0"
    assert worker["stop_grace_period"] == "2m0s"
    assert "DUMB_INIT_SETSID" not in services["airflow-scheduler"]["environment"]


def test_servers_elsewhere_leave_out_those_here_and_nothing_else(services: dict[str, Any]) -> None:
    given = {"POSTGRES_HOST": "db.example.com", "REDIS_HOST": "cache.example.com"}
    elsewhere = read_compose({**GIVEN, **given, "POSTGRES_REPLICAS": "0", "REDIS_REPLICAS": "0"})["services"]
    # Docker Compose waits for no service of which it is to start none.
    assert [elsewhere[name]["deploy"]["replicas"] for name in ("postgres", "redis")] == [0, 0]
    assert [services[name]["deploy"]["replicas"] for name in ("postgres", "redis")] == [1, 1]
    for name in AIRFLOW_SERVICES:
        assert elsewhere[name]["depends_on"] == services[name]["depends_on"]
        assert "@db.example.com:" in elsewhere[name]["environment"]["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]


def test_what_init_runs_is_in_the_image() -> None:
    programs = re.findall(r"\$here/(\w+\.py)", (ROOT / "deploy/init.sh").read_text(encoding="utf-8"))
    assert len(programs) == 2
    copied = re.search(
        r"^COPY .*?(deploy/.*) /opt/airflow/deploy/$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.M
    )
    assert copied
    assert set(copied[1].split()) == {"deploy/init.sh", *(f"deploy/{name}" for name in programs)}
    let_in = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {f"!{file}" for file in copied[1].split()} <= set(let_in)

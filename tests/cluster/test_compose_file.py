"""The compose file against the compose specification, and against what an administrator expects of it."""

from __future__ import annotations

import re
from typing import Any

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

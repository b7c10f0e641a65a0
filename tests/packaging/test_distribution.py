"""What is built and pinned: the wheel's content, its entry points, and the requirement files."""

import json
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import harvest_upsales
from harvest_upsales.provider_info import get_provider_info

PINS = (
    "requirements-cluster-test.txt",
    "requirements-cluster.txt",
    "requirements-dev.txt",
    "requirements.txt",
)


@pytest.fixture(scope="session")
def project(repository: Path) -> dict[str, Any]:
    return tomllib.loads((repository / "pyproject.toml").read_text())


def test_the_wheel_holds_the_package_alone(built: Path, repository: Path) -> None:
    (archive,) = (built / "wheel").glob("*.whl")
    with zipfile.ZipFile(archive) as wheel_file:
        names = set(wheel_file.namelist())
    metadata = f"harvest_upsales_airflow-{harvest_upsales.__version__}.dist-info"

    assert {name.partition("/")[0] for name in names} == {"harvest_upsales", metadata}
    assert {f"{metadata}/licenses/LICENSE", "harvest_upsales/py.typed"} <= names
    plugins = repository / "plugins"
    sources = {str(path.relative_to(plugins)) for path in plugins.rglob("*.py")}
    assert {name for name in names if name.endswith(".py")} == sources


def test_provider_info_satisfies_airflows_schema(project: dict[str, Any]) -> None:
    info = get_provider_info()

    jsonschema.validate(info, json.loads((files("airflow") / "provider_info.schema.json").read_text()))
    # Airflow refuses to start when these two differ.
    assert info["package-name"] == canonicalize_name(project["project"]["name"])


def test_provider_info_needs_nothing_installed(repository: Path) -> None:
    """Airflow calls it in the middle of its own start."""
    plugins = str(repository / "plugins")
    call = "from harvest_upsales.provider_info import get_provider_info; get_provider_info()"
    code = f"import sys; sys.path.append({plugins!r}); {call}"
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True, timeout=30)


@pytest.mark.airflow
@pytest.mark.parametrize("connection", get_provider_info()["connection-types"], ids=["harvest", "upsales"])
def test_each_connection_type_names_its_hook(connection: dict[str, Any]) -> None:
    module, _, name = connection["hook-class-name"].rpartition(".")
    hook = getattr(import_module(module), name)

    assert hook.conn_type == connection["connection-type"]
    assert hook.hook_name == connection["hook-name"]


@pytest.mark.airflow
def test_entry_points_lead_to_something(project: dict[str, Any]) -> None:
    targets = [target for group in project["project"]["entry-points"].values() for target in group.values()]
    assert len(targets) == 2
    for target in targets:
        module, _, name = target.partition(":")
        assert callable(getattr(import_module(module), name))


@pytest.mark.parametrize("name", PINS)
def test_every_requirement_is_pinned_and_from_no_place_in_particular(repository: Path, name: str) -> None:
    text = (repository / name).read_text()

    assert "uv pip compile" in text  # the command that made it
    assert not re.search(r"https?://|file:|^-|index-url|find-links", text, flags=re.MULTILINE)
    for requirement in _requirements(text):
        assert [specifier.operator for specifier in requirement.specifier] == ["=="], requirement


def test_requirements_follow_pyproject(repository: Path, project: dict[str, Any]) -> None:
    """A dependency that was added or moved without `make requirements` is found here."""
    pins = {
        canonicalize_name(pin.name): next(iter(pin.specifier)).version
        for name in PINS
        for pin in _requirements((repository / name).read_text())
    }
    wanted = [*project["project"]["dependencies"], *project["project"]["optional-dependencies"]["cluster"]]
    for group in project["dependency-groups"].values():
        wanted += group
    for requirement in map(Requirement, wanted):
        assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)]), requirement


def test_what_only_tests_need_stays_out_of_the_image(repository: Path, project: dict[str, Any]) -> None:
    dockerfile = (repository / "Dockerfile").read_text()
    copied = [name for name in PINS if re.search(rf"\b{re.escape(name)}\b", dockerfile)]
    assert copied == ["requirements-cluster.txt", "requirements.txt"]
    installed = {pin.name for name in copied for pin in _requirements((repository / name).read_text())}
    wanted = {Requirement(line).name for line in project["dependency-groups"]["cluster-test"]}
    assert installed.isdisjoint(wanted)


def _requirements(text: str) -> list[Requirement]:
    return [Requirement(line) for line in text.splitlines() if line and not line.lstrip().startswith("#")]

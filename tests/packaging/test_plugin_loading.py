"""Every way to get the plugin into Airflow registers it once, without a complaint.

Each case starts a real Airflow in a process of its own. The environment that runs the tests has the plugin
installed, so the process does not use that site-packages but a folder of links to everything in it except
the plugin; the wheel and the editable install are unpacked beside it, which is all that pip does with them.
"""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.airflow

PROBE = Path(__file__).with_name("load_in_airflow.py")


@pytest.fixture(scope="module")
def airflow_alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Links to all that is installed, without the plugin."""
    folder = tmp_path_factory.mktemp("airflow_alone")
    for site_packages in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        for entry in Path(site_packages).iterdir():
            if "harvest_upsales" not in entry.name:
                (folder / entry.name).symlink_to(entry)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _unpacked(built / "wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def editable(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _unpacked(built / "editable", tmp_path_factory.mktemp("editable"))


@pytest.fixture
def no_plugins(tmp_path: Path) -> Path:
    folder = tmp_path / "no_plugins"
    folder.mkdir()
    return folder


def test_folder_only(airflow_alone: Path, repository: Path, tmp_path: Path) -> None:
    found = _load(tmp_path, plugins_folder=repository / "plugins", installed=[airflow_alone])

    assert found["sources"] == ["$PLUGINS_FOLDER/harvest_upsales/plugins_folder.py"]
    assert found["modules_outside_the_package"] == ["plugins_folder"]
    # Airflow takes connection types from installed packages only (apache/airflow#20317).
    assert found["forms"] == {}


def test_wheel_only(airflow_alone: Path, wheel: Path, no_plugins: Path, tmp_path: Path) -> None:
    found = _load(tmp_path, plugins_folder=no_plugins, installed=[airflow_alone, wheel])

    _assert_registered_by_entry_point(found)
    assert found["package_file"].startswith(str(wheel))


def test_wheel_and_folder(airflow_alone: Path, wheel: Path, repository: Path, tmp_path: Path) -> None:
    found = _load(tmp_path, plugins_folder=repository / "plugins", installed=[airflow_alone, wheel])

    _assert_registered_by_entry_point(found)
    assert found["package_file"].startswith(str(wheel))


def test_editable_only(
    airflow_alone: Path, editable: Path, no_plugins: Path, repository: Path, tmp_path: Path
) -> None:
    found = _load(tmp_path, plugins_folder=no_plugins, installed=[airflow_alone, editable])

    _assert_registered_by_entry_point(found)
    assert found["package_file"].startswith(str(repository / "plugins"))


def test_editable_and_folder(airflow_alone: Path, editable: Path, repository: Path, tmp_path: Path) -> None:
    found = _load(tmp_path, plugins_folder=repository / "plugins", installed=[airflow_alone, editable])

    _assert_registered_by_entry_point(found)


def test_a_second_registration_would_be_seen(
    airflow_alone: Path, wheel: Path, repository: Path, tmp_path: Path
) -> None:
    """The other cases are worth something only if the probe tells a clean start from an unclean one."""
    unguarded = tmp_path / "plugins" / "harvest_upsales"
    unguarded.mkdir(parents=True)
    shutil.copy(repository / "plugins" / "harvest_upsales" / "plugin.py", unguarded)

    found, output = _run(tmp_path, plugins_folder=unguarded.parent, installed=[airflow_alone, wheel])

    assert "already registered" in output
    assert found["import_errors"]


def _assert_registered_by_entry_point(found: dict[str, Any]) -> None:
    (source,) = found["sources"]
    assert source.startswith("harvest-upsales-airflow==")

    harvest, upsales = found["forms"]["harvest"], found["forms"]["upsales"]
    assert (harvest["hook_name"], upsales["hook_name"]) == ("Harvest", "Upsales")
    assert harvest["standard_fields"]["password"]["title"] == "Personal access token"
    assert upsales["standard_fields"]["login"]["hidden"]
    assert list(harvest["extra_fields"]) == ["contact"]
    token_in = upsales["extra_fields"]["token_in"]
    assert token_in["schema"]["enum"] == ["cookie", "query"]
    assert token_in["value"] is None  # Airflow would show a default as "***" and save that


def _load(home: Path, *, plugins_folder: Path, installed: list[Path]) -> dict[str, Any]:
    found, output = _run(home, plugins_folder=plugins_folder, installed=installed)
    assert found["import_errors"] == {}
    for complaint in ("already registered", "already added", "already exists", "Failed to", "Traceback"):
        assert complaint not in output
    return found


def _run(home: Path, *, plugins_folder: Path, installed: list[Path]) -> tuple[dict[str, Any], str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    environment.pop("PYTHONPATH", None)
    environment |= {
        "AIRFLOW_HOME": str(home / "airflow"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(plugins_folder),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    }
    command = [sys.executable, "-S", "-P", str(PROBE), *map(str, installed)]
    done = subprocess.run(
        command, env=environment, cwd=home, capture_output=True, text=True, timeout=120, check=False
    )
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found, output


def _unpacked(folder: Path, target: Path) -> Path:
    (archive,) = folder.glob("*.whl")
    with zipfile.ZipFile(archive) as wheel_file:
        wheel_file.extractall(target)
    return target

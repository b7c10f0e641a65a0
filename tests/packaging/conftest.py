"""The repository, and what it builds."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def repository() -> Path:
    return Path(__file__).parents[2]


@pytest.fixture(scope="session")
def built(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``wheel/*.whl`` and ``editable/*.whl``, made by the build backend as for pip."""
    folder = tmp_path_factory.mktemp("built")
    for kind in ("wheel", "editable"):
        (folder / kind).mkdir()
        build = f"import hatchling.build as backend; backend.build_{kind}({str(folder / kind)!r})"
        subprocess.run(
            [sys.executable, "-c", build], cwd=repository, check=True, capture_output=True, timeout=60
        )
    return folder

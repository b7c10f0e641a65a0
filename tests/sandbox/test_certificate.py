"""The sandbox over https: clients trust the file that it wrote, and nothing else."""

from datetime import date
from pathlib import Path

import pytest
import requests

from sandbox.server import SandboxServer
from sandbox.world import World


def test_it_is_trusted_by_its_own_file_alone(tmp_path: Path) -> None:
    file = tmp_path / "sandbox.pem"
    with SandboxServer(World.new(date(2026, 11, 22)), certificate=file, names=("localhost",)) as server:
        address = f"{server.control_url}/today"
        assert address.startswith("https://localhost:")
        assert requests.get(address, verify=str(file), timeout=10).json() == {"today": "2026-11-22"}
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(address, timeout=10)
    assert file.with_suffix(".key").stat().st_mode & 0o077 == 0

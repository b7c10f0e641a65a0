"""The figures of all parts, printed at the end; ``--full`` runs every case instead of a representative part."""

from __future__ import annotations

from typing import Any

import pytest

from tests.flows.conftest import bench as bench  # the fixture, for the parts that need no Airflow
from tests.reliability.figures import FIGURES, Figures


@pytest.fixture(scope="session")
def full(request: pytest.FixtureRequest) -> bool:
    """Whether every case runs."""
    return bool(request.config.getoption("full"))


@pytest.fixture
def figures() -> Figures:
    """Where the parts count."""
    return FIGURES


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where several processes share the tests, hand this one's counts to the one that prints."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["reliability"] = FIGURES.counts()


class _Others:
    """What the other processes counted; known where pytest-xdist is."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        FIGURES.take_in(getattr(node, "workeroutput", {}).get("reliability", {}))


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(_Others())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    lines = FIGURES.lines()
    if lines:
        whole = terminalreporter.config.getoption("full")
        terminalreporter.section("reliability, " + ("every case" if whole else "a part of the cases"))
        for line in lines:
            terminalreporter.write_line(line)

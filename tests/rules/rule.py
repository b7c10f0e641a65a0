"""One line of the table of rules: what is promised, where it stands in the code, and the tests that hold it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = Path("plugins", "harvest_upsales")


@dataclass(frozen=True, slots=True)
class Place:
    """A name in a file.

    :param file: from the root
    :param name: a function or class, after the class that holds it: ``Settlement.run``
    """

    file: Path
    name: str

    @property
    def link(self) -> str:
        """The name as a link to its file, as seen from ``docs``."""
        return f"[`{self.name}`](../{self.file.as_posix()})"


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table.

    :param rule: what is promised, in one sentence
    :param function: path inside the package, of a function or class: ``domain.money.total``
    :param tests: tests that fail without it: ``tests/flows/test_x.py::test_name``
    :param setting: the key that the rule is about
    """

    rule: str
    function: str
    tests: tuple[str, ...]
    setting: str = ""

    @property
    def place(self) -> Place:
        """Where the function stands.

        :raises LookupError: no beginning of its path is a module of the package
        """
        parts = self.function.split(".")
        for end in range(1, len(parts)):
            file = PACKAGE.joinpath(*parts[:end]).with_suffix(".py")
            if (ROOT / file).is_file():
                return Place(file, ".".join(parts[end:]))
        msg = f"{self.function} is in no module of the package"
        raise LookupError(msg)

    @property
    def test_places(self) -> tuple[Place, ...]:
        """Where the tests stand."""
        nodes = (test.split("::") for test in self.tests)
        return tuple(Place(Path(file), ".".join(names)) for file, *names in nodes)

    @property
    def test_links(self) -> str:
        """The tests by name, each file linked once."""
        return "<br>".join(
            f"{', '.join(f'`{place.name}`' for place in places)} in [{file.name}](../{file.as_posix()})"
            for file, places in groupby(self.test_places, lambda place: place.file)
        )


def rule(text: str, function: str, *tests: str, setting: str = "") -> Rule:
    """A rule, its tests named from the folder ``tests``."""
    return Rule(text, function, tuple(f"tests/{test}" for test in tests), setting)

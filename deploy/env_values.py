"""What .env says about this installation, checked before anything is made of it.

As a program it says what is wrong, by the name of the line, and fails. It shows no value.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from harvest_upsales.settings import SettingsError, parse_settings

SETTINGS_LINE = "HARVEST_UPSALES_SETTINGS"
POOLS_LINE = "WRITE_POOLS"
# Airflow's own pool, of which every other task takes its slots.
DEFAULT_POOL = "default_pool"
HARVEST_LINES = ("HARVEST_ACCOUNT_ID", "HARVEST_TOKEN", "HARVEST_CONTACT")
# Where each line of .env goes in its connection; what begins with "extra " is a key of its extra.
CONNECTION_LINES = {
    "harvest": {
        "HARVEST_HOST": "host",
        "HARVEST_ACCOUNT_ID": "login",
        "HARVEST_TOKEN": "password",
        "HARVEST_CONTACT": "extra contact",
        "CONNECTIONS_CA_FILE": "extra verify",
    },
    "upsales": {
        "UPSALES_HOST": "host",
        "UPSALES_API_KEY": "password",
        "CONNECTIONS_CA_FILE": "extra verify",
    },
}
_UNESCAPED = re.compile(r"[A-Za-z0-9._~-]*")
_ESCAPED = re.compile(r"([A-Za-z0-9._~-]|%[0-9A-Fa-f]{2})*")
_POOL = re.compile(r"[A-Za-z0-9._-]{1,256}")


@dataclass(frozen=True)
class GivenConnection:
    """A connection as .env has it.

    :param conn_type: ``harvest`` or ``upsales``
    :param fields: each line of .env that goes into it, empty ones too
    """

    conn_type: str
    fields: Mapping[str, str]

    @property
    def conn_id(self) -> str:
        """The id that the shipped DAG uses."""
        return f"{self.conn_type}_default"


@dataclass(frozen=True)
class EnvValues:
    """.env, as far as this installation is set up from it."""

    given: Mapping[str, str]

    @property
    def connections(self) -> list[GivenConnection]:
        """Those whose secret is given."""
        return [
            GivenConnection(conn_type, {line: self.text(line) for line in lines})
            for conn_type, lines in CONNECTION_LINES.items()
            if any(field == "password" and self.text(line) for line, field in lines.items())
        ]

    @property
    def settings(self) -> str:
        """A JSON object; empty where .env has none."""
        return self.text(SETTINGS_LINE)

    @property
    def pools(self) -> list[str]:
        """Each with the one slot of its Upsales account's one writer."""
        return re.split(r"[\s,]+", self.text(POOLS_LINE)) if self.text(POOLS_LINE) else []

    def text(self, line: str) -> str:
        """What stands behind a line's name, without blanks around it."""
        return self.given.get(line, "").strip()

    def mistakes(self) -> Iterator[str]:
        """What can't work, one sentence each; the line's name comes first."""
        missing = [line for line in HARVEST_LINES if not self.text(line)]
        if self.text("HARVEST_TOKEN") and missing:
            yield (
                f"{' and '.join(missing)}: empty, while HARVEST_TOKEN is set. Harvest's connection needs all of "
                f"{', '.join(HARVEST_LINES)}. To set it up in Airflow's UI instead, empty HARVEST_TOKEN."
            )
        if self.settings:
            try:
                parse_settings(self.settings)
            except SettingsError as error:
                yield f"{SETTINGS_LINE}: {error}. It takes one JSON object on one line, in single quotes."
        yield from self._mistakes_in_pools()
        for server, lines in (
            ("postgres", ("POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB")),
            ("redis", ("REDIS_PASSWORD",)),
        ):
            yield from self._mistakes_in_url(server, lines)

    def _mistakes_in_pools(self) -> Iterator[str]:
        if not self.pools:
            yield f"{POOLS_LINE}: empty. It takes the pool of each Upsales account, such as upsales_writes."
        for pool in self.pools:
            if pool == DEFAULT_POOL or not _POOL.fullmatch(pool):
                yield (
                    f"{POOLS_LINE}: {pool} can't be a pool of writers. It takes names of letters, digits, '_', '-' and "
                    f"'.', separated by commas, other than {DEFAULT_POOL}."
                )

    def _mistakes_in_url(self, server: str, lines: tuple[str, ...]) -> Iterator[str]:
        own = self.text(f"{server.upper()}_HOST") in ("", server)
        for line in lines:
            # Neither stripped: blanks are such characters.
            if not (_UNESCAPED if own else _ESCAPED).fullmatch(self.given.get(line, "")):
                yield (
                    f"{line}: it stands in a URL, so it may hold only letters, digits, '-', '_', '.' and '~'."
                    + ("" if own else " Write any other character as in URLs, @ as %40.")
                )

    def left_out(self) -> Iterator[str]:
        """What stands in .env and nothing is made of, one sentence each."""
        alone = [line for line in HARVEST_LINES if self.text(line)]
        if alone and not self.text("HARVEST_TOKEN"):
            yield f"{' and '.join(alone)} without HARVEST_TOKEN: no connection is made of that"


def main() -> int:
    """Say what is wrong with the environment's values.

    :return: the exit code
    """
    mistakes = list(EnvValues(os.environ).mistakes())
    for mistake in mistakes:
        sys.stderr.write(f"init: ERROR in .env: {mistake}\n")
    if mistakes:
        sys.stderr.write(
            "init: nothing was made or changed. Correct .env, then: docker compose up --detach\n"
        )
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main())

"""The Variable that holds the settings, as the API server sees it."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
from airflow.configuration import ensure_secrets_loaded
from airflow.models.variable import Variable
from airflow.secrets.metastore import MetastoreBackend
from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.orm import Session

_DESCRIPTION = "Settings of the Harvest → Upsales integration (one JSON object)"


class StoredSettings(Struct, frozen=True):
    """The Variable's text.

    :param text: ``None`` where it does not exist
    :param elsewhere: the secrets backend that it comes from, empty where it is kept in Airflow's database: what is
        kept elsewhere can't be changed here
    """

    text: str | None
    elsewhere: str = ""

    @property
    def values(self) -> dict[str, Any]:
        """The settings as they stand there, empty where they can't be read."""
        return self._decoded or {}

    @property
    def unreadable(self) -> str | None:
        """The text where it is no JSON object."""
        return self.text if self.text and self._decoded is None else None

    @property
    def digest(self) -> str:
        """Tells one text from the next, and none from an empty one."""
        text = "none" if self.text is None else f"text {self.text}"
        return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:32]

    @property
    def _decoded(self) -> dict[str, Any] | None:
        try:
            return msgspec.json.decode(self.text or "{}", type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return None


def read_settings(variable: str) -> StoredSettings:
    """Look in the places and in the order in which Airflow looks.

    :param variable: key of the Variable
    """
    for backend in ensure_secrets_loaded():
        text = backend.get_variable(key=variable)
        if text is not None:
            known = isinstance(backend, MetastoreBackend)
            return StoredSettings(text, "" if known else type(backend).__name__)
    return StoredSettings(None)


def write_settings(session: Session, variable: str, values: dict[str, Any]) -> StoredSettings:
    """Save the settings; a description that somebody gave the Variable stays."""
    description = session.scalar(select(Variable.description).where(Variable.key == variable)) or _DESCRIPTION
    text = msgspec.json.format(msgspec.json.encode(values), indent=2).decode()
    Variable.set(variable, text, description=description, session=session)
    return StoredSettings(text)

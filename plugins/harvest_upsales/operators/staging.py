"""Larger data goes between tasks by reference: a file in object storage, its place in XCom.

The place is the option ``staging_path`` in section ``[harvest_upsales]`` of Airflow's configuration, any URL that
``ObjectStoragePath`` takes; by default a folder in Airflow's home. Whoever can't read a file any more reads the
services again, so nothing is lost with it.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from airflow.sdk import ObjectStoragePath
from airflow.sdk.configuration import conf

T = TypeVar("T")
_log = logging.getLogger(__name__)


def stage(context: Mapping[str, Any], name: str, value: Any) -> str:
    """Write ``value`` for this run; a second try overwrites it.

    :return: where it stands; empty where it could not be written
    """
    run = context["dag_run"]
    # A run id holds colons and plus signs, which not every storage takes in a name.
    folder = hashlib.sha256(f"{run.dag_id}/{run.run_id}".encode()).hexdigest()[:16]
    path = ObjectStoragePath(_root()) / folder / f"{name}.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.encode(value))
    except OSError as error:
        _log.warning("Could not stage %s (%s): later tasks ask the services again", path, error)
        return ""
    return str(path)


def staged(place: str | None, of: type[T]) -> T | None:
    """Read what was staged, ``None`` where it is gone."""
    if not place:
        return None
    try:
        return msgspec.json.decode(ObjectStoragePath(place).read_bytes(), type=of, strict=False)
    except (OSError, msgspec.DecodeError):
        return None


def clear(place: str | None) -> None:
    """Remove what was staged; safe to repeat. Tidying up never decides a run."""
    if not place:
        return
    path = ObjectStoragePath(place)
    try:
        path.unlink(missing_ok=True)
        if path.parent.exists() and not any(path.parent.iterdir()):
            path.parent.rmdir()
    except OSError as error:
        _log.warning("Could not remove %s (%s)", place, error)


def _root() -> str:
    configured = conf.get("harvest_upsales", "staging_path", fallback="")
    home = Path(os.environ.get("AIRFLOW_HOME", "~/airflow")).expanduser()
    return configured or (home / "harvest_upsales_staging").absolute().as_uri()

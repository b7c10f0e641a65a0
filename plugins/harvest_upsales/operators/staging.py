"""Larger data goes between tasks by reference: a file in object storage, its place in XCom.

The place is the option ``staging_path`` in section ``[harvest_upsales]`` of Airflow's configuration, any URL that
``ObjectStoragePath`` takes; by default a folder in Airflow's home. A task that can't read a file reads the services
again, so nothing is lost with it.

A store's driver may be missing, and each driver has errors of its own for rights and credentials. None of them may fail
a task, or hide the error that a task ends in; so whatever they raise is caught here and named in the log.
"""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from airflow.sdk import ObjectStoragePath
from airflow.sdk.configuration import conf
from msgspec import Struct

from harvest_upsales.api.rate_limit import Sent
from harvest_upsales.api.transport import Transport

T = TypeVar("T")
KEPT_FOR = timedelta(days=7)
_RUN = "run-"
_PLACE = "place"
_log = logging.getLogger(__name__)


Reference = dict[str, str]
"""What goes to XCom instead of the data; no bare URL, as Airflow's XCom object storage opens one below its own path."""


def stage(context: Mapping[str, Any], name: str, value: Any) -> Reference:
    """Write ``value`` for this run; a second try on the same day overwrites it.

    :return: where it stands; of nothing where it could not be written
    """
    run = context["dag_run"]
    today = datetime.now(UTC).date()
    # A run id holds colons and plus signs, which not every storage takes in a name.
    run_hash = hashlib.sha256(f"{run.dag_id}/{run.run_id}".encode()).hexdigest()[:16]
    try:
        root = ObjectStoragePath(_root())
        _remove_old_runs(root, today - KEPT_FOR)
        path = root / f"{_RUN}{today}-{run_hash}" / f"{name}.json"
        _make_folder(path.parent)
        path.write_bytes(msgspec.json.encode(value))
        return {_PLACE: str(path)}
    except Exception as error:  # noqa: BLE001
        _log.warning("Could not stage %s: later tasks ask the services again. %s", name, _what_to_do(error))
        return {}


def place_of(reference: Reference | str | None) -> str:
    """Where staged data stands, empty where nothing was staged; the first release handed on the place alone."""
    return reference.get(_PLACE, "") if isinstance(reference, dict) else reference or ""


def _remove_old_runs(root: ObjectStoragePath, before: date) -> None:
    """What runs left behind that never came to their end: stopped by hand, or ended on another machine's disk."""
    oldest_kept = f"{_RUN}{before}"
    for folder in root.iterdir() if root.exists() else ():
        if _RUN <= folder.name < oldest_kept:
            for file in folder.iterdir():
                clear(str(file))


def _make_folder(path: ObjectStoragePath) -> None:
    # A store of objects has no folders; asked for one, some drivers would make the bucket instead.
    if path.protocol in ("", "file", "local"):
        path.mkdir(parents=True, exist_ok=True)


def staged(place: str, of: type[T]) -> T | None:
    """Read what was staged, ``None`` where it is gone."""
    if not place:
        return None
    try:
        return msgspec.json.decode(ObjectStoragePath(place).read_bytes(), type=of, strict=False)
    except FileNotFoundError:
        return None
    except Exception as error:  # noqa: BLE001
        _log.info("Could not read what was staged: asking the services again. %s", _what_to_do(error))
        return None


class _Left(Struct, frozen=True):
    """What one task leaves of its count of requests to the next."""

    at: float
    sent: Sent


def leave_count(transport: Transport, fingerprint: str) -> None:
    """Leave what counts in the service's limits to the tasks that follow; each is a process of its own."""
    try:
        path = _count_path(fingerprint)
        _make_folder(path.parent)
        path.write_bytes(msgspec.json.encode(_Left(time.time(), transport.sent_lately())))
    except Exception as error:  # noqa: BLE001
        _log.info("Could not leave the count of requests. %s", _what_to_do(error))


def take_over_count(transport: Transport, fingerprint: str) -> None:
    """Go on counting where the task before stopped. Without it, the service's own headers have to do."""
    try:
        left = msgspec.json.decode(_count_path(fingerprint).read_bytes(), type=_Left)
    except FileNotFoundError:
        return
    except Exception as error:  # noqa: BLE001
        _log.info("Could not take over the count of requests. %s", _what_to_do(error))
        return
    transport.take_over(left.sent, max(0.0, time.time() - left.at))


def _count_path(fingerprint: str) -> ObjectStoragePath:
    return ObjectStoragePath(_root()) / f"requests-{fingerprint[:16]}.json"


def clear(place: str) -> None:
    """Remove what was staged; safe to repeat. A failure to do so never fails a run."""
    if not place:
        return
    try:
        path = ObjectStoragePath(place)
        path.unlink(missing_ok=True)
        if path.parent.exists() and not any(path.parent.iterdir()):
            path.parent.rmdir()
    except Exception as error:  # noqa: BLE001
        _log.warning("Could not remove what was staged. %s", _what_to_do(error))


def _what_to_do(error: Exception) -> str:
    """The kind of error alone: a driver's own words may hold a key or a signed address."""
    scheme = _root().partition(":")[0]
    if isinstance(error, ImportError):
        return (
            f"The driver for {scheme}:// is missing: install the provider of its store, or set [harvest_upsales] "
            "staging_path to another place."
        )
    kind = type(error).__name__
    return f"Check [harvest_upsales] staging_path ({scheme}://), the provider of its store and its rights ({kind})."


def _root() -> str:
    configured = conf.get("harvest_upsales", "staging_path", fallback="")
    home = Path(os.environ.get("AIRFLOW_HOME", "~/airflow")).expanduser()
    return configured or (home / "harvest_upsales_staging").absolute().as_uri()

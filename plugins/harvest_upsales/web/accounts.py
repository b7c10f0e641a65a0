"""Both services as the API server reaches them: with short waits, as a person sits before the answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from airflow.sdk.exceptions import AirflowNotFoundException

from harvest_upsales.errors import SetupError
from harvest_upsales.hooks.harvest_hook import HarvestHook
from harvest_upsales.hooks.upsales_hook import UpsalesHook


@contextmanager
def harvest_hook(conn_id: str) -> Iterator[HarvestHook]:
    """The hook to Harvest.

    :raises SetupError: there is no such connection, or a field of it is wrong
    """
    hook = HarvestHook(conn_id)
    hook.brief = True
    try:
        with _named(conn_id):
            yield hook
    finally:
        hook.close()


@contextmanager
def upsales_hook(conn_id: str) -> Iterator[UpsalesHook]:
    """The hook to Upsales.

    :raises SetupError: there is no such connection, or a field of it is wrong
    """
    hook = UpsalesHook(conn_id)
    hook.brief = True
    try:
        with _named(conn_id):
            yield hook
    finally:
        hook.close()


@contextmanager
def _named(conn_id: str) -> Iterator[None]:
    if "{{" in conn_id:
        raise SetupError(
            f"The DAG names its connection by a template ({conn_id}), which only a run can fill in."
        )
    try:
        yield
    except AirflowNotFoundException:
        msg = (
            f"There is no connection {conn_id} that the API server can see. Add it under Admin, Connections."
        )
        raise SetupError(msg) from None

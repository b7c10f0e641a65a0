"""``GET /api/checks``."""

from __future__ import annotations

from collections.abc import Iterator

from airflow.api_fastapi.common.db.common import SessionDep
from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.orm import Session

from harvest_upsales.errors import HarvestUpsalesError
from harvest_upsales.web.access import SetUp
from harvest_upsales.web.accounts import harvest_hook, upsales_hook
from harvest_upsales.web.airflow_lines import dag_line, pool_line, settings_line
from harvest_upsales.web.check_lines import (
    HARVEST_LINES,
    UPSALES_LINES,
    CheckLine,
    harvest_lines,
    not_reached,
    upsales_lines,
)
from harvest_upsales.web.json_answer import answer
from harvest_upsales.web.plugin_dags import PluginDag

router = APIRouter()


@router.get("/checks")
def checks(dag: SetUp, session: SessionDep) -> Response:
    """The set-up, looked at now: a list of :class:`~harvest_upsales.web.check_lines.CheckLine`. For administrators.

    Asks both services (about a dozen requests), and writes nothing.
    """
    return answer(list(_lines(dag, session)))


def _lines(dag: PluginDag, session: Session) -> Iterator[CheckLine]:
    try:
        with harvest_hook(dag.harvest_conn_id) as harvest:
            yield from list(harvest_lines(harvest.client))
    except HarvestUpsalesError as problem:
        yield from not_reached("Harvest", problem, HARVEST_LINES)
    valid, settings = settings_line(dag)
    try:
        with upsales_hook(dag.upsales_conn_id) as upsales:
            yield from list(upsales_lines(upsales.client, settings))
    except HarvestUpsalesError as problem:
        yield from not_reached("Upsales", problem, UPSALES_LINES)
    yield valid
    yield pool_line(session, dag)
    yield dag_line(dag)

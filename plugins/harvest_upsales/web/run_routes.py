"""Running and planning: ``POST /api/runs``, ``GET /api/plan``."""

from __future__ import annotations

from typing import Annotated

from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Body, HTTPException, status
from fastapi.responses import Response

from harvest_upsales.web.access import LookedAt, OwnPage, Run
from harvest_upsales.web.json_answer import answer
from harvest_upsales.web.plans import read_plan
from harvest_upsales.web.runs import start_run

router = APIRouter()


@router.post("/runs", dependencies=[OwnPage])
def start(
    user: GetUserDep, dag: Run, session: SessionDep, dry_run: Annotated[bool, Body(embed=True, strict=True)]
) -> Response:
    """Start a run over everything, ``{"dry_run": true}`` to plan only: ``{run_id, run_url}``.

    For those who may trigger the DAG. 409 where it is paused or does not load.
    """
    if dry_run and "dry_run" not in dag.takes:
        raise HTTPException(status.HTTP_409_CONFLICT, "This DAG takes no dry run: its params lack dry_run.")
    return answer(start_run(session, dag, user, {"dry_run": dry_run} if "dry_run" in dag.takes else {}))


@router.get("/plan")
def plan(dag: LookedAt, session: SessionDep, run_id: str) -> Response:
    """What a run did, or a dry run would do, as far as it has come: :class:`~harvest_upsales.web.plans.PlanAnswer`.

    :query run_id: of a run of this DAG; 404 for any other
    """
    found = read_plan(session, dag, run_id)
    if found is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, "The DAG has no such run.")
    return answer(found)

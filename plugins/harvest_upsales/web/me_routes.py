"""``GET /api/me``."""

from __future__ import annotations

from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter
from fastapi.responses import Response
from msgspec import Struct

from harvest_upsales.web.access import may_edit, may_look, may_run
from harvest_upsales.web.json_answer import answer
from harvest_upsales.web.plugin_dags import dag_ids

router = APIRouter()


class Me(Struct, frozen=True):
    """Who looks, and what they may do. Rights are those on any of the DAGs; each route asks again for its own.

    :param user: the name that Airflow knows them by
    :param dags: ids of the plugin's DAGs that they may see
    """

    user: str
    can_view: bool
    can_run: bool
    can_edit: bool
    dags: list[str]


@router.get("/me")
def me(user: GetUserDep, session: SessionDep) -> Response:
    """Who is logged in, and what they may do: :class:`Me`. 401 where nobody is."""
    seen = [dag_id for dag_id in dag_ids(session) if may_look(user, dag_id)]
    return answer(
        Me(
            user=user.get_name(),
            can_view=bool(seen),
            can_run=any(may_run(user, dag_id) for dag_id in seen),
            can_edit=any(may_edit(user, dag_id) for dag_id in seen),
            dags=seen,
        )
    )

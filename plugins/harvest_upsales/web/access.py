"""Who may do what. Every route asks Airflow's auth manager, and writes are refused to other sites' pages.

- to look: what looking at the DAG needs;
- to run and to plan: what triggering the DAG needs;
- settings, choices and checks: an administrator of Airflow, as Upsales' own Harvest app asked for one.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.managers.models.resource_details import (
    DagAccessEntity,
    DagDetails,
    VariableDetails,
)
from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import GetUserDep
from airflow.configuration import conf
from airflow.models.dag import DagModel
from fastapi import Depends, HTTPException, Request, status

from harvest_upsales.web.plugin_dags import PluginDag, find_dag

DEFAULT_DAG = "harvest_upsales"
# A page of another site can't send it: the browser would ask this server first, which allows nobody.
OWN_HEADER = "X-Harvest-Upsales"


def may_look(user: BaseUser, dag_id: str) -> bool:
    """Whether a user may see the DAG."""
    return get_auth_manager().is_authorized_dag(method="GET", details=_details(dag_id), user=user)


def may_run(user: BaseUser, dag_id: str) -> bool:
    """Whether a user may trigger the DAG."""
    return may_look(user, dag_id) and get_auth_manager().is_authorized_dag(
        method="POST", access_entity=DagAccessEntity.RUN, details=_details(dag_id), user=user
    )


def is_administrator(user: BaseUser) -> bool:
    """Whether a user is an administrator: of the simple auth manager by ``role``, of FAB's by ``roles``.

    Users of any other shape are not: what their managers mean by a role is not known here.
    """
    role = getattr(user, "role", None)
    if isinstance(role, str):
        return role.upper() == "ADMIN"
    roles = getattr(user, "roles", None)
    names = [getattr(each, "name", None) for each in roles] if isinstance(roles, list | tuple | set) else []
    return "Admin" in names


def may_edit(user: BaseUser, dag_id: str, variable: str = "") -> bool:
    """Whether a user may see and change the settings of the DAG.

    :param variable: the Variable that holds them, where it is known
    """
    if not (is_administrator(user) and may_look(user, dag_id)):
        return False
    details = VariableDetails(key=variable or None)
    return get_auth_manager().is_authorized_variable(method="PUT", details=details, user=user)


def _details(dag_id: str) -> DagDetails:
    return DagDetails(id=dag_id, team_name=DagModel.get_team_name(dag_id))


def looked_at(user: GetUserDep, session: SessionDep, dag_id: str = DEFAULT_DAG) -> PluginDag:
    """The DAG of the request, for those who may see it."""
    if not may_look(user, dag_id):
        raise _forbidden("You may not see this DAG. Ask an administrator of this Airflow.")
    return _found(session, dag_id)


def run(user: GetUserDep, session: SessionDep, dag_id: str = DEFAULT_DAG) -> PluginDag:
    """The DAG of the request, for those who may trigger it."""
    if not may_run(user, dag_id):
        raise _forbidden("You may not trigger this DAG. Ask an administrator of this Airflow.")
    return _found(session, dag_id)


def set_up(user: GetUserDep, session: SessionDep, dag_id: str = DEFAULT_DAG) -> PluginDag:
    """The DAG of the request, for administrators."""
    refusal = _forbidden("Settings and set-up need an administrator of this Airflow.")
    if not may_edit(user, dag_id):
        raise refusal
    dag = _found(session, dag_id)
    if not may_edit(user, dag_id, dag.settings_variable):
        raise refusal
    return dag


def own_page(request: Request) -> None:
    """Refuse writes that a page of another site may have made a logged-in browser send.

    Airflow's cookie is ``SameSite=Lax``, which keeps other sites' writes away; sites under the same domain are kept
    away by what is asked for here: JSON, a header of our own, and the server's own origin. A program with a token in
    its header has no cookie to abuse.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise HTTPException(
            status.HTTP_415_UNSUPPORTED_MEDIA_TYPE, "Writes are JSON (Content-Type: application/json)."
        )
    scheme, _, token = request.headers.get("authorization", "").strip().partition(" ")
    # Without a token, Airflow takes the cookie.
    if scheme.lower() == "bearer" and token.strip():
        return
    fetch_site = request.headers.get("sec-fetch-site", "same-origin")
    if OWN_HEADER not in request.headers or fetch_site != "same-origin" or not _is_own_origin(request):
        raise _forbidden("This was not sent by the page itself. Load the page again, and try once more.")


def _is_own_origin(request: Request) -> bool:
    """The origin's host is the one that was asked, or the address that Airflow is configured with."""
    origin = urlsplit(request.headers.get("origin", ""))
    own = {request.headers.get("host", ""), urlsplit(conf.get("api", "base_url", fallback="")).netloc}
    return origin.scheme in ("http", "https") and bool(origin.netloc) and origin.netloc in own


def _found(session: SessionDep, dag_id: str) -> PluginDag:
    dag = find_dag(session, dag_id)
    if dag is None:
        raise HTTPException(
            status.HTTP_404_NOT_FOUND,
            "Airflow knows no such DAG of this plugin. Has the DAG file been read yet?",
        )
    return dag


def _forbidden(message: str) -> HTTPException:
    return HTTPException(status.HTTP_403_FORBIDDEN, message)


LookedAt = Annotated[PluginDag, Depends(looked_at)]
Run = Annotated[PluginDag, Depends(run)]
SetUp = Annotated[PluginDag, Depends(set_up)]
OwnPage = Depends(own_page)

"""The settings: reading, choosing, checking, planning, saving."""

from __future__ import annotations

import json
from typing import Annotated, Any

import msgspec
from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import GetUserDep
from airflow.models.log import Log
from fastapi import APIRouter, Body, HTTPException, status
from fastapi.responses import JSONResponse, Response
from msgspec import Struct
from pydantic import AfterValidator

from harvest_upsales.errors import HarvestUpsalesError, SettingsError
from harvest_upsales.settings import KEYS, Settings, parse_settings
from harvest_upsales.web.access import OwnPage, SetUp, may_run
from harvest_upsales.web.accounts import upsales_hook
from harvest_upsales.web.choices import ChoicesAnswer, read_choices
from harvest_upsales.web.json_answer import answer
from harvest_upsales.web.plugin_dags import PluginDag
from harvest_upsales.web.runs import start_run
from harvest_upsales.web.settings_checks import unknown_to_upsales
from harvest_upsales.web.settings_form import FIELDS, Field, FieldError, problems_of
from harvest_upsales.web.settings_store import StoredSettings, read_settings, write_settings

router = APIRouter()


def _as_text(values: dict[str, Any]) -> dict[str, Any]:
    """Refuse what no JSON text holds, such as half of a surrogate pair."""
    try:
        json.dumps(values, ensure_ascii=False).encode()
    except RecursionError as error:
        raise ValueError from error
    return values


Values = Annotated[dict[str, Any], Body(embed=True), AfterValidator(_as_text)]
# Of the settings that were read before, so that nobody's later change is overwritten; without one, no such check.
Digest = Annotated[str | None, Body(embed=True)]


class SettingsAnswer(Struct, frozen=True):
    """The settings as they are saved.

    :param values: those that a run knows
    :param variable: the Airflow Variable that holds them
    :param problem: why no run would accept them, or why they can't be changed here
    :param digest: of the stored text; sent back with a plan and a save
    :param raw: the stored text, where it can't be read as a JSON object
    :param unknown_keys: keys that no run knows; a save without them drops them
    """

    values: dict[str, Any]
    fields: tuple[Field, ...]
    variable: str
    can_edit: bool
    problem: str | None
    digest: str
    exists: bool
    raw: str | None
    unknown_keys: list[str]


class Verdict(Struct, frozen=True, omit_defaults=True):
    """Whether a run would accept settings.

    :param digest: of what was saved
    """

    ok: bool
    errors: list[FieldError]
    digest: str | None = None


@router.get("/settings")
def settings(dag: SetUp) -> Response:
    """The saved settings, and how to show them: :class:`SettingsAnswer`. For administrators."""
    stored = read_settings(dag.settings_variable)
    problem = None
    try:
        parse_settings(stored.text, variable=dag.settings_variable)
    except SettingsError as error:
        problem = error.message
    if stored.elsewhere:
        problem = _elsewhere(dag, stored.elsewhere)
    return answer(
        SettingsAnswer(
            values={key: value for key, value in stored.values.items() if key in KEYS},
            fields=FIELDS,
            variable=dag.settings_variable,
            can_edit=not stored.elsewhere,
            problem=problem,
            digest=stored.digest,
            exists=stored.text is not None,
            raw=stored.unreadable,
            unknown_keys=sorted(stored.values.keys() - set(KEYS)),
        )
    )


@router.get("/choices")
def choices(dag: SetUp) -> Response:
    """What settings can be chosen from, read from Upsales now: :class:`ChoicesAnswer`. For administrators."""
    try:
        with upsales_hook(dag.upsales_conn_id) as hook:
            return answer(read_choices(hook.client))
    except HarvestUpsalesError as error:
        return answer(ChoicesAnswer(problem=error.message))


@router.post("/settings/check", dependencies=[OwnPage])
def check(dag: SetUp, values: Values) -> Response:
    """Check ``{"values": {...}}`` as a run would, ids in Upsales too: :class:`Verdict`. Saves nothing."""
    errors = _errors(dag, values)
    return answer(Verdict(not errors, errors))


@router.post("/settings/plan", dependencies=[OwnPage])
def plan(
    user: GetUserDep, dag: SetUp, session: SessionDep, values: Values, digest: Digest = None
) -> Response:
    """Start a dry run with ``{"values": {...}}`` instead of the saved settings: ``{run_id, run_url}``.

    Saves nothing. ``GET /api/plan`` tells what the run would do. 409 where the DAG can't run, or takes no settings.
    """
    if not may_run(user, dag.dag_id):
        raise HTTPException(status.HTTP_403_FORBIDDEN, "You may not trigger this DAG.")
    if "settings" not in dag.takes or "dry_run" not in dag.takes:
        raise HTTPException(
            status.HTTP_409_CONFLICT,
            "This DAG takes no settings to try: its params lack dry_run or settings.",
        )
    _refuse_stale(digest, read_settings(dag.settings_variable))
    errors = problems_of(values, variable=dag.settings_variable)
    if errors:
        return _refused(errors)
    return answer(start_run(session, dag, user, {"dry_run": True, "settings": values}))


@router.put("/settings", dependencies=[OwnPage])
def save(
    user: GetUserDep, dag: SetUp, session: SessionDep, values: Values, digest: Digest = None
) -> Response:
    """Save ``{"values": {...}}`` in the Variable, after the same checks: :class:`Verdict`.

    422 with ``{"detail": {"message": ..., "errors": [{key, message}]}}`` where a run would refuse them, 409 where the
    Variable is kept somewhere that can't be written from here, or ``digest`` is not that of what is stored.
    """
    stored = read_settings(dag.settings_variable)
    if stored.elsewhere:
        raise HTTPException(status.HTTP_409_CONFLICT, _elsewhere(dag, stored.elsewhere))
    _refuse_stale(digest, stored)
    errors = _errors(dag, values)
    if errors:
        return _refused(errors)
    keys = {*KEYS, *stored.values}
    changed = sorted(key for key in keys if values.get(key) != stored.values.get(key))
    saved = write_settings(session, dag.settings_variable, values)
    session.add(
        Log(
            event="harvest_upsales.settings",
            dag_id=dag.dag_id,
            owner=user.get_name(),
            extra=f"{dag.settings_variable}: {', '.join(changed) or 'nothing'} changed",
        )
    )
    return answer(Verdict(ok=True, errors=[], digest=saved.digest))


def _errors(dag: PluginDag, values: dict[str, Any]) -> list[FieldError]:
    """Everything that a run would refuse, also where Upsales does not answer."""
    errors = problems_of(values, variable=dag.settings_variable)
    if errors:
        return errors
    try:
        with upsales_hook(dag.upsales_conn_id) as hook:
            return unknown_to_upsales(hook.client, msgspec.convert(values, Settings))
    except HarvestUpsalesError as error:
        return [FieldError("", f"The ids can't be checked: {error.message}")]


def _refuse_stale(digest: str | None, stored: StoredSettings) -> None:
    if digest is not None and digest != stored.digest:
        raise HTTPException(
            status.HTTP_409_CONFLICT, "The settings were changed since they were read here. Load them again."
        )


def _refused(errors: list[FieldError]) -> Response:
    detail = {
        "message": " ".join(error.message for error in errors),
        "errors": [{"key": error.key, "message": error.message} for error in errors],
    }
    return JSONResponse({"detail": detail}, status_code=422)


def _elsewhere(dag: PluginDag, backend: str) -> str:
    place = (
        f"the environment variable AIRFLOW_VAR_{dag.settings_variable.upper()}"
        if backend == "EnvironmentVariablesBackend"
        else f"a secrets backend ({backend})"
    )
    return f"The settings come from {place}, which wins over what could be saved here. Change them there."

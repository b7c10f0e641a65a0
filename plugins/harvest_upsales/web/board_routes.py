"""``GET /api/board``."""

from __future__ import annotations

import hashlib

import msgspec
from airflow.api_fastapi.common.db.common import SessionDep
from fastapi import APIRouter, HTTPException, Request, status
from fastapi.responses import Response

import harvest_upsales
from harvest_upsales.domain.board_text import Contents
from harvest_upsales.web.access import LookedAt
from harvest_upsales.web.airflow_links import run_page
from harvest_upsales.web.board_answer import NewestRun, board_answer
from harvest_upsales.web.board_reader import BoardReader
from harvest_upsales.web.newest_run import newest_run

router = APIRouter()
_NONE = Contents("a", 0, "none")
_INCOMPLETE = (
    "A part of the stored board is missing. Try again; if that does not help, the next run stores it again."
)
# The last answer for each DAG, by its ETag: most requests ask for a board that was sent before.
_answers: dict[str, tuple[str, bytes]] = {}


@router.get("/board")
def board(request: Request, dag: LookedAt, session: SessionDep) -> Response:
    """Every project as the last run left it: :class:`~harvest_upsales.web.board_answer.BoardAnswer`.

    Neither service is asked. With the ``ETag`` of an earlier answer in ``If-None-Match``, 304 where nothing is new.

    503 where the store lacks a part of the board: it is being replaced right now, or somebody removed it.

    :query dag_id: the DAG, by default ``harvest_upsales``
    """
    newest = newest_run(session, dag)
    reader = BoardReader(session, dag.dag_id)
    contents = reader.contents() or _NONE
    etag = _etag(contents, newest)
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    known, body = _answers.get(dag.dag_id, ("", b""))
    if known != etag:
        body = _body(reader, dag.dag_id, contents, newest)
        _answers[dag.dag_id] = (etag, body)
    return Response(body, media_type="application/json", headers=headers)


def _etag(contents: Contents, newest: NewestRun | None) -> str:
    run = hashlib.sha256(msgspec.json.encode(newest)).hexdigest()[:16]
    return f'"{contents.digest}-{run}-{harvest_upsales.__version__}"'


def _body(reader: BoardReader, dag_id: str, contents: Contents, newest: NewestRun | None) -> bytes:
    if contents is _NONE:
        return msgspec.json.encode(board_answer(dag_id, None, None, newest))
    found = reader.board(contents)
    if found is None:
        # Neither an empty board nor half of one may pass for the board that the ETag names.
        raise HTTPException(status.HTTP_503_SERVICE_UNAVAILABLE, _INCOMPLETE, {"Retry-After": "1"})
    return msgspec.json.encode(board_answer(dag_id, found, run_page(dag_id, found.run_id), newest))

"""``GET /api/board``."""

from __future__ import annotations

import msgspec
from airflow.api_fastapi.common.db.common import SessionDep
from fastapi import APIRouter, Request
from fastapi.responses import Response

import harvest_upsales
from harvest_upsales.domain.board_text import Contents
from harvest_upsales.web.access import LookedAt
from harvest_upsales.web.airflow_links import run_page
from harvest_upsales.web.board_answer import board_answer
from harvest_upsales.web.board_reader import BoardReader

router = APIRouter()
_NONE = Contents("a", 0, "none")
# The last answer for each DAG, by the board's digest: most requests ask for a board that was sent before.
_answers: dict[str, tuple[str, bytes]] = {}


@router.get("/board")
def board(request: Request, dag: LookedAt, session: SessionDep) -> Response:
    """Every project as the last run left it: :class:`~harvest_upsales.web.board_answer.BoardAnswer`.

    Neither service is asked. With the ``ETag`` of an earlier answer in ``If-None-Match``, 304 where nothing is new.

    :query dag_id: the DAG, by default ``harvest_upsales``
    """
    reader = BoardReader(session, dag.dag_id)
    contents = reader.contents() or _NONE
    etag = f'"{contents.digest}-{harvest_upsales.__version__}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    body = _body(reader, dag.dag_id, contents)
    return Response(body, media_type="application/json", headers=headers)


def _body(reader: BoardReader, dag_id: str, contents: Contents) -> bytes:
    digest, body = _answers.get(dag_id, ("", b""))
    if digest == contents.digest and body:
        return body
    found = None if contents is _NONE else reader.board(contents)
    body = msgspec.json.encode(board_answer(dag_id, found, run_page(dag_id, found.run_id) if found else None))
    if found is not None:
        _answers[dag_id] = (contents.digest, body)
    return body

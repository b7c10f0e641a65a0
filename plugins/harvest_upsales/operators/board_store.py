"""The board between runs: in Airflow's store of asset states, where the API server reads it for the page."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from airflow.sdk import Asset
from airflow.sdk.exceptions import AirflowRuntimeError

from harvest_upsales.domain.board import Board
from harvest_upsales.domain.board_text import Contents, contents_key, contents_of, from_pieces, in_pieces

_log = logging.getLogger(__name__)


def renew_board(context: Any, assets: Sequence[Asset], renewed: Callable[[Board | None], Board]) -> None:
    """Replace the DAG's board. It is for people to look at, so a run never fails for it.

    :param context: of the task that renews it
    :param assets: the task's outlets; the first one's store holds the board
    :param renewed: makes the new board of the old one, which may be missing
    """
    try:
        store = context["asset_state_store"][assets[0]]
        dag_id = context["dag_run"].dag_id
        contents = contents_of(store.get(contents_key(dag_id)))
        _write(store, dag_id, renewed(_read(store, dag_id, contents)), contents)
    except (AirflowRuntimeError, LookupError) as error:
        # No such asset is known (a run outside the scheduler), or the store does not answer.
        _log.warning("The board is not stored (%s): the page shows the one of an earlier run", error)


def _read(store: Any, dag_id: str, contents: Contents | None) -> Board | None:
    if contents is None:
        return None
    return from_pieces(contents, [store.get(key) for key in contents.keys(dag_id)])


def _write(store: Any, dag_id: str, board: Board, before: Contents | None) -> None:
    contents, pieces = in_pieces(board, before)
    if before is not None and contents.digest == before.digest:
        return
    for key, piece in zip(contents.keys(dag_id), pieces, strict=True):
        store.set(key, piece)
    # The contents come last: until then, readers find the old board's.
    store.set(contents_key(dag_id), msgspec.to_builtins(contents))

"""The board that a DAG's last run left in Airflow's store of asset states."""

from __future__ import annotations

import json

from airflow.configuration import conf
from airflow.state import AssetScope, get_state_backend
from sqlalchemy.orm import Session

from harvest_upsales.domain.board import Board
from harvest_upsales.domain.board_text import Contents, contents_key, contents_of, from_pieces
from harvest_upsales.web.plugin_dags import opportunities_asset_id


class BoardReader:
    """Reads one DAG's board.

    :param session: of Airflow's database
    """

    def __init__(self, session: Session, dag_id: str) -> None:
        self._session = session
        self._dag_id = dag_id
        asset_id = opportunities_asset_id(session, dag_id)
        self._scope = None if asset_id is None else AssetScope(asset_id=asset_id)

    def contents(self) -> Contents | None:
        """What tells one board from the next; ``None`` where no run has stored one."""
        return contents_of(self._value(contents_key(self._dag_id)))

    def board(self, contents: Contents) -> Board | None:
        """The board, ``None`` where a part of it is missing: it is being replaced right now, or somebody removed it."""
        return from_pieces(contents, [self._value(key) for key in contents.keys(self._dag_id)])

    def _value(self, key: str) -> object:
        if self._scope is None:
            return None
        text = get_state_backend().get(self._scope, key, session=self._session)
        return None if text is None else _unwrapped(json.loads(text))


def _unwrapped(value: object) -> object:
    """A value itself, also where workers keep values elsewhere (``[workers] state_store_backend``)."""
    elsewhere = conf.getimport("workers", "state_store_backend", fallback=None)
    if elsewhere is None or not isinstance(value, dict) or len(value) != 1:
        return value
    [reference] = value.values()
    return elsewhere().deserialize_asset_state_store_from_ref(reference)

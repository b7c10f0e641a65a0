"""The board as pieces of text, small enough for Airflow's store of asset states."""

from __future__ import annotations

import base64
import binascii
import gzip
import hashlib
import zlib
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from harvest_upsales.domain.board import Board

# Airflow warns of values above 65,535 bytes.
PIECE_LENGTH = 60_000
_SLOTS = ("a", "b")


class Contents(Struct, frozen=True):
    """Where a board's pieces stand.

    :param slot: one of two places that are written in turns, so that a reader never meets half a board
    :param digest: of the board's text
    """

    slot: str
    pieces: int
    digest: str

    def keys(self, dag_id: str) -> list[str]:
        """The pieces' keys."""
        return [f"{contents_key(dag_id)}/{self.slot}{number}" for number in range(self.pieces)]


def contents_key(dag_id: str) -> str:
    """The key of a board's :class:`Contents`."""
    return f"board/{dag_id}"


def in_pieces(board: Board, before: Contents | None) -> tuple[Contents, list[str]]:
    """The board as text, in pieces.

    :param before: the contents of the board that is replaced
    """
    packed = gzip.compress(msgspec.json.encode(board), compresslevel=6, mtime=0)
    text = base64.b64encode(packed).decode()
    pieces = [text[start : start + PIECE_LENGTH] for start in range(0, len(text), PIECE_LENGTH)]
    slot = _SLOTS[1] if before is not None and before.slot == _SLOTS[0] else _SLOTS[0]
    return Contents(slot, len(pieces), _digest(text)), pieces


def from_pieces(contents: Contents, pieces: Sequence[object]) -> Board | None:
    """The board again, ``None`` where a piece is missing or of another board."""
    text = "".join(piece for piece in pieces if isinstance(piece, str))
    if len(pieces) != contents.pieces or _digest(text) != contents.digest:
        return None
    try:
        return msgspec.json.decode(gzip.decompress(base64.b64decode(text)), type=Board, strict=False)
    except (msgspec.DecodeError, binascii.Error, OSError, EOFError, zlib.error):
        return None


def contents_of(value: object) -> Contents | None:
    """Read stored contents, ``None`` for anything else."""
    try:
        return msgspec.convert(value, Contents)
    except msgspec.ValidationError:
        return None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]

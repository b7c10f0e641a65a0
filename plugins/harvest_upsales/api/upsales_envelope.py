"""Upsales wraps every answer: ``{"error": null, "metadata": .., "data": ..}``; ``/self`` says ``errors``.

Sources: Upsales' API documentation, https://api.upsales.com, and answers of the service.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Generic, TypeVar, cast

from msgspec import UNSET, Struct, UnsetType

from harvest_upsales.api.call_errors import service_words
from harvest_upsales.api.moving_lists import Completeness, latest, reread_if_moved
from harvest_upsales.api.retry_rules import Failure, Kind
from harvest_upsales.api.transport import Params, Transport
from harvest_upsales.records import json_codec
from harvest_upsales.records.upsales_records import Currency

T = TypeVar("T")
PAGE_SIZE = 2000
"""The most that the service gives."""
_DEFAULT_PAGE = 1000
"""What it gives unless it's asked for more."""
_PAGE_BYTES = 32_000_000
"""An order brings up to 65,535 characters of notes, also where nobody asks for them; a page is held in memory whole."""


class Metadata(Struct, frozen=True):
    """Of a list; missing or partial on some, for example ``/currencies``."""

    total: int | None = None


class Envelope(Struct, Generic[T], frozen=True):
    """An answer: either ``error`` or ``data`` is set."""

    error: Any = None
    errors: Any = None
    metadata: Metadata | None = None
    data: T | UnsetType | None = UNSET


class EnvelopeReader:
    """Calls that unwrap the envelope.

    :param transport: of Upsales
    """

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    def one(self, path: str, of: type[T]) -> T:
        """A single record.

        :raises NotFoundError: the service has none
        """
        return cast(T, self.transport.get_decoded(path, of=_envelope(of), check=self._fault_of_read).data)

    def sent(self, method: str, path: str, body: Any, of: type[T]) -> T:
        """The record as the service holds it after a write.

        :param body: what is sent, or what makes it right before each try
        :raises AnswerLostError: it may have taken effect; look it up before sending it again
        """
        answer = self.transport.write_decoded(
            method,
            path,
            lambda: json_codec.encode(body() if callable(body) else body),
            of=_envelope(of),
            check=self._fault_of_write,
        )
        return cast(T, answer.data)

    def small_list(self, path: str, of: type[T]) -> list[T]:
        """A list of settings, such as stages: usually one request, of at most 1,000 records.

        :raises IncompleteListError: it moved each time that it was read
        """
        return reread_if_moved(lambda: self._small_list(path, of))

    def _small_list(self, path: str, of: type[T]) -> list[T]:
        """Read it once, by offset. Offsets shift where a record goes, and the order of such lists is not promised."""
        completeness = Completeness("Upsales", f"GET {path}")
        found, total = self._page(path, (), of)
        completeness.page(map(_key, found), total)
        read = len(found)
        while read < total if total is not None else read and not read % _DEFAULT_PAGE:
            offset = (("limit", str(_DEFAULT_PAGE)), ("offset", str(read)))
            more, total = self._page(path, offset, of)
            completeness.page(map(_key, more), total)
            if not more:
                break
            read += len(more)
            found += more
        completeness.end()
        return latest(found, _key)

    def sweep(
        self, path: str, filters: Params, of: type[T], *, after: int = 0, most: int | None = None
    ) -> Iterator[T]:
        """A long list in the order of ids, each page when it's asked for.

        Lists without ``sort`` have no order, and offsets shift while others write: the documentation advises
        ``sort=id`` with ``id=gt:`` the last one. Nothing that is there all along can be missed that way, whatever is
        added, changed or deleted meanwhile.

        :param path: of the list
        :param filters: ``(attribute, "operator:value")``; a repeated attribute must hold twice
        :param of: records with an ``id``
        :param after: only records with a higher id
        :param most: records a page, fewer than the service allows
        :raises IncompleteListError: the ids don't grow, or the service says that there is more and gives none
        """
        most = most or PAGE_SIZE
        last, size = after, min(most, _DEFAULT_PAGE)
        completeness = Completeness("Upsales", f"GET {path}")
        while True:
            beyond = (("id", f"gt:{last}"),) if last else ()
            received = self.transport.stats.received_bytes
            page, total = self._page(path, (*filters, ("sort", "id"), ("limit", str(size)), *beyond), of)
            received = self.transport.stats.received_bytes - received
            for record in page:
                if _id(record) <= last:
                    raise completeness.error("it is not in the order of ids")
                last = _id(record)
                yield record
            found = len(page)
            # Pages can be large: one is let go before the next one comes.
            del page
            if not found and total:
                raise completeness.error(f"{total} more records are said to be there, and none came")
            if _is_last(found, total):
                return
            size = min(most, _within_memory(found, received))

    def _page(self, path: str, params: Params, of: type[T]) -> tuple[list[T], int | None]:
        kind = _envelope(list[of])  # type: ignore[valid-type]
        envelope = self.transport.get_decoded(path, params, of=kind, check=self._fault_of_read)
        return cast("list[T]", envelope.data), envelope.metadata.total if envelope.metadata else None

    def _fault_of_read(self, envelope: Envelope[Any]) -> Failure | None:
        return fault_of_read(envelope, self.transport.secrets)

    def _fault_of_write(self, envelope: Envelope[Any]) -> Failure | None:
        return fault_of_write(envelope, self.transport.secrets)


def _within_memory(found: int, received: int) -> int:
    """How many records the next page may have, by what those of the page before took.

    :param found: records of that page
    :param received: bytes of it
    """
    return max(1, _PAGE_BYTES * found // max(1, received))


def _is_last(found: int, total: int | None) -> bool:
    """Whether a page ends its list: it holds all that is left, or, without a total, nothing.

    A service may answer with fewer than were asked for, so a page that is not full says nothing.
    """
    return not found if total is None else found >= total


def fault_of_read(envelope: Envelope[Any], secrets: Iterable[str]) -> Failure | None:
    """What is wrong with an answer of status 200 to a read, if anything; null data means no such record."""
    if envelope.data is None and not (envelope.error or envelope.errors):
        return Failure(Kind.NOT_FOUND, 200)
    return fault_of_write(envelope, secrets)


def fault_of_write(envelope: Envelope[Any], secrets: Iterable[str]) -> Failure | None:
    """What is wrong with an answer of status 200 to a write, if anything; without data its effect is open."""
    error = envelope.error or envelope.errors
    if error:
        return Failure(Kind.REJECTED, 200, detail=service_words(json_codec.encode({"error": error}), secrets))
    if envelope.data is UNSET or envelope.data is None:
        return Failure(Kind.MISSHAPEN, 200, detail="no `data` in it")
    return None


def _envelope(of: Any) -> type[Envelope[Any]]:
    return Envelope[of]


def _id(record: Any) -> int:
    return int(record.id)


def _key(record: Any) -> Any:
    """Currencies have no id."""
    return record.iso if isinstance(record, Currency) else record.id

"""Upsales wraps every answer: ``{"error": null, "metadata": .., "data": ..}``; ``/self`` says ``errors``.

Sources: Upsales' API documentation, https://api.upsales.com, and answers of the service.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Generic, TypeVar, cast

from msgspec import UNSET, Struct, UnsetType

from harvest_upsales.api.call_errors import service_words
from harvest_upsales.api.retry_rules import Failure, Kind
from harvest_upsales.api.transport import Params, Transport
from harvest_upsales.errors import UnexpectedAnswerError
from harvest_upsales.records import json_codec

T = TypeVar("T")
PAGE_SIZE = 2000
"""The most that the service gives."""


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

        :raises AnswerLostError: it may have taken effect; look it up before sending it again
        """
        sent = json_codec.encode(body)
        answer = self.transport.write_decoded(
            method, path, sent, of=_envelope(of), check=self._fault_of_write
        )
        return cast(T, answer.data)

    def small_list(self, path: str, of: type[T]) -> list[T]:
        """A list of settings, such as stages: usually one request, of at most 1,000 records."""
        found, total = self._page(path, (), of)
        while found and total is not None and len(found) < total:
            more, total = self._page(path, (("limit", "1000"), ("offset", str(len(found)))), of)
            if not more:
                break
            found += more
        return found

    def sweep(self, path: str, filters: Params, of: type[T]) -> Iterator[T]:
        """A long list in the order of ids, each page when it's asked for.

        Lists without ``sort`` have no order, and offsets shift while others write: the documentation advises
        ``sort=id`` with ``id=gt:`` the last one.

        :param path: of the list
        :param filters: ``(attribute, "operator:value")``; a repeated attribute must hold twice
        :param of: records with an ``id``
        :raises UnexpectedAnswerError: the ids don't grow
        """
        last = 0
        while True:
            after = (("id", f"gt:{last}"),) if last else ()
            page, total = self._page(path, (*filters, ("sort", "id"), ("limit", str(PAGE_SIZE)), *after), of)
            for record in page:
                if _id(record) <= last:
                    raise UnexpectedAnswerError(
                        f"Upsales GET {path}: the list is not in the order of ids, so it can't be read as a "
                        "whole. Nothing was guessed; retry, and report this as a bug if it lasts.",
                        service="Upsales",
                        call=f"GET {path}",
                    )
                last = _id(record)
                yield record
            if _is_last(len(page), total):
                return

    def _page(self, path: str, params: Params, of: type[T]) -> tuple[list[T], int | None]:
        kind = _envelope(list[of])  # type: ignore[valid-type]
        envelope = self.transport.get_decoded(path, params, of=kind, check=self._fault_of_read)
        return cast("list[T]", envelope.data), envelope.metadata.total if envelope.metadata else None

    def _fault_of_read(self, envelope: Envelope[Any]) -> Failure | None:
        return fault_of_read(envelope, self.transport.secrets)

    def _fault_of_write(self, envelope: Envelope[Any]) -> Failure | None:
        return fault_of_write(envelope, self.transport.secrets)


def _is_last(found: int, total: int | None) -> bool:
    """Whether a page ends its list: it holds all that is left, or, without a total, it is not full.

    A service that answers with fewer than were asked for says so in its total.
    """
    if total is None:
        return found < PAGE_SIZE
    return not found or found >= total


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

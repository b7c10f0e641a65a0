"""Detects lists that change while they are read, and reads them again from the start.

Both services list by page, and people go on working between two pages. A record that is added or changed meanwhile is
read as it was or as it became, as if the reading had been a moment earlier or later. But one that is deleted, or that
moves to another place of a numbered list, makes the ones behind it slide to a page that was read already: a record
that was there all the time would be missing, and a sum too small.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from harvest_upsales.errors import IncompleteListError

T = TypeVar("T")
ATTEMPTS = 4
"""How often a list is read before the task gives up and is tried again later."""
_log = logging.getLogger(__name__)


def reread_if_moved(read: Callable[[], T]) -> T:
    """Read a list to its end; if it changed meanwhile, read it again from the start.

    :param read: reads it once, each time into a new accumulator, as the result of an aborted reading is
        discarded. A record may come twice in one reading; the later one is right, see ``latest``
    :raises IncompleteListError: it moved each time
    """
    for attempt in range(1, ATTEMPTS):
        try:
            return read()
        except IncompleteListError as moved:
            _log.info(
                "%s %s could not be read as a whole; reading it again (%d of %d)",
                moved.service,
                moved.call,
                attempt + 1,
                ATTEMPTS,
            )
    return read()


def latest(records: Iterable[T], key: Callable[[T], Any]) -> list[T]:
    """Each record once, in the state in which it came last."""
    return list({key(record): record for record in records}.values())


class Completeness:
    """Whether a reading held every record that was there all along. Only ids are remembered, never the records.

    :param service: for the error
    :param call: for the error
    """

    def __init__(self, service: str, call: str) -> None:
        self._service, self._call = service, call
        self._seen: set[Any] = set()
        self._first_total: int | None = None
        self._last_total: int | None = None

    def page(self, keys: Iterable[Any], total: int | None) -> None:
        """Note one page.

        :param keys: of its records
        :param total: how many records the service says the whole list has now; ``None`` where it does not say
        :raises IncompleteListError: records disappeared while the list was read
        """
        self._seen.update(keys)
        if total is None:
            return
        if self._last_total is not None and total < self._last_total:
            raise self.error(f"{self._last_total - total} records disappeared while its pages were read")
        if self._first_total is None:
            self._first_total = total
        self._last_total = total

    def end(self) -> None:
        """Compare what was read with what the service said was there.

        :raises IncompleteListError: records are missing
        """
        # Records that were added since need not be among them: the next reading has them.
        if self._first_total is not None and len(self._seen) < self._first_total:
            raise self.error(f"{len(self._seen)} of {self._first_total} records came")

    def error(self, what: str) -> IncompleteListError:
        """The error that says what was noticed, and what happens next."""
        return IncompleteListError(
            f"{self._service} {self._call}: the list can't be read as a whole: {what}. The incomplete list was not "
            "used. A retry reads it again; if it lasts, run this when fewer people change it.",
            service=self._service,
            call=self._call,
        )

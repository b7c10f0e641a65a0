"""The lines of the newest time entries, as many as notes can take, out of entries in any order."""

from __future__ import annotations

import datetime as dt
from sys import intern

from harvest_upsales.domain.entry_line import INVISIBLE_KEPT, LINE_LIMIT, hours_in_words, line
from harvest_upsales.domain.notes import NOTES_LIMIT
from harvest_upsales.records.bounds import one_line
from harvest_upsales.records.harvest_records import TimeEntry

_TIME_TO_CUT = NOTES_LIMIT + NOTES_LIMIT // 32

# Day and id in one number, the newest entry's the highest; then what a line says: hours, task, person, and the
# entry's own notes in UTF-8, which takes up to a quarter of the memory that text takes.
_Kept = tuple[int, str, str, str, bytes]


class NewestLines:
    """Takes in entries in any order and keeps what the newest ones' lines say, as far as notes can ever take them."""

    __slots__ = ("_kept", "_oldest", "_size")

    def __init__(self) -> None:
        self._kept: list[_Kept] = []
        self._oldest = 0
        # Close enough to know when it is time to measure and cut.
        self._size = 0

    def add(self, entry: TimeEntry) -> None:
        """Keep the entry, unless newer ones fill the notes."""
        place = _place_of(entry.spent_date, entry.id)
        if place < self._oldest:
            return
        task = entry.task.name if entry.task is not None else ""
        user = entry.user.name if entry.user is not None else ""
        notes = entry.notes or ""
        if len(notes) > LINE_LIMIT:
            notes = one_line(notes, keep=INVISIBLE_KEPT)[:LINE_LIMIT]
        # Names come again with every entry; one copy of each will do.
        try:
            said = notes.encode()
        except UnicodeEncodeError:
            said = notes.encode(errors="surrogatepass")
        self._kept.append((place, hours_in_words(entry.rounded_hours), intern(task), intern(user), said))
        self._size += len(said) + len(task) + len(user) + 24
        if self._size > _TIME_TO_CUT:
            self._cut()

    def fresh(self) -> NewestLines:
        """Empty; leaves out what the entries that are here would push out anyway."""
        other = NewestLines()
        other._oldest = self._oldest
        return other

    def newest_first(self) -> tuple[bytes, ...]:
        """The lines, as many as can ever fit."""
        self._kept.sort(reverse=True)
        lines, room = [], NOTES_LIMIT
        for kept in self._kept:
            place, hours, task, user, said = kept
            text = line(_day_at(place), hours, task, user, said.decode(errors="surrogatepass")).encode()
            room -= len(text) + 1
            if room < 0:
                break
            lines.append(text)
        return tuple(lines)

    def of_days(self, first: dt.date, last: dt.date) -> NewestLines:
        """The part of some days, both included."""
        part = NewestLines()
        lowest, highest = _place_of(first), _place_of(last + dt.timedelta(days=1))
        part._kept = [each for each in self._kept if lowest <= each[0] < highest]
        return part

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NewestLines) and self.newest_first() == other.newest_first()

    __hash__ = None  # type: ignore[assignment]

    def __iadd__(self, other: NewestLines) -> NewestLines:
        self._kept += other._kept
        self._size += other._size
        self._oldest = max(self._oldest, other._oldest)
        if self._size > _TIME_TO_CUT:
            self._cut()
        return self

    def _cut(self) -> None:
        """Measure the lines and drop what can't fit."""
        fitting = len(self.newest_first())
        if fitting < len(self._kept):
            del self._kept[fitting:]
            self._oldest = max(self._oldest, self._kept[-1][0] if self._kept else 0)
        # Measured again only once more has come, also where nothing had to go.
        self._size = NOTES_LIMIT


def _place_of(day: dt.date, entry_id: int = 0) -> int:
    """Where an entry stands among all: later days and, on one day, newer entries have higher numbers."""
    return day.toordinal() << 64 | entry_id


def _day_at(place: int) -> dt.date:
    """The day that :func:`_place_of` put there."""
    return dt.date.fromordinal(place >> 64)

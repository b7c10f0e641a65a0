"""The time entries in an opportunity's notes, between two marker lines; the rest of the notes is people's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import accumulate, takewhile
from sys import intern

from harvest_upsales.domain.money import plain
from harvest_upsales.records.harvest_records import TimeEntry

START = "--- Time entries from Harvest ---"
END = "--- End of time entries from Harvest ---"

# The field takes 65,535; whether it counts characters or bytes is not documented, so bytes, the stricter reading.
NOTES_LIMIT = 65_535
_TIME_TO_CUT = NOTES_LIMIT + NOTES_LIMIT // 32
LINE_LIMIT = 1_000


@dataclass(frozen=True, slots=True)
class ListedTime:
    """The entries that notes list.

    :param lines: of the newest entries in UTF-8, newest first, at least as far as notes can take them
    :param number: of all entries, those without a line here too
    """

    lines: tuple[bytes, ...]
    number: int

    @classmethod
    def of(cls, entries: Iterable[TimeEntry]) -> ListedTime:
        """A line for each entry, in the order given."""
        lines = tuple(line_of(entry).encode() for entry in entries)
        return cls(lines, len(lines))


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
        place = entry.spent_date.toordinal() << 64 | entry.id
        if place < self._oldest:
            return
        task = entry.task.name if entry.task is not None else ""
        user = entry.user.name if entry.user is not None else ""
        notes = entry.notes or ""
        if len(notes) > LINE_LIMIT:
            notes = _one_line(notes)[:LINE_LIMIT]
        # Names come again with every entry; one copy of each will do.
        try:
            said = notes.encode()
        except UnicodeEncodeError:
            said = notes.encode(errors="surrogatepass")
        self._kept.append((place, _hours(entry.rounded_hours), intern(task), intern(user), said))
        self._size += len(said) + len(task) + len(user) + 24
        if self._size > _TIME_TO_CUT:
            self._cut()

    def another(self) -> NewestLines:
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
            line = _line(place, hours, task, user, said.decode(errors="surrogatepass")).encode()
            room -= len(line) + 1
            if room < 0:
                break
            lines.append(line)
        return tuple(lines)

    def of_days(self, first: dt.date, last: dt.date) -> NewestLines:
        """The part of some days, both included."""
        part = NewestLines()
        lowest, highest = first.toordinal() << 64, (last.toordinal() + 1) << 64
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


@dataclass(frozen=True, slots=True)
class SplitNotes:
    """Notes as people's text before and after our block; ``block`` is ``None`` where there is none."""

    before: str
    block: str | None
    after: str


def split(notes: str | None) -> SplitNotes:
    """Find our block: the last start marker that has an end marker below, up to the first such, each on its own line.

    No line in between is ever an end marker, so whatever stands below the first one is people's text. Where somebody
    removed one of the two lines, nothing is known to be ours and all of it is people's text.
    """
    lines = _sendable(notes or "").replace("\r\n", "\n").split("\n")
    last_end = _last_index(lines, END, len(lines))
    start = _last_index(lines, START, last_end) if last_end is not None else None
    if start is None:
        return SplitNotes(_trimmed(lines), None, "")
    end = next(i for i in range(start, len(lines)) if lines[i].strip() == END)
    return SplitNotes(
        before=_trimmed(lines[:start]),
        block="\n".join(lines[start : end + 1]),
        after=_trimmed(lines[end + 1 :]),
    )


def with_entries(notes: str | None, listed: ListedTime) -> str:
    """People's notes with a block that lists the time entries.

    :param notes: as they are now; text outside the markers is kept
    :param listed: newest first, as they will be listed
    :return: at most :data:`NOTES_LIMIT` bytes; how many entries did not fit is said in the block's last line
    """
    parts = split(notes)
    room = NOTES_LIMIT - _size(_join(parts.before, "", parts.after)) - 4
    return _join(parts.before, _block(listed, room), parts.after)


def without_entries(notes: str | None) -> str:
    """People's notes alone."""
    parts = split(notes)
    return _join(parts.before, "", parts.after)


def listed_lines(notes: str | None) -> list[str]:
    """The lines of our block, markers left out; none where there is no block."""
    block = split(notes).block
    return [] if block is None else block.split("\n")[1:-1]


def same_notes(one: str | None, other: str | None) -> bool:
    """Whether two notes say the same; Upsales trims strings, and line ends vary."""
    return _normal(one) == _normal(other)


def _normal(notes: str | None) -> str:
    return "\n".join(line.rstrip() for line in (notes or "").replace("\r\n", "\n").strip().split("\n"))


def _block(listed: ListedTime, room: int) -> str:
    frame = _size("\n".join((START, _left_out(listed.number), END))) + 1
    if room < frame:
        return ""
    sizes = accumulate((len(line) + 1 for line in listed.lines), initial=frame)
    fitting = sum(1 for _ in takewhile(lambda size: size <= room, sizes)) - 1
    tail = [_left_out(listed.number - fitting)] if fitting < listed.number else []
    return "\n".join([START, *(line.decode() for line in listed.lines[:fitting]), *tail, END])


def _left_out(number: int) -> str:
    return f"{number} older time entries are left out."


def line_of(entry: TimeEntry) -> str:
    """One entry on one line; whatever people typed stays text on that line."""
    return _line(
        entry.spent_date.toordinal() << 64,
        _hours(entry.rounded_hours),
        entry.task.name if entry.task is not None else "",
        entry.user.name if entry.user is not None else "",
        entry.notes or "",
    )


def _line(place: int, *said: str) -> str:
    text = " | ".join((dt.date.fromordinal(place >> 64).isoformat(), *filter(None, said)))
    if not text.isprintable() or "  " in text or text[-1] == " ":
        text = _one_line(text)
    return text if len(text) <= LINE_LIMIT else text[: LINE_LIMIT - 1] + "…"


def _one_line(text: str) -> str:
    # A lone surrogate can't be sent as UTF-8, and a control character has no place in a line of text.
    text = " ".join(text.split())
    return "".join(c for c in text if c.isprintable() or c in "\u200d\u200e\u200f").strip()


@lru_cache(maxsize=1024)
def _hours(hours: Decimal) -> str:
    return f"{plain(hours)} h"


def _trimmed(lines: Sequence[str]) -> str:
    """Lines of people's text without the blank ones around them."""
    return "\n".join(lines).rstrip().lstrip("\n")


def _sendable(text: str) -> str:
    """A lone surrogate can't be sent as UTF-8; everything else in people's text can."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _size(text: str) -> int:
    return len(text.encode())


def _join(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)


def _last_index(lines: Sequence[str], marker: str, below: int) -> int | None:
    return next((i for i in range(below - 1, -1, -1) if lines[i].strip() == marker), None)

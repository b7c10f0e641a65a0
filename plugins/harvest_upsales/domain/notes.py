"""The time entries in an opportunity's notes, between two marker lines; the rest of the notes is people's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, takewhile

from harvest_upsales.domain.entry_line import line_of
from harvest_upsales.records.harvest_records import TimeEntry

START = "--- Time entries from Harvest ---"
END = "--- End of time entries from Harvest ---"

# The field takes 65,535; whether it counts characters or bytes is not documented, so bytes, the stricter reading.
NOTES_LIMIT = 65_535


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

"""Which of the entries that were saved lately are not in their opportunity yet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from harvest_upsales.domain.entry_line import line_of
from harvest_upsales.domain.notes import listed_lines
from harvest_upsales.domain.uninvoiced_time import why_not_billed, why_not_counted
from harvest_upsales.records.harvest_records import Project, TimeEntry


@dataclass(frozen=True, slots=True)
class IdleProject:
    """A project that makes no opportunity, or whose changed time makes none, and why."""

    project_id: int
    project: str
    reason: str


def not_billed(projects: Iterable[Project]) -> list[IdleProject]:
    """The active ones that get no opportunity at all."""
    return [
        IdleProject(project.id, project.name, why)
        for project in projects
        if project.is_active and (why := why_not_billed(project)) is not None
    ]


@dataclass(frozen=True, slots=True)
class ChangedTime:
    """Entries of a window by project, less those that an opportunity lists in its notes as they are now.

    Windows overlap, so most of what a run sees, the run before has written already. What an opportunity lists and
    what adds up to Harvest's own sum needs no second look.

    :param unlisted: a hash of each counted entry's line in the notes, by project id
    :param uncounted: why entries of the window do not count, by project id and name
    """

    unlisted: dict[int, set[int]]
    uncounted: dict[tuple[int, str], set[str]]

    @classmethod
    def of(cls, entries: Iterable[TimeEntry], *, approved_only: bool) -> ChangedTime:
        """All projects with entries in the window."""
        unlisted: defaultdict[int, set[int]] = defaultdict(set)
        uncounted: defaultdict[tuple[int, str], set[str]] = defaultdict(set)
        for entry in entries:
            why = why_not_counted(entry, approved_only=approved_only)
            if why is None:
                unlisted[entry.project.id].add(hash(line_of(entry)))
            else:
                uncounted[entry.project.id, entry.project.name].add(why)
        return cls(dict(unlisted), dict(uncounted))

    def cross_off(self, project_id: int, notes: str | None) -> None:
        """Take off what an opportunity of the project lists."""
        lines = self.unlisted.get(project_id)
        if lines:
            lines.difference_update(hash(line) for line in listed_lines(notes))

    def projects(self) -> set[int]:
        """Projects with counted time that no opportunity lists."""
        return {project_id for project_id, lines in self.unlisted.items() if lines}

    def idle(self) -> list[IdleProject]:
        """Projects none of whose entries in the window counts."""
        return [
            IdleProject(project_id, name, ", ".join(sorted(reasons)))
            for (project_id, name), reasons in sorted(self.uncounted.items())
            if project_id not in self.unlisted
        ]

"""A Harvest account's time entries: a mapping that also finds those of one project at once."""

from collections import UserDict, defaultdict
from collections.abc import ValuesView

from sandbox.jsonio import Record


class TimeEntries(UserDict[int, Record]):
    """Entries by id. Whoever moves an entry to another project puts it in again: ``entries[id] = entry``."""

    def __init__(self) -> None:
        self._by_project: defaultdict[int, dict[int, Record]] = defaultdict(dict)
        self._project_of: dict[int, int] = {}
        super().__init__()

    def __setitem__(self, entry_id: int, entry: Record) -> None:
        self._forget(entry_id)
        self.data[entry_id] = entry
        self._project_of[entry_id] = project_id = entry["project"]["id"]
        self._by_project[project_id][entry_id] = entry

    def __delitem__(self, entry_id: int) -> None:
        del self.data[entry_id]
        self._forget(entry_id)

    def values(self) -> ValuesView[Record]:
        """Of the dictionary itself, which is many times faster than one look-up each."""
        return self.data.values()

    def of_project(self, project_id: int) -> list[Record]:
        return list(self._by_project[project_id].values()) if project_id in self._by_project else []

    def _forget(self, entry_id: int) -> None:
        if entry_id in self._project_of:
            del self._by_project[self._project_of.pop(entry_id)][entry_id]

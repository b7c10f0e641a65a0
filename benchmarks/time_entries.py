"""Time entries as Harvest sends them, 1.35 KB each, in one buffer from which any page is a slice."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

NEWEST = dt.date(2026, 10, 30)
FIRST_PROJECT = 14307000
RATES = ("950.0", "1100.0", "1250.5")
NOTES = (
    "Workshop with the customer about the new order flow, wrote up the decisions and the open questions, and sent "
    "the minutes round. Afterwards went through the integration's error list together with operations; two of the "
    "cases are ours and are put on the board, the third is the supplier's."
)


@dataclass(frozen=True)
class Slice:
    """Entries ``first`` up to, but not including, ``end``."""

    first: int
    end: int


class TimeEntries:
    """A made account: entries of ``projects`` projects, newest first, evenly over the working days before ``NEWEST``.

    :param number: of entries
    :param projects: among which they are divided in turn
    :param a_day: entries a day
    """

    def __init__(self, number: int, projects: int, a_day: int = 400) -> None:
        self.number = number
        self.projects = projects
        parts, self._offsets, self._ordinals = [], [0], []
        self._hours: defaultdict[int, Decimal] = defaultdict(Decimal)
        self._amounts: defaultdict[int, Decimal] = defaultdict(Decimal)
        offset = 0
        for position in range(number):
            day = NEWEST - dt.timedelta(days=position // a_day)
            text = _entry(number - position, day, position % projects, projects)
            parts.append(text)
            offset += len(text) + 1
            self._offsets.append(offset)
            # Days go down; negated they go up, which is what bisect wants.
            self._ordinals.append(-day.toordinal())
            if _is_billable(number - position):
                hours = Decimal(_hours(number - position))
                self._hours[position % projects] += hours
                self._amounts[position % projects] += hours * Decimal(_rate(number - position))
        self._buffer = memoryview(b",".join(parts) + b",")

    def within(self, first_day: dt.date | None, last_day: dt.date | None) -> Slice:
        """The entries of some days, both included."""
        first = 0 if last_day is None else bisect_left(self._ordinals, -last_day.toordinal())
        end = self.number if first_day is None else bisect_right(self._ordinals, -first_day.toordinal())
        return Slice(first, max(first, end))

    def sums(self, projects: int) -> tuple[Decimal, Decimal]:
        """Billable hours and their amount, of the first projects together."""
        chosen = range(projects)
        return sum(map(self._hours.__getitem__, chosen), Decimal(0)), sum(
            map(self._amounts.__getitem__, chosen), Decimal(0)
        )

    def of_project(self, project_id: int) -> tuple[int, bytes]:
        """How many entries a project has, and all of them as they stand in a page."""
        positions = range(project_id - FIRST_PROJECT, self.number, self.projects)
        texts = [bytes(self.text(Slice(position, position + 1))) for position in positions]
        return len(texts), b",".join(texts)

    def text(self, of: Slice) -> memoryview:
        """The entries as they stand in a page, without the brackets."""
        if of.first >= of.end:
            return self._buffer[:0]
        return self._buffer[self._offsets[of.first] : self._offsets[of.end] - 1]


def _hours(entry_id: int) -> str:
    return f"{(entry_id % 32 + 1) * 0.25}"


def _rate(entry_id: int) -> str:
    return RATES[entry_id % len(RATES)]


def _is_billable(entry_id: int) -> bool:
    return entry_id % 10 != 0


def _entry(entry_id: int, day: dt.date, project: int, projects: int) -> bytes:
    billable = _is_billable(entry_id)
    client = project % max(1, projects // 4)
    person = entry_id % 40
    hours = _hours(entry_id)
    stamp = f"{day}T16:04:{entry_id % 60:02d}Z"
    rate = _rate(entry_id) if billable else "null"
    return (
        f'{{"id":{636000000 + entry_id},"spent_date":"{day}","hours":{hours},"hours_without_timer":{hours},'
        f'"rounded_hours":{hours},"notes":"{NOTES}","is_locked":false,"locked_reason":null,'
        f'"approval_status":"unsubmitted","is_closed":false,"is_billed":false,"timer_started_at":null,'
        f'"started_time":null,"ended_time":null,"is_running":false,"billable":{str(billable).lower()},'
        f'"budgeted":true,"billable_rate":{rate},"cost_rate":520.0,'
        f'"created_at":"{stamp}","updated_at":"{stamp}",'
        f'"user":{{"id":{1782000 + person},"name":"Konsult Nummer {person}"}},'
        f'"client":{{"id":{5735000 + client},"name":"Kund {client} i Norden AB","currency":"SEK"}},'
        f'"project":{{"id":{FIRST_PROJECT + project},"name":"Projekt {project}, orderportal","code":"P{project}"}},'
        f'"task":{{"id":{8083000 + entry_id % 5},"name":"Utveckling och test"}},'
        f'"user_assignment":{{"id":{125068000 + person},"is_project_manager":false,"is_active":true,'
        f'"use_default_rates":true,"budget":null,"created_at":"{stamp}","updated_at":"{stamp}","hourly_rate":100.0}},'
        f'"task_assignment":{{"id":{155502000 + entry_id % 5},"billable":true,"is_active":true,'
        f'"created_at":"{stamp}","updated_at":"{stamp}","hourly_rate":100.0,"budget":null}},'
        f'"invoice":null,"external_reference":null}}'
    ).encode()

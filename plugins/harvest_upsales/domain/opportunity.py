"""What a project's opportunity should say."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from harvest_upsales.domain.keys import HarvestKey, Month
from harvest_upsales.domain.money import Row, exact_sum, plain, total
from harvest_upsales.domain.pricing import rows_of_time
from harvest_upsales.domain.time_sums import NO_TIME, CountedTime
from harvest_upsales.records.harvest_records import Project
from harvest_upsales.settings import OpportunityPer

DESCRIPTION_LIMIT = 130


@dataclass(frozen=True, slots=True)
class Desired:
    """An opportunity as Harvest's time wants it: computed whole, from all uninvoiced time, every time."""

    key: HarvestKey
    project: Project
    rows: tuple[Row, ...]
    time: CountedTime

    @property
    def currency(self) -> str:
        """The Harvest client's currency."""
        return self.project.client.currency

    @property
    def amount(self) -> Decimal:
        """The value, rounded once to the currency's minor unit."""
        return total(self.rows, self.currency)

    @property
    def amounts_by_month(self) -> dict[str, Decimal]:
        """The same value by month of ``spent_date``, not rounded; a fixed fee stands in its first."""
        if not self.rows or not self.time.months:
            return {}
        if self.project.is_fixed_fee:
            return {str(self.key.month or self.time.months[0]): self.amount}
        return {
            str(month): plain(
                exact_sum(Row(hours, rate).amount for rate, hours in by_rate.items() if rate is not None)
            )
            for month, by_rate in self.time.hours_by_month.items()
        }

    @property
    def description(self) -> str:
        """Client, project, code (and month), within :data:`DESCRIPTION_LIMIT` characters."""
        return describe_opportunity(self.project, self.key.month)

    @property
    def date(self) -> dt.date:
        """The project's end date, else the day of the newest entry.

        :raises ValueError: there is neither; an opportunity without time is never created
        """
        day = self.project.ends_on or self.time.newest_day
        if day is None:
            msg = f"{self.key} has neither an end date nor time"
            raise ValueError(msg)
        return day


def describe_opportunity(project: Project, month: Month | None) -> str:
    """The description; where it is too long, the names are cut and the code and the month stay."""
    code = _clip(" ".join(f"({project.code})".split()), DESCRIPTION_LIMIT // 2) if project.code else ""
    tail = " ".join(part for part in (code, str(month or "")) if part)
    room = DESCRIPTION_LIMIT - len(tail) - 1 if tail else DESCRIPTION_LIMIT
    head = _clip(" ".join(f"{project.client.name} – {project.name}".split()), room)
    return f"{head} {tail}" if tail else head


def _clip(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def desired_opportunities(
    account_id: str,
    project: Project,
    time: CountedTime,
    *,
    per: OpportunityPer,
    existing: Iterable[HarvestKey] = (),
) -> tuple[Desired, ...]:
    """Every opportunity a project should have.

    :param time: all of the project's time that counts
    :param existing: keys of the project's opportunities in Upsales; one whose time is gone is wanted with no rows
    :raises ProjectError: the project's time can't be priced
    """
    if per is OpportunityPer.PROJECT:
        key = HarvestKey(account_id, project.id)
        known = list(existing)
        return (
            (Desired(key, project, rows_of_time(project, time), time),) if time.number or key in known else ()
        )
    if project.is_fixed_fee:
        return tuple(_desired_fee(account_id, project, time, existing))
    return tuple(_desired_month(account_id, project, time, month) for month in _months(time, existing))


def _desired_month(account_id: str, project: Project, time: CountedTime, month: Month) -> Desired:
    """A month's part of the time."""
    part = time.within(month)
    return Desired(HarvestKey(account_id, project.id, month), project, rows_of_time(project, part), part)


def _months(time: CountedTime, existing: Iterable[HarvestKey]) -> Sequence[Month]:
    return sorted({*time.months, *(key.month for key in existing if key.month)})


def _desired_fee(
    account_id: str, project: Project, time: CountedTime, existing: Iterable[HarvestKey]
) -> Iterator[Desired]:
    """A fixed fee is not divided by month: one opportunity takes in all of the time.

    It stays in the month in which it was first put; a new one goes to the month of the oldest entry. Other months
    stem from a time when the project was billed by the hour: their time is in the fee now.
    """
    known = sorted(key.month for key in existing if key.month)
    for position, month in enumerate(known or time.months[:1]):
        part = time if position == 0 else NO_TIME
        yield Desired(HarvestKey(account_id, project.id, month), project, rows_of_time(project, part), part)

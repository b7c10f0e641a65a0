"""What a project's time is worth, as order rows: Harvest's own rates and fees."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from harvest_upsales.domain.money import Row, plain
from harvest_upsales.domain.time_sums import CountedTime
from harvest_upsales.domain.uninvoiced_time import describe
from harvest_upsales.errors import ProjectError
from harvest_upsales.records.harvest_records import Project


def rows_of_time(project: Project, time: CountedTime) -> tuple[Row, ...]:
    """What a project's time is worth, as order rows.

    :param time: hours as Harvest rounds them, each with the rate that Harvest puts on it
    :return: one row per distinct rate, the dearest first; a fixed-fee project's single row; none without time
    :raises ProjectError: an entry has no rate, or a fixed-fee project no fee
    """
    if not time.number:
        return ()
    if project.is_fixed_fee:
        # Entries of no hours are no work yet: Harvest's report, by which a full run finds projects, shows hours alone.
        return (fixed_fee_row(project),) if time.hours else ()
    return rows_by_rate(project, time)


def fixed_fee_row(project: Project) -> Row:
    """A fixed-fee project is one row, quantity 1, price = the fee."""
    if project.fee is None:
        msg = f"{describe(project)}: it is a fixed-fee project without a fee. Set the fee in Harvest."
        raise ProjectError(msg)
    return Row(Decimal(1), plain(project.fee))


def rows_by_rate(project: Project, time: CountedTime) -> tuple[Row, ...]:
    """One row per distinct rate; rates whose hours cancel out leave none.

    :raises ProjectError: an entry has no rate
    """
    if time.unpriced is not None:
        raise ProjectError(_no_rate(project, *time.unpriced))
    hours = {plain(rate): plain(sum_) for rate, sum_ in time.hours_by_rate.items() if rate is not None}
    return tuple(Row(hours[rate], rate) for rate in sorted(hours, reverse=True) if hours[rate])


def _no_rate(project: Project, day: dt.date, entry_id: int) -> str:
    return (
        f"{describe(project)}: the billable time entry {entry_id} of {day} has no rate. Set a rate for "
        "it in Harvest, or, if it has one, give the owner of the access token the right to see billable rates."
    )

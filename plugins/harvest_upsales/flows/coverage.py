"""What a Harvest invoice covers, read back from Harvest."""

from __future__ import annotations

from collections.abc import Sequence

from harvest_upsales.domain.keys import HarvestKey
from harvest_upsales.domain.money import Row, plain
from harvest_upsales.domain.pricing import rows_by_rate
from harvest_upsales.domain.time_sums import added_up
from harvest_upsales.flows.reading import read_time
from harvest_upsales.flows.services import Services
from harvest_upsales.records.harvest_records import Invoice, Project, TimeEntry


def covered_time(
    services: Services, project: Project, key: HarvestKey, invoice: Invoice
) -> tuple[TimeEntry, ...]:
    """The time entries that an invoice bills; none for a fixed fee, whose free-form line bills no time."""
    if project.is_fixed_fee:
        return ()
    entries = read_time(
        services.harvest,
        project.id,
        is_billed=True,
        from_=key.month.first_day if key.month else None,
        to=key.month.last_day if key.month else None,
    )
    mine = [entry for entry in entries if entry.invoice is not None and entry.invoice.id == invoice.id]
    return tuple(sorted(mine, key=lambda entry: entry.id))


def covered_rows(project: Project, invoice: Invoice, time: Sequence[TimeEntry]) -> tuple[Row, ...]:
    """The rows that an order of this invoice should have: its time's, or a fixed fee's own line.

    :raises ProjectError: an entry has no rate
    """
    if project.is_fixed_fee:
        return tuple(Row(plain(line.quantity), plain(line.unit_price)) for line in invoice.line_items)
    return rows_by_rate(project, added_up(time))

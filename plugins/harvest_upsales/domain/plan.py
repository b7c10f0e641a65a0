"""What has to be done to one opportunity: create, update, leave unchanged, or leave alone and say why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from harvest_upsales.domain import notes as notes_block
from harvest_upsales.domain.money import Row, plain, same_rows, total
from harvest_upsales.domain.opportunity import Desired
from harvest_upsales.domain.orders import OrderFields, Place, in_other_currency, our_rows, place_of
from harvest_upsales.domain.uninvoiced_time import describe
from harvest_upsales.errors import ProjectError
from harvest_upsales.records.upsales_records import Order, OrderBrief
from harvest_upsales.settings import Settings


class Action(StrEnum):
    """What a plan does, or what was done."""

    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    SKIP = "skip"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field, before and after, in words for the log; notes are counted, not quoted."""

    field: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The decision on one opportunity.

    :param rows: the rows to write, where they change
    :param notes: the notes to write, where they change
    """

    action: Action
    reason: str = ""
    changes: tuple[FieldChange, ...] = ()
    rows: tuple[Row, ...] | None = None
    notes: str | None = None


def plan_new(desired: Desired, settings: Settings) -> Plan:
    """An opportunity that Upsales does not have yet."""
    if not desired.rows:
        return Plan(Action.SKIP, "its time adds up to nothing")
    notes = notes_block.with_entries(None, desired.time.listed) if settings.write_time_to_notes else None
    return Plan(Action.CREATE, rows=desired.rows, notes=notes)


def why_left_alone(desired: Desired, order: Order | OrderBrief, fields: OrderFields) -> str | None:
    """Why an existing order is not touched, or ``None`` where it may be: lost and won orders are people's."""
    match place_of(order, fields):
        case Place.LOST:
            return f"order {order.id} is lost" + (
                f", with {_worth(desired)} uninvoiced" if desired.rows else ""
            )
        case Place.SETTLED:
            since = (
                f"; {_worth(desired)} came since" if desired.rows and not desired.project.is_fixed_fee else ""
            )
            return f"order {order.id} is won and invoiced" + since
        case Place.WON:
            return f"order {order.id} is won: settlement takes it up"
        case Place.REOPENED:
            # Its time is billed in Harvest, so by the rules of an open one it would be emptied.
            return f"order {order.id} is invoiced and was moved back to {plain(order.probability)} %"
        case Place.OPEN:
            return None


def plan_existing(desired: Desired, order: Order, settings: Settings) -> Plan:
    """An open opportunity: only our rows and our block of the notes may change.

    :raises ProjectError: the order is in another currency than the project
    """
    _refuse_other_currency(desired, order)
    _refuse_other_product(desired, order, settings.default_product_id)
    rows = _changed_rows(desired, order, settings.default_product_id)
    notes = _changed_notes(desired, order, settings)
    if rows is None and notes is None:
        return Plan(Action.UNCHANGED)
    changes = []
    if rows is not None:
        changes += _row_changes(desired, order, settings.default_product_id)
    if notes is not None:
        listed = desired.time.number if settings.write_time_to_notes else 0
        changes.append(FieldChange("notes", "our block as it was", f"{listed} time entries"))
    return Plan(Action.UPDATE, changes=tuple(changes), rows=rows, notes=notes)


def _changed_rows(desired: Desired, order: Order, product_id: int) -> tuple[Row, ...] | None:
    return None if same_rows(our_rows(order, product_id), desired.rows) else desired.rows


def _changed_notes(desired: Desired, order: Order, settings: Settings) -> str | None:
    if settings.write_time_to_notes:
        wanted = notes_block.with_entries(order.notes, desired.time.listed)
    else:
        wanted = notes_block.without_entries(order.notes)
    if notes_block.split(order.notes).block is None and not settings.write_time_to_notes:
        return None
    return None if notes_block.same_notes(order.notes, wanted) else wanted


def _row_changes(desired: Desired, order: Order, product_id: int) -> list[FieldChange]:
    currency = desired.currency
    before = our_rows(order, product_id)
    return [
        FieldChange("rows", _rows_in_words(before), _rows_in_words(desired.rows)),
        FieldChange("value", f"{total(before, currency)} {currency}", f"{desired.amount} {currency}"),
    ]


def _rows_in_words(rows: tuple[Row, ...]) -> str:
    return " + ".join(f"{plain(row.quantity)} × {plain(row.price)}" for row in rows if row.quantity) or "none"


def _refuse_other_product(desired: Desired, order: Order, product_id: int) -> None:
    """Time that the notes list must have a row of ours; where it has none, rows of others may stand for it."""
    if not notes_block.listed_lines(order.notes) or not order.rows_raw or our_rows(order, product_id):
        return
    msg = (
        f"{describe(desired.project)}: order {order.id} lists time in its notes, but has no row on the product "
        f"{product_id} (default_product_id). Was the setting changed, or the row taken off? Put the row back, or take "
        "the list out of the notes."
    )
    raise ProjectError(msg)


def _refuse_other_currency(desired: Desired, order: Order) -> None:
    if in_other_currency(order, desired.project):
        msg = (
            f"{describe(desired.project)}: order {order.id} is in {order.currency}, the Harvest client in "
            f"{desired.currency}. Change the currency of one of them."
        )
        raise ProjectError(msg)


def _worth(desired: Desired) -> str:
    return f"{desired.amount} {desired.currency}"

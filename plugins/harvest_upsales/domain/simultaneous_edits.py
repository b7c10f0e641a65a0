"""What the answer to a save tells of others who saved the order at the same time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from msgspec import UNSET

from harvest_upsales.domain.money import plain
from harvest_upsales.domain.notes import same_notes
from harvest_upsales.domain.orders import rows_of
from harvest_upsales.records.upsales_records import CustomValue, Order, OrderBody


def fields_changed_by_others(
    before: Order, sent: OrderBody, after: Order, *, our_product_id: int, written_by_apps: Collection[int]
) -> list[str]:
    """The fields of people that say something else after a save than was sent back with it.

    Somebody saved the order right behind us, and what they wrote stands; or Upsales did not keep what was there.

    :param before: the order that ``sent`` was built on
    :param after: the service's answer
    :param our_product_id: the product whose rows are ours; they are confirmed elsewhere
    :param written_by_apps: custom fields that apps write by themselves
    """
    pairs = {
        "description": ((sent.description or "").strip(), (after.description or "").strip()),
        "date": (sent.date, after.date),
        "user": (sent.user and sent.user.id, after.user and after.user.id),
        "company": (sent.client.id, after.client.id),
        "contact": (before.contact and before.contact.id, after.contact and after.contact.id),
        "stage": (sent.stage.id, after.stage.id),
        "probability": (sent.probability, after.probability),
        "currency": (before.currency, after.currency),
        "custom fields": (_values(sent.custom, written_by_apps), _values(after.custom, written_by_apps)),
        "rows of other products": (
            _rows_of_people(before, our_product_id),
            _rows_of_people(after, our_product_id),
        ),
    }
    found = [name for name, (one, other) in pairs.items() if one != other]
    if sent.notes is not UNSET and not same_notes(sent.notes, after.notes):
        found.append("notes")
    return found


def _values(custom: Collection[CustomValue], written_by_apps: Collection[int]) -> dict[int, str]:
    texts = {entry.field_id: str(entry.value).strip() for entry in custom if entry.value is not None}
    return {field_id: text for field_id, text in texts.items() if text and field_id not in written_by_apps}


def _rows_of_people(order: Order, our_product_id: int) -> Counter[tuple[object, ...]]:
    rows = (row for row in rows_of(order) if row.product_key != our_product_id)
    return Counter((row.product_key, plain(row.quantity), plain(row.price)) for row in rows)

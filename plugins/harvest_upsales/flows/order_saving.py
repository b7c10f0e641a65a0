"""Save an order that people may be saving at the same time.

Upsales takes an order as a whole and has no compare-and-set: no version, no ``If-Match``, and the answer to a save
says nothing of what stood there before. So the order is read right before *each* sending, after all waiting for
rate limits, retries and lost answers, and what people wrote until then goes back as it is. What is left open is the
one round trip between that read and the save. A person's save that lands in it is overwritten, and nothing that the
service tells shows it; a save that lands behind ours stands, and the answer or the next run shows that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from harvest_upsales.domain.simultaneous_edits import fields_changed_by_others
from harvest_upsales.flows.services import Services
from harvest_upsales.records.upsales_records import Order, OrderBody

Decided = TypeVar("Decided")


@dataclass(frozen=True, slots=True)
class SavedOrder:
    """An order after our save.

    :param before: as it was read right before
    :param order: as the service answered, or as it was looked up where the answer was lost
    :param others: people's fields that say something else than was sent back
    """

    before: Order
    order: Order
    others: tuple[str, ...]

    @property
    def in_words(self) -> str:
        """A warning for the log; empty where nobody else saved."""
        if not self.others:
            return ""
        return (
            f"order {self.order.id}: {', '.join(self.others)} changed in the moment of the save; what stands there "
            "now was kept"
        )


class _NothingToSave(Exception):
    """Nothing is sent; what was decided goes past the sending, which knows of bodies alone."""

    def __init__(self, decided: Any) -> None:
        super().__init__()
        self.decided = decided


def save_order(
    services: Services,
    order_id: int,
    body_for: Callable[[Order], tuple[OrderBody | None, Decided]],
    is_done: Callable[[Order, Order], bool],
) -> tuple[SavedOrder | None, Decided]:
    """Save an order; where the answer is lost, look first whether it was saved.

    :param body_for: what to send, from the order as it stands, and what was decided by that. Asked anew before each
        sending; ``None`` where there is nothing to save any more. What it raises ends the save
    :param is_done: whether the save took effect, from the order as it was before the sending and as it stands now
    :return: the order, ``None`` where nothing was sent; and what was decided the last time
    :raises NotFoundError: the order was deleted
    :raises AnswerLostError: it may have been saved; the next try looks
    """
    tries: list[tuple[Order, OrderBody, Decided]] = []

    def body() -> OrderBody:
        before = services.upsales.order(order_id)
        sent, decided = body_for(before)
        if sent is None:
            raise _NothingToSave(decided)
        tries.append((before, sent, decided))
        return sent

    def look_up() -> Order | None:
        now = services.upsales.order(order_id)
        return now if is_done(tries[-1][0], now) else None

    try:
        after = services.write_once(lambda: services.upsales.update_order(order_id, body), look_up)
    except _NothingToSave as nothing:
        return None, nothing.decided
    before, sent, decided = tries[-1]
    written_by_apps = {field_id for field_id in (services.fields.billing_reference,) if field_id is not None}
    others = fields_changed_by_others(
        before,
        sent,
        after,
        our_product_id=services.settings.default_product_id,
        written_by_apps=written_by_apps,
    )
    return SavedOrder(before, after, tuple(others)), decided

"""Where the billing app stands on a settled order, and one more call where it had failed."""

from __future__ import annotations

from harvest_upsales.domain.billing import (
    AnswerBeforeSave,
    Billing,
    BillingState,
    billing_since,
    has_answered,
    may_be_busy,
    may_have_taken,
    read_before_save,
)
from harvest_upsales.domain.order_body import body_to_save
from harvest_upsales.domain.orders import Standing, standing
from harvest_upsales.errors import SettlementHeldError
from harvest_upsales.flows.order_saving import save_order
from harvest_upsales.flows.services import Services
from harvest_upsales.records.upsales_records import Order, OrderBody


def billing_now(services: Services, order_id: int, before: AnswerBeforeSave) -> Billing:
    """Ask Upsales once."""
    if services.settings.billing_integration_id is None:
        return Billing(BillingState.OFF)
    return billing_since(services.upsales.order(order_id), services.billing_app, before)


def call_again(services: Services, order_id: int, *, may_be_called: bool = False) -> AnswerBeforeSave:
    """Save the order unchanged, which makes Upsales call its connected apps, after the app had failed.

    Only a person's retry of a failed sync does this, and never where the app has succeeded: a second call can mean
    a second customer invoice. A person who has just corrected the order has already caused a call to the app: its
    answer is waited for.

    :param may_be_called: an earlier try was lost, perhaps after it had saved the order. Nothing is saved then unless
        the app has answered the order's last save, however old that is
    :return: what stood before, so that the old failure is not taken for the new answer
    :raises SettlementHeldError: the order is no longer won
    """

    def body_for(order: Order) -> tuple[OrderBody | None, AnswerBeforeSave]:
        app = services.billing_app
        before = read_before_save(order, app)
        if may_have_taken(order, app):
            before = AnswerBeforeSave(synced=True, answered_at=before.answered_at)
        under_way = may_be_called and not has_answered(order, app)
        if before.synced or under_way or may_be_busy(order, app, services.now()):
            return None, before
        if standing(order) is not Standing.WON:
            msg = f"Order {order_id} is no longer at 100 %: the billing app is not called. Move it there, then retry."
            raise SettlementHeldError(msg)
        return body_to_save(order, product_id=services.settings.default_product_id), before

    def is_saved(before: Order, now: Order) -> bool:
        return now.modified_at != before.modified_at

    _, before = save_order(services, order_id, body_for, is_saved)
    return before

"""Where the billing app stands on a settled order, and one more call where it had failed."""

from __future__ import annotations

from harvest_upsales.domain.billing import Before, Billing, BillingState, billing_after, billing_before
from harvest_upsales.domain.orders import Standing, saved, standing
from harvest_upsales.errors import SettlementHeldError
from harvest_upsales.flows.services import Services
from harvest_upsales.records.upsales_records import Order


def billing_now(services: Services, order_id: int, before: Before) -> Billing:
    """Ask Upsales once."""
    if services.settings.billing_integration_id is None:
        return Billing(BillingState.OFF)
    return billing_after(services.upsales.order(order_id), services.billing_app, before)


def call_again(services: Services, order_id: int) -> Before:
    """Save the order unchanged, which makes Upsales call its connected apps, after the app had failed.

    Only a person's retry of a failed sync does this, and never where the app has succeeded: a second call can mean
    a second customer invoice.

    :return: what stood before, so that the old failure is not taken for the new answer
    :raises SettlementHeldError: the order is no longer won
    """
    order = services.upsales.order(order_id)
    before = billing_before(order, services.billing_app)
    if before.synced:
        return before
    if standing(order) is not Standing.WON:
        msg = f"Order {order_id} is no longer at 100 %, so the billing app is not called. Move it there, then retry."
        raise SettlementHeldError(msg)

    def look_up() -> Order | None:
        now = services.upsales.order(order_id)
        return now if now.modified_at != order.modified_at else None

    body = saved(order, product_id=services.settings.default_product_id)
    services.write_once(lambda: services.upsales.update_order(order_id, body), look_up)
    return before

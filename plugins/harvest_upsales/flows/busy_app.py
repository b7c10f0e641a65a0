"""The billing app is never called by our save while it may be at work on somebody else's.

Each save of a won order makes Upsales call the app. An app that is still busy with the call before could make a second
customer invoice, or one of rows that late time is about to change.
"""

from __future__ import annotations

from harvest_upsales.domain.billing import may_be_busy
from harvest_upsales.errors import BillingBusyError
from harvest_upsales.flows.invoice_search import read_order
from harvest_upsales.flows.services import Services
from harvest_upsales.records.upsales_records import Order

# A billing app answers within seconds; one that does not is waited for after the settlement, in the triggerer.
_ANSWER_WAITS_S = (1.0, 2.0, 3.0, 4.0)


def when_answered(services: Services, order: Order) -> Order:
    """Give the billing app a moment to answer the person's move.

    An app that stays silent is not waited for any longer once the order's last save is some minutes old.

    :return: the order as it was read last
    :raises BillingBusyError: the app has not answered, and may still do
    """
    for wait_s in _ANSWER_WAITS_S:
        if not may_be_busy(order, services.billing_app, services.now()):
            break
        services.sleep(wait_s)
        order = read_order(services, order.id)
    refuse_busy(services, order)
    return order


def refuse_busy(services: Services, order: Order) -> None:
    """Leave an order alone whose last save, by whomever, the billing app may still be busy with.

    :raises BillingBusyError: the app has not answered, and may still do
    """
    if may_be_busy(order, services.billing_app, services.now()):
        msg = (
            f"Order {order.id}: it was saved a moment ago, and the billing app is still busy with that. Saving it now "
            "could make a second customer invoice, so the order was left as it is. The task tries again in some "
            "minutes."
        )
        raise BillingBusyError(msg)

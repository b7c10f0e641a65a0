"""Settle one won order: invoice the project in Harvest, close it for time, mark the order.

Every step asks first whether it was done already, so that a retry from any point goes on where the last try ended.
"""

from __future__ import annotations

from harvest_upsales.domain import settlement
from harvest_upsales.domain.billing import billing_before, has_answered, may_have_taken, saved_lately
from harvest_upsales.domain.orders import Standing, invoice_of, key_of, our_rows, standing
from harvest_upsales.domain.settlement import WonOrder, check_invoice_amount
from harvest_upsales.errors import BillingBusyError
from harvest_upsales.flows.invoice_search import read_order, refuse_left_invoice
from harvest_upsales.flows.invoice_step import invoice_time, leave_in_state
from harvest_upsales.flows.order_marking import mark_order
from harvest_upsales.flows.progress import Progress
from harvest_upsales.flows.project_closing import close_project
from harvest_upsales.flows.services import Services
from harvest_upsales.flows.settled import Settled, settled_order
from harvest_upsales.records.upsales_records import Order

# A billing app answers within seconds; one that does not is waited for after the settlement, in the triggerer.
_ANSWER_WAITS_S = (1.0, 2.0, 3.0, 4.0)


def settle_order(services: Services, order_id: int, *, dry_run: bool = False) -> Settled:
    """Take the order to the end of step 4; the billing app is waited for elsewhere.

    :param dry_run: decide everything, write nothing
    :raises SettlementHeldError: a person has to do something first; the message says what
    :raises BillingBusyError: the billing app may still be busy with the person's move
    :raises ProjectError: the project's time can't be priced, or several orders carry its key
    """
    progress = Progress(services, dry_run)
    order = _when_answered(services, read_order(services, order_id), dry_run=dry_run)
    key = key_of(order, services.fields)
    if key is None or key.account_id != services.account_id:
        return Settled(order_id=order.id, won=False)
    if standing(order) is not Standing.WON:
        refuse_left_invoice(services, order)
        return Settled(order_id=order.id, won=False)
    project = services.harvest.project(key.project_id)
    settlement.refuse_other_currency(order, project)
    before = billing_before(order, services.billing_app)
    won = WonOrder(
        order_id=order.id,
        key=key,
        project=project,
        rows=our_rows(order, services.settings.default_product_id),
        billing_has_taken=may_have_taken(order, services.billing_app),
    )
    invoiced = invoice_time(progress, won, order)
    if invoiced is None:
        close_project(progress, won)
        progress.note("would mark the order as invoiced")
        return settled_order(won, None, before, archived=False, done=tuple(progress.done))
    rounding = check_invoice_amount(won, invoiced.invoice, invoiced.rows)
    if not invoice_of(order, services.fields):
        settlement.check_late_time(won, invoiced.rows, services.settings)
    state = leave_in_state(progress, invoiced.invoice)
    archived = close_project(progress, won)
    before = mark_order(progress, won, invoiced, before)
    return settled_order(
        won, invoiced, before, archived=archived, rounding=rounding, state=state, done=tuple(progress.done)
    )


def _when_answered(services: Services, order: Order, *, dry_run: bool) -> Order:
    """Give the billing app a moment to answer the person's move.

    Our own save makes Upsales call the app again. An app that is still busy with the first call could make a
    second customer invoice of it, or one of rows that late time is about to change. An app that stays silent is not
    waited for any longer once the order's last save is some minutes old.

    :raises BillingBusyError: the app has not answered, and may still do
    """
    app = services.billing_app
    if app.integration_id is None or dry_run or invoice_of(order, services.fields):
        return order
    for wait_s in _ANSWER_WAITS_S:
        if has_answered(order, app) or not saved_lately(order, services.now()):
            break
        services.sleep(wait_s)
        order = services.upsales.order(order.id)
    if not has_answered(order, app) and saved_lately(order, services.now()):
        msg = (
            f"Order {order.id}: it was saved a moment ago, and the billing app is still busy with that. Saving it now "
            "could make a second customer invoice, so nothing was written. The task tries again in some minutes."
        )
        raise BillingBusyError(msg)
    return order

"""Settle one won order: invoice the project in Harvest, close it for time, mark the order.

Every step asks first whether it was done already, so that a retry from any point goes on where the last try ended.
"""

from __future__ import annotations

from harvest_upsales.domain import settlement
from harvest_upsales.domain.billing import may_have_taken, read_before_save
from harvest_upsales.domain.orders import Standing, invoice_of, key_of, our_rows, standing
from harvest_upsales.domain.settlement import WonOrder, check_invoice_amount
from harvest_upsales.flows.busy_app import when_answered
from harvest_upsales.flows.invoice_search import read_order, refuse_keyless, refuse_left_invoice
from harvest_upsales.flows.invoice_step import invoice_time, leave_in_state
from harvest_upsales.flows.order_marking import mark_order
from harvest_upsales.flows.progress import Progress
from harvest_upsales.flows.project_closing import close_project
from harvest_upsales.flows.services import Services
from harvest_upsales.flows.settled import Settled, settled_order


def settle_order(services: Services, order_id: int, *, dry_run: bool = False) -> Settled:
    """Take the order to the end of step 4; the billing app is waited for elsewhere.

    :param dry_run: decide everything, write nothing
    :raises SettlementHeldError: a person has to do something first; the message says what
    :raises BillingBusyError: the billing app may still be busy with the person's move, or with a save since
    :raises ProjectError: the project's time can't be priced, or several orders carry its key
    """
    progress = Progress(services, dry_run)
    order = read_order(services, order_id)
    if not dry_run and not invoice_of(order, services.fields):
        order = when_answered(services, order)
    key = key_of(order, services.fields)
    if key is None or key.account_id != services.account_id:
        refuse_keyless(services, order)
        return Settled(order_id=order.id, won=False)
    if standing(order) is not Standing.WON:
        refuse_left_invoice(services, order)
        return Settled(order_id=order.id, won=False)
    project = services.harvest.project(key.project_id)
    settlement.refuse_other_currency(order, project)
    before = read_before_save(order, services.billing_app)
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

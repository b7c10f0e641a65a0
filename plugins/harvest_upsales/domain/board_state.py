"""Where the money of one order is, and why."""

from __future__ import annotations

from decimal import Decimal

from harvest_upsales.domain.board import BoardRow, State
from harvest_upsales.domain.money import plain
from harvest_upsales.domain.order_lines import OrderLine
from harvest_upsales.domain.orders import Place
from harvest_upsales.domain.run_facts import ProjectFacts


def state_of(order: OrderLine, project: ProjectFacts, drift: Decimal) -> tuple[State, str]:
    """The order's state, with what it comes from or what to do.

    :param drift: Harvest's uninvoiced amount minus the order's
    """
    failure = project.failure(order.month)
    if failure is not None and not order.month:
        return State.FAILED, failure
    before = project.row_before(order.month)
    same = before if before and before.order_id == order.order_id else None
    match order.place:
        case Place.WON:
            return _won(order, project, same)
        case Place.REOPENED:
            return State.HELD, project.run.held.get(order.order_id) or (
                f"invoiced, and moved back to {plain(order.probability)} %: delete its Harvest invoice and clear "
                "HARVEST_INVOICE, or set reopened_orders to undo"
            )
        case Place.SETTLED:
            return _settled(order, project, same)
        case Place.LOST:
            return State.LOST, project.reason_left_alone(order)
        case Place.OPEN:
            if not project.outcomes and drift and same and same.state is State.FAILED:
                return State.FAILED, same.why
            return State.TRACKING, project.balance.cause if project.balance and drift else ""


def _won(order: OrderLine, project: ProjectFacts, same: BoardRow | None) -> tuple[State, str]:
    """Won, not invoiced yet: settlement waits for the next run, or for a person.

    :param same: the order's row on the board before
    """
    run = project.run
    if order.order_id in run.held:
        return State.HELD, run.held[order.order_id]
    if same and same.state is State.HELD and order.order_id not in run.settled:
        return State.HELD, same.why
    return State.WON, "the next run settles it"


def _settled(order: OrderLine, project: ProjectFacts, same: BoardRow | None) -> tuple[State, str]:
    """Invoiced: what this run knows of the billing app goes before what the order says, that before what was known."""
    run = project.run
    if order.order_id in run.held:
        return State.HELD, run.held[order.order_id]
    result = run.billing.get(order.order_id)
    if result is not None:
        return (State.BILLING_SENT if result.sent else State.BILLING_FAILED), result.detail
    if order.billed:
        kept = same.why if same and same.state is State.BILLING_SENT else ""
        return State.BILLING_SENT, kept or project.reason_left_alone(order)
    if same and same.state in (State.BILLING_SENT, State.BILLING_FAILED):
        return same.state, same.why
    return State.INVOICED, project.reason_left_alone(order)

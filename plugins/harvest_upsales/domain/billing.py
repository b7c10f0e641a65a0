"""Has the billing app taken an order?"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from enum import StrEnum

from harvest_upsales.domain.orders import OrderFields, Standing, custom_text, standing
from harvest_upsales.records.upsales_records import IntegrationStatus, Order
from harvest_upsales.settings import Settings

SUCCESS = 1

# One answer of a real account carried a callback date one hour behind the order's own date: a local time marked as
# UTC. An answer may thus lie one or two whole hours (Swedish winter, summer) behind the save that it answers.
_CLOCKS_BEHIND = (dt.timedelta(0), dt.timedelta(hours=1), dt.timedelta(hours=2))
_CLOCK_JITTER = dt.timedelta(seconds=5)
_LONGEST_ANSWER = dt.timedelta(minutes=10)


class BillingState(StrEnum):
    """What is known of the billing app's work on an order."""

    OFF = "no billing app"
    DONE = "done"
    FAILED = "failed"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Billing:
    """The state, with the document number or the app's message where there is one."""

    state: BillingState
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Before:
    """What stood before our own save of the won order: tells an earlier answer from a later one.

    :param synced: the app had taken the order as won already
    :param answered_at: its last answer, of whatever kind, to whatever save
    """

    synced: bool = False
    answered_at: dt.datetime | None = None


def billing_before(order: Order, settings: Settings, fields: OrderFields) -> Before:
    """What the order says before we save it."""
    status = _status(order, settings)
    return Before(
        synced=has_taken(order, settings, fields),
        answered_at=None if status is None else status.callback_date,
    )


def has_taken(order: Order, settings: Settings, fields: OrderFields) -> bool:
    """Whether the billing app has taken the order as won, judged before our own save."""
    if settings.billing_integration_id is None or standing(order) is not Standing.WON:
        return False
    if settings.billing_reference_field is not None:
        return bool(custom_text(order, fields.billing_reference))
    status = _status(order, settings)
    return status is not None and status.callback_status == SUCCESS and answers_as_won(status, order)


def answers_as_won(status: IntegrationStatus, order: Order) -> bool:
    """Whether an answer is to the order as it stands, won, and not to an earlier state of it.

    It must not be older than the day on which the order was won, nor than the order's last save.
    """
    answered, saved = status.callback_date, order.modified_at
    if answered is None:
        return False
    if order.close_date is not None and (answered + max(_CLOCKS_BEHIND)).date() < order.close_date:
        return False
    if saved is None or answered + _CLOCK_JITTER >= saved:
        return True
    return any(
        -_CLOCK_JITTER <= answered + behind - saved <= _LONGEST_ANSWER for behind in _CLOCKS_BEHIND
    )


def billing_after(order: Order, settings: Settings, fields: OrderFields, before: Before) -> Billing:
    """Where the billing app stands after our save of the won order.

    With ``billing_reference_field`` the field decides; without it, a success that came since, or one that had
    answered the order as won before.
    """
    if settings.billing_integration_id is None:
        return Billing(BillingState.OFF)
    reference = custom_text(order, fields.billing_reference)
    if reference:
        return Billing(BillingState.DONE, f"document {reference}")
    if before.synced:
        return Billing(BillingState.DONE, "taken before the project was invoiced")
    status = _status(order, settings)
    if status is None or status.callback_status is None or status.callback_date in (None, before.answered_at):
        return Billing(BillingState.WAITING)
    if status.callback_status != SUCCESS:
        return Billing(BillingState.FAILED, _message(status))
    if settings.billing_reference_field is not None:
        return Billing(BillingState.WAITING, f"answered, but {settings.billing_reference_field} is still empty")
    return Billing(BillingState.DONE, "the app reports success")


def _status(order: Order, settings: Settings) -> IntegrationStatus | None:
    """The app's newest answer."""
    mine = [
        status for status in order.statuses or () if status.integration_id == settings.billing_integration_id
    ]
    oldest = dt.datetime.min.replace(tzinfo=dt.UTC)
    return max(mine, key=lambda status: status.callback_date or oldest, default=None)


def _message(status: IntegrationStatus) -> str:
    """The app's own words; they arrive as a JSON string inside a string."""
    text = status.callback_message or ""
    try:
        inner = json.loads(text)
    except ValueError:
        inner = text
    words = inner if isinstance(inner, str) else text
    return " ".join(words.split())[:500] or f"status {status.callback_status} without a message"

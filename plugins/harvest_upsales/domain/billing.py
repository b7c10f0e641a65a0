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
_STILL_BUSY = dt.timedelta(minutes=2)
_LONGEST_ANSWER = dt.timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class BillingApp:
    """The billing app connected to Upsales, as the settings name it.

    :param integration_id: ``None`` where there is none
    :param reference_alias: alias of the order field in which the app writes its document number
    :param reference_field: id of that field
    """

    integration_id: int | None
    reference_alias: str | None = None
    reference_field: int | None = None

    @classmethod
    def of(cls, settings: Settings, fields: OrderFields) -> BillingApp:
        """The app by the settings."""
        return cls(
            settings.billing_integration_id, settings.billing_reference_field, fields.billing_reference
        )


class BillingState(StrEnum):
    """What is known of the billing app's work on an order."""

    OFF = "no billing app"
    DONE = "done"
    FAILED = "failed"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Billing:
    """The state.

    :param detail: in words, with the document number or the app's message where there is one
    :param document: the app's document number, where the order has it
    :param answered_at: the app's last answer
    """

    state: BillingState
    detail: str = ""
    document: str = ""
    answered_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class AnswerBeforeSave:
    """What was known of the app's answers before our own save of the won order: tells an earlier one from a later one.

    :param synced: the app had taken the order as won already
    :param answered_at: its last answer, of whatever kind, to whatever save
    """

    synced: bool = False
    answered_at: dt.datetime | None = None


def read_before_save(order: Order, app: BillingApp) -> AnswerBeforeSave:
    """Of an order that we have not saved yet: every answer there is came before."""
    status = _newest(order, app)
    return AnswerBeforeSave(
        synced=has_taken(order, app),
        answered_at=None if status is None else status.callback_date,
    )


def read_before_retry(order: Order, app: BillingApp) -> AnswerBeforeSave:
    """Of an order that an earlier try has saved: an answer to that save did not come before, but since."""
    before = read_before_save(order, app)
    return AnswerBeforeSave(before.synced, None if has_answered(order, app) else before.answered_at)


def has_taken(order: Order, app: BillingApp) -> bool:
    """Whether the app surely has the order as won, so that it need not be waited for; judged before our own save.

    Where that is not sure, waiting costs time only. For what must not happen twice, see :func:`may_have_taken`.
    """
    if app.integration_id is None or standing(order) is not Standing.WON:
        return False
    if app.reference_alias is not None:
        return bool(custom_text(order, app.reference_field))
    status = _newest(order, app)
    return status is not None and status.callback_status == SUCCESS and _answers_last_save(status, order)


def may_have_taken(order: Order, app: BillingApp) -> bool:
    """Whether the customer may have been invoiced already: any success since the day of the win counts.

    Decides whether rows may still change and the app may be called: a doubt keeps from both. Of an order that
    :func:`has_taken` is sure of, this is true as well.
    """
    success = any(
        status.callback_status == SUCCESS and _since_the_win(status, order) for status in _answers(order, app)
    )
    return app.integration_id is not None and (success or bool(custom_text(order, app.reference_field)))


def succeeded_between(one: Order, later: Order, app: BillingApp) -> bool:
    """Whether the app has reported success since the order was read, where it also has to write a document number."""
    status, before = _newest(later, app), _newest(one, app)
    return (
        app.reference_alias is not None
        and status is not None
        and status.callback_status == SUCCESS
        and (before is None or before.callback_date != status.callback_date)
    )


def has_answered(order: Order, app: BillingApp) -> bool:
    """Whether the app has answered the order's last save, in whatever way."""
    status = _newest(order, app)
    return bool(custom_text(order, app.reference_field)) or (
        status is not None and _answers_last_save(status, order)
    )


def may_be_busy(order: Order, app: BillingApp, now: dt.datetime) -> bool:
    """Whether the app has not answered the order's last save, which is so young that an answer may be on its way."""
    saved = _aware(order.modified_at)
    return (
        app.integration_id is not None
        and saved is not None
        and abs(now - saved) < _STILL_BUSY
        and not has_answered(order, app)
    )


def billing_since(order: Order, app: BillingApp, before: AnswerBeforeSave) -> Billing:
    """Where the billing app stands after our save of the won order.

    With a reference field the field decides; without it, a success that came since, or one that had answered the
    order as won before.
    """
    if app.integration_id is None:
        return Billing(BillingState.OFF)
    reference, status = custom_text(order, app.reference_field), _newest(order, app)
    state, detail = _judged(order, app, before, reference, status)
    return Billing(state, detail, reference, None if status is None else status.callback_date)


def _judged(
    order: Order, app: BillingApp, before: AnswerBeforeSave, reference: str, status: IntegrationStatus | None
) -> tuple[BillingState, str]:
    if reference:
        return BillingState.DONE, f"document {reference}"
    if before.synced:
        return BillingState.DONE, "taken before the project was invoiced"
    if status is None or status.callback_status is None:
        return BillingState.WAITING, ""
    if not _came_since(status, order, before):
        # The last word so far, in case that no other comes: an app may ignore what a program saves.
        refused = status.callback_status != SUCCESS and _since_the_win(status, order)
        return BillingState.WAITING, f"its last answer: {_message(status)}" if refused else ""
    if app.reference_alias is None and _succeeded_since(order, app, before):
        # A failure behind a success is the word on some later call; the customer has the invoice.
        return BillingState.DONE, "the app reports success"
    if status.callback_status != SUCCESS:
        return BillingState.FAILED, _message(status)
    return BillingState.WAITING, f"answered, but {app.reference_alias} is still empty"


def _succeeded_since(order: Order, app: BillingApp, before: AnswerBeforeSave) -> bool:
    return any(
        status.callback_status == SUCCESS and _came_since(status, order, before)
        for status in _answers(order, app)
    )


def _came_since(status: IntegrationStatus, order: Order, before: AnswerBeforeSave) -> bool:
    return status.callback_date not in (None, before.answered_at) and _since_the_win(status, order)


def _since_the_win(status: IntegrationStatus, order: Order) -> bool:
    """Whether an answer is not older than the day on which the order was won; the hour of the win is not known."""
    answered = status.callback_date
    if answered is None:
        return False
    return order.close_date is None or (answered + max(_CLOCKS_BEHIND)).date() >= order.close_date


def _answers_last_save(status: IntegrationStatus, order: Order) -> bool:
    """Whether an answer is to the order as it stands, won, and not to an earlier state of it."""
    answered, saved = _aware(status.callback_date), _aware(order.modified_at)
    if answered is None or not _since_the_win(status, order):
        return False
    if saved is None or answered + _CLOCK_JITTER >= saved:
        return True
    return any(-_CLOCK_JITTER <= answered + behind - saved <= _LONGEST_ANSWER for behind in _CLOCKS_BEHIND)


def _newest(order: Order, app: BillingApp) -> IntegrationStatus | None:
    """The app's newest answer."""
    oldest = dt.datetime.min.replace(tzinfo=dt.UTC)
    return max(_answers(order, app), key=lambda status: _aware(status.callback_date) or oldest, default=None)


def _answers(order: Order, app: BillingApp) -> list[IntegrationStatus]:
    """The app's answers that the order still has; those seen so far had one an app, the last."""
    return [status for status in order.statuses or () if status.integration_id == app.integration_id]


def _aware(moment: dt.datetime | None) -> dt.datetime | None:
    """A time without a zone, as apps have sent them, taken for UTC: a zone's error is what the clocks rule is for."""
    return moment if moment is None or moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)


def _message(status: IntegrationStatus) -> str:
    """The app's own words; they arrive as a JSON string inside a string."""
    text = status.callback_message or ""
    try:
        inner = json.loads(text)
    except (ValueError, RecursionError):
        inner = text
    words = inner if isinstance(inner, str) else text
    return " ".join(words.split())[:500] or f"status {status.callback_status} without a message"

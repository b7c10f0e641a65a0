"""Waits for the billing app's answer on an order. Reads only: a trigger may be started twice."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from typing import Any

from airflow.sdk import BaseHook
from airflow.triggers.base import BaseTrigger, TriggerEvent

from harvest_upsales.api.async_reader import AsyncUpsalesReader
from harvest_upsales.domain.billing import AnswerBeforeSave, Billing, BillingApp, BillingState, billing_since
from harvest_upsales.errors import HarvestUpsalesError, Recovery
from harvest_upsales.hooks.upsales_hook import async_reader

_LONGEST_POLL_S = 60.0
_POLL_GROWTH = 1.5


class BillingTrigger(BaseTrigger):
    """Fires once the billing app has taken or refused an order, or the deadline has passed.

    The event holds ``state`` (``done``, ``failed``, ``waiting`` at the deadline, or ``error``), ``detail``,
    ``billing_app`` (its id) and, where
    Upsales was asked, ``document`` (its number on the order) and ``answered_at`` (ISO 8601).

    :param upsales_conn_id: connection to Upsales
    :param order_id: the settled order
    :param integration_id: the billing app in Upsales
    :param reference_alias: alias of the order field that the app fills, if any
    :param reference_field: id of that field
    :param answered_at: the app's answer that was there before, ISO 8601; it is not taken for a new one
    :param deadline: when to stop waiting, ISO 8601 with zone
    :param poll_interval_s: seconds between the first two looks
    """

    def __init__(
        self,
        *,
        upsales_conn_id: str,
        order_id: int,
        integration_id: int | None,
        reference_alias: str | None,
        reference_field: int | None,
        answered_at: str | None,
        deadline: str,
        poll_interval_s: float,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.upsales_conn_id = upsales_conn_id
        self.order_id = order_id
        self.integration_id = integration_id
        self.reference_alias = reference_alias
        self.reference_field = reference_field
        self.answered_at = answered_at
        self.deadline = deadline
        self.poll_interval_s = poll_interval_s

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Class and arguments, all of them plain JSON."""
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {
                "upsales_conn_id": self.upsales_conn_id,
                "order_id": self.order_id,
                "integration_id": self.integration_id,
                "reference_alias": self.reference_alias,
                "reference_field": self.reference_field,
                "answered_at": self.answered_at,
                "deadline": self.deadline,
                "poll_interval_s": self.poll_interval_s,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look until there is something to tell."""
        try:
            billing = await self._wait()
        except HarvestUpsalesError as error:
            waits = error.recovery is Recovery.WAIT_AND_RETRY
            yield self._event(BillingState.WAITING if waits else "error", error.message)
            return
        answered = billing.answered_at.isoformat() if billing.answered_at else None
        yield self._event(billing.state, billing.detail, document=billing.document, answered_at=answered)

    async def _wait(self) -> Billing:
        app = BillingApp(self.integration_id, self.reference_alias, self.reference_field)
        answered = dt.datetime.fromisoformat(self.answered_at) if self.answered_at else None
        before = AnswerBeforeSave(synced=False, answered_at=answered)
        deadline = dt.datetime.fromisoformat(self.deadline)
        interval_s = self.poll_interval_s
        async with async_reader(await BaseHook.aget_connection(self.upsales_conn_id)) as reader:
            while True:
                billing = await self._look(reader, app, before, deadline)
                left_s = (deadline - dt.datetime.now(dt.UTC)).total_seconds()
                if billing.state is not BillingState.WAITING or left_s <= 0:
                    return billing
                await asyncio.sleep(min(interval_s, left_s))
                interval_s = min(interval_s * _POLL_GROWTH, _LONGEST_POLL_S)

    async def _look(
        self, reader: AsyncUpsalesReader, app: BillingApp, before: AnswerBeforeSave, deadline: dt.datetime
    ) -> Billing:
        """One look; while there is time left, a service that does not answer is the same as an app that does not."""
        try:
            return billing_since(await reader.read_order(self.order_id), app, before)
        except HarvestUpsalesError as error:
            if error.recovery is not Recovery.WAIT_AND_RETRY or dt.datetime.now(dt.UTC) >= deadline:
                raise
            return Billing(BillingState.WAITING, error.message)

    def _event(self, state: str, detail: str, **more: str | None) -> TriggerEvent:
        event = {"state": str(state), "detail": detail, "billing_app": self.integration_id, **more}
        return TriggerEvent(event)  # type: ignore[no-untyped-call]

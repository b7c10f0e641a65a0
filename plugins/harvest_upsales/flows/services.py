"""What every step works with: both clients, the settings and what the set-up check found."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from msgspec import Struct

from harvest_upsales.api.harvest_api import HarvestClient
from harvest_upsales.api.upsales_api import UpsalesClient
from harvest_upsales.domain.billing import BillingApp
from harvest_upsales.domain.orders import OrderFields
from harvest_upsales.errors import AnswerLostError
from harvest_upsales.settings import Settings

Written = TypeVar("Written")

# Long enough for a write that was still under way to show in a list.
LOOK_UP_WAITS_S = (1.0, 4.0)
# The service itself said that it failed, so nothing of the request is still on its way.
_ANSWERED_FAILURES = frozenset({500, 502, 503})


class Setup(Struct, frozen=True):
    """What ``check_setup`` found; small enough to go from task to task.

    :param key_field: id of the order field ``HARVEST_KEY``; ``None`` in a dry run that would create it
    :param stage_probability: probability of the default stage in per cent
    """

    key_field: int | None
    invoice_field: int | None
    billing_field: int | None
    stage_probability: Decimal
    warnings: tuple[str, ...] = ()

    @property
    def fields(self) -> OrderFields:
        """The ids of the custom fields on orders."""
        return OrderFields(
            key=self.key_field, invoice=self.invoice_field, billing_reference=self.billing_field
        )


@dataclass(frozen=True, slots=True)
class Services:
    """Both services as one step sees them.

    :param account_id: the Harvest account, first part of every key
    :param now: the clock, in UTC
    :param sleep: waits between looking up a write whose answer was lost
    """

    harvest: HarvestClient
    upsales: UpsalesClient
    account_id: str
    settings: Settings
    setup: Setup
    now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)
    sleep: Callable[[float], None] = time.sleep

    @property
    def fields(self) -> OrderFields:
        """The ids of the custom fields on orders."""
        return self.setup.fields

    @property
    def billing_app(self) -> BillingApp:
        """The billing app that the settings name."""
        return BillingApp.of(self.settings, self.fields)

    @property
    def today(self) -> dt.date:
        """Today in UTC."""
        return self.now().date()

    def write_once(self, send: Callable[[], Written], look_up: Callable[[], Written | None]) -> Written:
        """Send a write; where its answer is lost, look whether it took effect before anything else.

        :param send: sends the write, once
        :param look_up: finds what the write would have made, by its key
        :raises AnswerLostError: it can't be found and may still be under way; the next try looks it up first
        """
        try:
            return send()
        except AnswerLostError as lost:
            found = self._look_up(look_up)
            if found is not None:
                return found
            if lost.status not in _ANSWERED_FAILURES:
                raise
        try:
            return send()
        except AnswerLostError:
            found = self._look_up(look_up)
            if found is None:
                raise
            return found

    def _look_up(self, look_up: Callable[[], Written | None]) -> Written | None:
        for wait_s in LOOK_UP_WAITS_S:
            self.sleep(wait_s)
            found = look_up()
            if found is not None:
                return found
        return None

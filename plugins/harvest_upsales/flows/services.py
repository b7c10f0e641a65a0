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
from harvest_upsales.domain.links import UNKNOWN, WebAddresses
from harvest_upsales.domain.orders import OrderFields
from harvest_upsales.flows.lost_writes import write_once
from harvest_upsales.settings import Settings

Written = TypeVar("Written")


class Setup(Struct, frozen=True):
    """What ``check_setup`` found; small enough to go from task to task.

    :param key_field: id of the order field ``HARVEST_KEY``; ``None`` in a dry run that would create it
    :param stage_probability: probability of the default stage in per cent
    :param web: where people look at projects, invoices and orders
    :param digest: of the settings and connections that were checked
    :param checked_at: when both services were asked; ``None`` where that is not to be relied on later
    :param remembered: taken over from an earlier run
    """

    key_field: int | None
    invoice_field: int | None
    billing_field: int | None
    stage_probability: Decimal
    warnings: tuple[str, ...] = ()
    web: WebAddresses = UNKNOWN
    digest: str = ""
    checked_at: dt.datetime | None = None
    remembered: bool = False

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

        See ``lost_writes.write_once``.
        """
        return write_once(send, look_up, self.sleep)

"""The assets that other DAGs can be scheduled on, and when an event of them is due.

A task's outlets get an event whenever it succeeds. Whoever is scheduled on them wants one only where something was
written, so a task that wrote nothing takes its outlets off for that once.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from airflow.sdk import Asset, BaseOperator
from msgspec import Struct

from harvest_upsales.domain.asset_names import FAMILY, OPPORTUNITIES, SETTLED_ORDERS
from harvest_upsales.flows.settled import Settled


def opportunities_asset(family: str = FAMILY) -> Asset:
    """Changes when opportunities were updated; extra: ``{"totals": {currency: {...}}}``.

    :param family: first part of its name and URI; each pair of accounts has its own
    """
    return Asset(family + OPPORTUNITIES)


def settled_orders_asset(family: str = FAMILY) -> Asset:
    """Changes with each settled order; extra: :class:`SettledOrder`.

    :param family: first part of its name and URI; each pair of accounts has its own
    """
    return Asset(family + SETTLED_ORDERS)


class SettledOrder(Struct, frozen=True):
    """Extra of an event: one order whose project is invoiced and closed, and that the billing app has, if there is one.

    :param key: the order's ``HARVEST_KEY``
    :param amount: of the order's time or fee in ``currency``, before tax; text in JSON
    :param billing_document: the billing app's document number, where it is known
    """

    order_id: int
    invoice_id: int | None
    invoice_number: str | None
    key: str
    amount: Decimal
    currency: str
    billing_document: str | None = None

    @classmethod
    def of(cls, settled: Settled, billing_document: str | None = None) -> SettledOrder:
        """The event of a settlement."""
        return cls(
            order_id=settled.order_id,
            invoice_id=settled.invoice_id,
            invoice_number=settled.invoice_number,
            key=settled.key,
            amount=settled.amount,
            currency=settled.currency,
            billing_document=billing_document,
        )


def outlet_assets(operator: BaseOperator) -> list[Asset]:
    """The assets among an operator's outlets."""
    return [outlet for outlet in operator.outlets if isinstance(outlet, Asset)]


def announce(operator: BaseOperator, context: Mapping[str, Any], extra: dict[str, Any]) -> None:
    """Give the operator's outlets an event with this extra, once the task has succeeded."""
    events = context.get("outlet_events")
    for outlet in outlet_assets(operator):
        if events is not None:
            events[outlet].extra = extra


def withhold(operator: BaseOperator) -> None:
    """Let this task instance succeed without an event. Airflow takes the outlets from the operator that ran."""
    operator.outlets = []

"""``find_won_orders``: what settlement takes up."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from airflow.sdk.definitions.context import Context
from airflow.sdk.exceptions import AirflowSkipException

from harvest_upsales.flows.extract import OrderToSettle, orders_to_settle
from harvest_upsales.flows.overview import our_orders
from harvest_upsales.operators.base_operator import ServicesOperator, to_xcom
from harvest_upsales.operators.report import table


class FindWonOrdersOperator(ServicesOperator):
    """Orders at 100 per cent that are not invoiced yet, and reopened ones where ``reopened_orders`` is ``undo``.

    Returns them for :class:`MarkProjectInvoicedOperator` (``expand(order=...)``). Settlement reads each order again,
    so a list that is some minutes old does no harm.

    :param orders: what :class:`ExtractTimeOperator` found already, which spares the requests; without it Upsales is
        asked (templated)
    :param found_upstream: the orders come from an upstream task: without them, it did not succeed, and this is skipped
    """

    template_fields: Sequence[str] = (*ServicesOperator.template_fields, "orders")

    def __init__(self, *, orders: Any = None, found_upstream: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.orders = orders
        self.found_upstream = found_upstream

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """List the orders.

        :raises AirflowSkipException: the upstream task that should have found them did not succeed
        """
        if self.orders is None and self.found_upstream:
            msg = "No orders were looked for, as an earlier task failed"
            raise AirflowSkipException(msg)
        found = self.orders if self.orders is not None else to_xcom(self._ask())
        rows = [(str(order["order_id"]), "undo" if order["undo"] else "settle", order["label"]) for order in found]
        self.log.info("%d orders to take up\n%s", len(rows), table(("order", "what", "project"), rows))
        return list(found)

    def _ask(self) -> Collection[OrderToSettle]:
        services = self.services()
        found = orders_to_settle(services, our_orders(services))
        self.log_requests()
        return found

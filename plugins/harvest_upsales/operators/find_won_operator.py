"""``find_won_orders``: what settlement takes up."""

from __future__ import annotations

from typing import Any

import msgspec
from airflow.sdk.definitions.context import Context
from airflow.sdk.exceptions import AirflowSkipException

from harvest_upsales.domain.xcom_keys import ORDERS_KEY
from harvest_upsales.flows.orders_to_settle import OrderToSettle, split_reopened, won_or_reopened
from harvest_upsales.flows.overview import our_orders
from harvest_upsales.operators.base_operator import ServicesOperator, to_xcom
from harvest_upsales.operators.lineage import ORDERS
from harvest_upsales.operators.mapping_limit import most_mapped
from harvest_upsales.operators.report import report, table


class FindWonOrdersOperator(ServicesOperator):
    """Orders at 100 per cent that are not invoiced yet, and reopened ones where ``reopened_orders`` is ``undo``.

    Returns them for :class:`MarkProjectInvoicedOperator` (``expand(order=...)``). Settlement reads each order again,
    so a list that is some minutes old does no harm.

    :param extract_task_id: the :class:`ExtractTimeOperator` of this run that found them already, which spares the
        requests; where it did not succeed, this is skipped. Without one, Upsales is asked
    """

    reads = (ORDERS,)

    def __init__(self, *, extract_task_id: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.extract_task_id = extract_task_id

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """List the orders.

        :raises AirflowSkipException: the task that should have found them did not succeed
        """
        found = self._ask(context) if self.extract_task_id is None else self._pull(context)
        if found is None:
            msg = f"No orders were looked for, as {self.extract_task_id} did not succeed"
            raise AirflowSkipException(msg)
        found, later = found[: most_mapped()], found[most_mapped() :]
        if later:
            self.log.warning(
                "%d more orders have to wait for the next run ([core] max_map_length)", len(later)
            )
        orders = msgspec.convert(found, list[OrderToSettle], strict=False)
        rows = [(str(order.order_id), order.action, order.label) for order in orders]
        report(
            self.log,
            f"{len(rows)} orders to take up",
            table(("order", "what", "project"), rows, right=("order",)),
        )
        return found

    def _pull(self, context: Context) -> list[dict[str, Any]] | None:
        found = context["ti"].xcom_pull(task_ids=self.extract_task_id, key=ORDERS_KEY)
        return None if found is None else list(found)

    def _ask(self, context: Context) -> list[dict[str, Any]]:
        services = self.services(context)
        found, _ = split_reopened(won_or_reopened(services, our_orders(services)), services.settings)
        self.log_requests()
        return list(to_xcom(found))

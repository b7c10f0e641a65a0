"""``mark_project_invoiced``: settlement's steps 1 to 4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from airflow.sdk.definitions.context import Context
from airflow.sdk.exceptions import AirflowSkipException

from harvest_upsales.domain.money import plain
from harvest_upsales.flows.extract import OrderToSettle
from harvest_upsales.flows.settle import Settled, Settlement
from harvest_upsales.flows.undo import undo_invoice
from harvest_upsales.operators.base_operator import ServicesOperator, to_xcom
from harvest_upsales.operators.report import table


class MarkProjectInvoicedOperator(ServicesOperator):
    """Settle one won order: invoice its project in Harvest, archive it, write ``HARVEST_INVOICE`` to the order.

    Each step looks whether it was done already, so it may be retried from any point. Returns what
    :class:`SyncBillingOperator` takes, with the audit trail. It writes to both services: run it in the writers' pool.

    :param order: one of :class:`FindWonOrdersOperator`, or an Upsales order id (templated)
    """

    template_fields: Sequence[str] = (*ServicesOperator.template_fields, "order")

    def __init__(self, *, order: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.order = order

    @property
    def label(self) -> str:
        """Readable name of the mapped task instance."""
        return self._order().label

    def execute(self, context: Context) -> dict[str, Any]:
        """Settle the order, or take its invoice back where it was reopened.

        :raises SettlementHeldError: a person has to do something first
        :raises AirflowSkipException: the order is no longer what it was, or its invoice was taken back
        """
        order = self._order()
        services = self.services(context)
        try:
            if order.undo:
                undone = undo_invoice(services, order.order_id, dry_run=self.only_plans)
                msg = f"{order.label}: " + (
                    "; ".join(undone.done) or "it is not reopened any more: nothing to undo"
                )
                raise AirflowSkipException(msg)
            settled = Settlement(services, order.order_id, dry_run=self.only_plans).run()
        finally:
            self.log_requests()
        if not settled.won:
            msg = f"{order.label} is no longer at 100 %: nothing to settle"
            raise AirflowSkipException(msg)
        self._report(settled)
        returned: dict[str, Any] = to_xcom(settled)
        return returned

    def _order(self) -> OrderToSettle:
        if isinstance(self.order, int | str):
            return OrderToSettle(order_id=int(self.order), label=f"order {self.order}")
        return msgspec.convert(self.order, OrderToSettle, strict=False)

    def _report(self, settled: Settled) -> None:
        self.log.info(
            "%s, order %d: %s h, %s %s; Harvest invoice %s; %s",
            settled.project,
            settled.order_id,
            settled.hours,
            settled.amount,
            settled.currency,
            settled.invoice_id,
            ", ".join(settled.done),
        )
        rows = [
            (
                str(time.entry_id),
                str(time.spent_date),
                f"{plain(time.hours)}",
                f"{time.rate}",
                f"{time.amount}",
            )
            for time in settled.covered
        ]
        self.log.info("Time the invoice covers\n%s", table(("entry", "day", "hours", "rate", "amount"), rows))

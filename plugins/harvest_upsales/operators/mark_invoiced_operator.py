"""``mark_project_invoiced``: settlement's steps 1 to 4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

import msgspec
from airflow.sdk.definitions.context import Context
from airflow.sdk.exceptions import AirflowSkipException

from harvest_upsales.domain.xcom_keys import CLOSED_KEY, UNDONE_KEY
from harvest_upsales.flows.orders_to_settle import OrderToSettle, SettleAction
from harvest_upsales.flows.project_closing import close_ended_project
from harvest_upsales.flows.services import Services
from harvest_upsales.flows.settle import settle_order
from harvest_upsales.flows.settled import Settled
from harvest_upsales.flows.undo import undo_invoice
from harvest_upsales.operators.assets import SettledOrder, announce, settled_orders_asset, withhold
from harvest_upsales.operators.base_operator import ServicesOperator, to_xcom
from harvest_upsales.operators.lineage import INVOICES, ORDERS, PROJECTS, TIME_ENTRIES
from harvest_upsales.operators.link_buttons import HarvestInvoiceLink, HarvestProjectLink, UpsalesOrderLink
from harvest_upsales.operators.report import amount, folded, hours, report, table


class MarkProjectInvoicedOperator(ServicesOperator):
    """Settle one won order: invoice its project in Harvest, archive it, write ``HARVEST_INVOICE`` to the order.

    Each step looks whether it was done already, so it may be retried from any point. Returns what
    :class:`SyncBillingOperator` takes, with the audit trail. It writes to both services: run it in the writers' pool.

    Where no billing app is set, its outlets (by default the asset ``harvest_upsales/settled_orders``) change with
    :class:`SettledOrder` as extra.

    :param order: one of :class:`FindWonOrdersOperator`, or an Upsales order id (templated)
    """

    template_fields: Sequence[str] = (*ServicesOperator.template_fields, "order")
    reads = (TIME_ENTRIES, ORDERS)
    writes = (INVOICES, PROJECTS, ORDERS)
    operator_extra_links = (HarvestProjectLink(), HarvestInvoiceLink(), UpsalesOrderLink())

    def __init__(self, *, order: Any, **kwargs: Any) -> None:
        kwargs.setdefault("outlets", [settled_orders_asset()])
        super().__init__(**kwargs)
        self.order = order

    @property
    def label(self) -> str:
        """Readable name of the mapped task instance."""
        return self._order().label

    def execute(self, context: Context) -> dict[str, Any]:
        """Settle the order; or take its invoice back where it was reopened, or archive its project that has ended.

        :raises SettlementHeldError: a person has to do something first
        :raises AirflowSkipException: the order is no longer what it was; its invoice was taken back; the project of an
            order that was settled earlier was archived
        """
        with self.failure_told(context, order_id=self._order().order_id):
            return self._settle(context)

    def _settle(self, context: Context) -> dict[str, Any]:
        order = self._order()
        services = self.services(context)
        self.show_places(context, project_id=order.project_id, order_id=order.order_id)
        try:
            match order.action:
                case SettleAction.UNDO:
                    self._undo(context, services, order)
                case SettleAction.ARCHIVE:
                    self._close(context, services, order)
            settled = settle_order(services, order.order_id, dry_run=self.is_dry_run)
        finally:
            self.log_requests()
        if not settled.won:
            msg = f"{order.label} is no longer at 100 %: nothing to settle"
            raise AirflowSkipException(msg)
        self.show_places(
            context,
            project_id=settled.project_id,
            invoice_id=settled.invoice_id,
            order_id=order.order_id,
        )
        self._report(settled)
        if self.is_dry_run or services.settings.billing_integration_id is not None:
            # With a billing app, an order is settled once the app has it: the next task sends the event.
            withhold(self)
        else:
            announce(self, context, to_xcom(SettledOrder.of(settled)))
        returned: dict[str, Any] = to_xcom(settled)
        return returned

    def _undo(self, context: Context, services: Services, order: OrderToSettle) -> NoReturn:
        undone = undo_invoice(services, order.order_id, dry_run=self.is_dry_run)
        if undone.done and "ti" in context:
            context["ti"].xcom_push(key=UNDONE_KEY, value=to_xcom(undone))
        done = "; ".join(undone.done) or "it is not reopened any more: nothing to undo"
        raise AirflowSkipException(f"{order.label}: {done}")

    def _close(self, context: Context, services: Services, order: OrderToSettle) -> NoReturn:
        closed = close_ended_project(services, order.order_id, dry_run=self.is_dry_run)
        if closed.done and "ti" in context:
            context["ti"].xcom_push(key=CLOSED_KEY, value=to_xcom(closed))
        done = "; ".join(closed.done) or "it has to stay open: nothing to archive"
        raise AirflowSkipException(f"{order.label}: {done}")

    def _order(self) -> OrderToSettle:
        if isinstance(self.order, int | str):
            return OrderToSettle(order_id=int(self.order), label=f"order {self.order}")
        return msgspec.convert(self.order, OrderToSettle, strict=False)

    def _report(self, settled: Settled) -> None:
        facts = [
            ("project", settled.project),
            ("order", str(settled.order_id)),
            ("hours", hours(settled.hours)),
            ("amount", amount(settled.amount, settled.currency)),
            ("Harvest invoice", _invoice_in_words(settled)),
            *((("rounding", amount(settled.rounding, settled.currency)),) if settled.rounding else ()),
            *(("step", step) for step in settled.done),
        ]
        report(self.log, "Settlement", table(("what", ""), facts))
        covered = settled.covered
        if covered.fees or covered.entry_ids:
            what = (
                "the fixed fee"
                if covered.fees
                else f"{len(covered.entry_ids)} time entries the invoice covers"
            )
            head = ("entry", "day", "hours", "rate", "amount")
            with folded(self.log, f"Audit trail: {what}"):
                self.log.info("%s", table(head, _trail(settled), right=("entry", "hours", "rate", "amount")))


def _trail(settled: Settled) -> list[tuple[str, ...]]:
    """Entry, day, hours, rate and amount of all that the invoice covers."""
    covered, currency = settled.covered, settled.currency
    fees: list[tuple[str, ...]] = [
        ("fixed fee", "", hours(fee.quantity), amount(fee.price, currency), amount(fee.amount, currency))
        for fee in covered.fees
    ]
    columns = zip(covered.entry_ids, covered.days, covered.hours, covered.rates, covered.amounts, strict=True)
    return fees + [
        (str(entry_id), str(day), hours(spent), amount(rate, currency), amount(worth, currency))
        for entry_id, day, spent, rate, worth in columns
    ]


def _invoice_in_words(settled: Settled) -> str:
    if settled.invoice_id is None:
        return "none"
    return f"{settled.invoice_id}, number {settled.invoice_number}, {settled.invoice_state}"

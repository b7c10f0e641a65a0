"""``sync_billing``: settlement's step 5."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from airflow.sdk.definitions.context import Context
from airflow.sdk.exceptions import AirflowSkipException

from harvest_upsales.domain.billing import AnswerBeforeSave, Billing, BillingState
from harvest_upsales.errors import BillingFailedError, BillingSilentError, UnexpectedAnswerError
from harvest_upsales.flows.billing_sync import billing_now, call_again
from harvest_upsales.flows.orders_to_settle import label_of
from harvest_upsales.flows.services import Services
from harvest_upsales.flows.settled import Settled, billed_order, read_settled
from harvest_upsales.operators.assets import SettledOrder, announce, settled_orders_asset
from harvest_upsales.operators.base_operator import ServicesOperator, to_xcom
from harvest_upsales.operators.lineage import ORDERS
from harvest_upsales.operators.link_buttons import HarvestInvoiceLink, HarvestProjectLink, UpsalesOrderLink
from harvest_upsales.operators.reported_refusal import ReportedRefusal

if TYPE_CHECKING:
    from harvest_upsales.triggers.billing_trigger import BillingTrigger


class SyncBillingOperator(ServicesOperator):
    """Wait until the billing app connected to Upsales has taken a settled order.

    Waits in the triggerer. All writes happen here, on the worker, and there is one only where a person retries after
    the app had failed: the order is saved again, so that Upsales calls the app once more.

    Once it has, the outlets (by default the asset ``harvest_upsales/settled_orders``) change, with
    :class:`SettledOrder` as extra.

    :param order: what :class:`MarkProjectInvoicedOperator` returned (templated)
    :param poll_interval_s: seconds between the first two looks; later ones are up to a minute apart
    """

    template_fields: Sequence[str] = (*ServicesOperator.template_fields, "order")
    reads = (ORDERS,)
    operator_extra_links = (HarvestProjectLink(), HarvestInvoiceLink(), UpsalesOrderLink())

    def __init__(self, *, order: Any, poll_interval_s: float = 2.0, **kwargs: Any) -> None:
        kwargs.setdefault("outlets", [settled_orders_asset()])
        super().__init__(**kwargs)
        self.order = order
        self.poll_interval_s = poll_interval_s

    @property
    def label(self) -> str:
        """Readable name of the mapped task instance."""
        settled = self._settled()
        return label_of(settled.project, f"order {settled.order_id}")

    def execute(self, context: Context) -> dict[str, Any]:
        """Look once; wait in the triggerer where the app has not answered yet.

        :raises BillingFailedError: the app refused the order; the message carries its words
        :raises AirflowSkipException: there is no billing app, or nothing was written
        """
        with self.failure_told(context, order_id=self._settled().order_id):
            return self._look(context)

    def _look(self, context: Context) -> dict[str, Any]:
        settled, services = self._settled(), self.services(context, as_checked=False)
        self._show_places(context)
        if services.settings.billing_integration_id is None:
            msg = "No billing app is set (billing_integration_id): nothing to sync"
            raise AirflowSkipException(msg)
        if self.is_dry_run:
            msg = f"Would wait for the billing app to take order {settled.order_id}"
            raise AirflowSkipException(msg)
        before = settled.before
        billing = billing_now(services, settled.order_id, before)
        reported = ReportedRefusal(context, settled.order_id)
        if billing.state is BillingState.FAILED and reported.was_cleared:
            self.log.info("The billing app had failed (%s): Upsales has to call it again", billing.detail)
            may_be_called = reported.may_be_called
            reported.note_call()
            before = call_again(services, settled.order_id, may_be_called=may_be_called)
            billing = billing_now(services, settled.order_id, before)
        self.log_requests()
        if billing.state is BillingState.WAITING:
            self.defer(trigger=self._trigger(services, settled.order_id, before), method_name="resume")
        return self._conclude(context, billing, services.settings.billing_integration_id)

    def resume(self, context: Context, event: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Go on with what the trigger saw.

        :raises BillingFailedError: the app refused the order
        :raises BillingSilentError: no answer before the deadline
        """
        self._show_places(context)
        if not event or "state" not in event:
            msg = (
                f"The trigger sent no known event for order {self._settled().order_id}: {sorted(event or {})}"
            )
            raise UnexpectedAnswerError(msg, service="Airflow", call="trigger event")
        with self.failure_told(context, order_id=self._settled().order_id):
            return self._take_up(context, event)

    def _show_places(self, context: Context) -> None:
        settled = self._settled()
        self.show_places(
            context,
            project_id=settled.project_id,
            invoice_id=settled.invoice_id,
            order_id=settled.order_id,
        )

    def _take_up(self, context: Context, event: Mapping[str, Any]) -> dict[str, Any]:
        if event["state"] not in set(BillingState):
            msg = f"{self._who()}: waiting for the billing app ended with {event['state']}: {event.get('detail', '')}"
            raise UnexpectedAnswerError(msg, service="Upsales", call="GET /orders")
        told = {name: value for name, value in event.items() if value is not None}
        billing_app = told.pop("billing_app", None)
        return self._conclude(context, msgspec.convert(told, Billing), billing_app)

    def _conclude(self, context: Context, billing: Billing, integration_id: int | None) -> dict[str, Any]:
        settled, who, detail = self._settled(), self._who(), billing.detail
        match billing.state:
            case BillingState.DONE:
                billed = billed_order(settled, billing, integration_id)
                self.log.info(
                    "%s: the billing app %s has it (%s), answered at %s; Harvest invoice %s, %d time entries, %s %s",
                    who,
                    billed.billing_app,
                    detail,
                    billed.answered_at or "an unknown time",
                    billed.invoice_id,
                    billed.entries,
                    billed.amount,
                    billed.currency,
                )
                announce(self, context, to_xcom(SettledOrder.of(settled, billed.document or None)))
                returned: dict[str, Any] = to_xcom(billed)
                return returned
            case BillingState.FAILED:
                if "ti" in context:
                    ReportedRefusal(context, settled.order_id).note_reported()
                msg = (
                    f"{who}: the billing app refused it: {detail}. Correct that in Upsales or the app, then clear "
                    "this task: Upsales then calls the app again. First check in the app whether it has the order "
                    "after all."
                )
                raise BillingFailedError(msg)
            case BillingState.WAITING:
                msg = (
                    f"{who}: the billing app did not answer in time{f' ({detail})' if detail else ''}. Check in the "
                    "app whether it has the order; clearing this task waits again and triggers nothing."
                )
                raise BillingSilentError(msg)
            case _:
                msg = f"{who}: the billing app was taken out of the settings while the task waited for it"
                raise UnexpectedAnswerError(msg, service="Upsales", call="GET /orders")

    def _who(self) -> str:
        settled = self._settled()
        return f"{settled.project}, order {settled.order_id}"

    def _trigger(self, services: Services, order_id: int, before: AnswerBeforeSave) -> BillingTrigger:
        from harvest_upsales.triggers.billing_trigger import BillingTrigger

        app = services.billing_app
        timeout = dt.timedelta(minutes=services.settings.billing_timeout_minutes)
        return BillingTrigger(
            upsales_conn_id=self.upsales_conn_id,
            order_id=order_id,
            integration_id=app.integration_id,
            reference_alias=app.reference_alias,
            reference_field=app.reference_field,
            answered_at=before.answered_at.isoformat() if before.answered_at else None,
            deadline=(services.now() + timeout).isoformat(),
            poll_interval_s=self.poll_interval_s,
        )

    def _settled(self) -> Settled:
        return read_settled(self.order)

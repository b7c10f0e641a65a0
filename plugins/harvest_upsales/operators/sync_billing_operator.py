"""``sync_billing``: settlement's step 5."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from airflow.sdk.definitions.context import Context
from airflow.sdk.exceptions import AirflowSkipException

from harvest_upsales.domain.billing import Before, BillingState
from harvest_upsales.errors import BillingFailedError, BillingSilentError, UnexpectedAnswerError
from harvest_upsales.flows.billing_sync import billing_now, call_again
from harvest_upsales.flows.services import Services
from harvest_upsales.flows.settle import Settled
from harvest_upsales.operators.base_operator import ServicesOperator
from harvest_upsales.triggers.billing_trigger import BillingTrigger


class SyncBillingOperator(ServicesOperator):
    """Wait until the billing app connected to Upsales has taken a settled order.

    Waits in the triggerer. All writes happen here, on the worker, and there is one only where a person retries after
    the app had failed: the order is saved again, so that Upsales calls the app once more.

    :param order: what :class:`MarkProjectInvoicedOperator` returned (templated)
    :param poll_interval_s: seconds between the first two looks; later ones are up to a minute apart
    """

    template_fields: Sequence[str] = (*ServicesOperator.template_fields, "order")

    def __init__(self, *, order: Any, poll_interval_s: float = 2.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.order = order
        self.poll_interval_s = poll_interval_s

    @property
    def label(self) -> str:
        """Readable name of the mapped task instance."""
        settled = self._settled()
        return f"{settled.project} (order {settled.order_id})"

    def execute(self, context: Context) -> dict[str, Any]:
        """Look once; wait in the triggerer where the app has not answered yet.

        :raises BillingFailedError: the app refused the order; the message carries its words
        :raises AirflowSkipException: there is no billing app, or nothing was written
        """
        settled, services = self._settled(), self.services(context)
        if services.settings.billing_integration_id is None:
            msg = "No billing app is set (billing_integration_id): nothing to sync"
            raise AirflowSkipException(msg)
        if self.only_plans:
            msg = f"Would wait for the billing app to take order {settled.order_id}"
            raise AirflowSkipException(msg)
        before = settled.before
        billing = billing_now(services, settled.order_id, before)
        if billing.state is BillingState.FAILED and self._was_cleared(context):
            self.log.info("The billing app had failed (%s): Upsales calls it again", billing.detail)
            before = call_again(services, settled.order_id)
            billing = billing_now(services, settled.order_id, before)
        self.log_requests()
        if billing.state is BillingState.WAITING:
            self.defer(trigger=self._trigger(services, settled.order_id, before), method_name="resume")
        return self._conclude(billing.state, billing.detail)

    def resume(self, context: Context, event: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Go on with what the trigger saw.

        :raises BillingFailedError: the app refused the order
        :raises BillingSilentError: no answer before the deadline
        """
        if not event or "state" not in event:
            msg = (
                f"The trigger sent no known event for order {self._settled().order_id}: {sorted(event or {})}"
            )
            raise UnexpectedAnswerError(msg, service="Airflow", call="trigger event")
        return self._conclude(str(event["state"]), str(event.get("detail", "")))

    def _was_cleared(self, context: Context) -> bool:
        """Whether a person cleared the task and this is the first try since; Airflow then allows as many tries anew."""
        task_instance = context["ti"]
        tries_before = task_instance.max_tries - (self.retries or 0)
        return tries_before > 0 and task_instance.try_number == tries_before + 1

    def _conclude(self, state: str, detail: str) -> dict[str, Any]:
        settled = self._settled()
        who = f"{settled.project}, order {settled.order_id}"
        match state:
            case BillingState.DONE:
                self.log.info("%s: the billing app has it (%s)", who, detail)
                return {"order_id": settled.order_id, "project": settled.project, "billing": detail}
            case BillingState.FAILED:
                msg = (
                    f"{who}: the billing app refused it: {detail}. Mend that in Upsales or the app, then clear this "
                    "task: it has Upsales call the app again."
                )
                raise BillingFailedError(msg)
            case BillingState.WAITING:
                msg = (
                    f"{who}: the billing app did not answer in time{f' ({detail})' if detail else ''}. Look in the app "
                    "whether it has the order; clearing this task waits again and triggers nothing."
                )
                raise BillingSilentError(msg)
            case _:
                msg = f"{who}: waiting for the billing app ended with {state}: {detail}"
                raise UnexpectedAnswerError(msg, service="Upsales", call="GET /orders")

    def _trigger(self, services: Services, order_id: int, before: Before) -> BillingTrigger:
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
        return msgspec.convert(self.order, Settled, strict=False)

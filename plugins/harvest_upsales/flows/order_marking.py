"""Settlement's step 4: the Harvest invoice's id is written to the order."""

from __future__ import annotations

from harvest_upsales.domain import settlement
from harvest_upsales.domain.billing import (
    AnswerBeforeSave,
    may_have_taken,
    read_before_retry,
    read_before_save,
    succeeded_between,
)
from harvest_upsales.domain.money import plain, same_rows
from harvest_upsales.domain.order_body import body_to_save
from harvest_upsales.domain.orders import Standing, custom_text, invoice_of, our_rows, standing
from harvest_upsales.domain.settlement import WonOrder
from harvest_upsales.domain.stray_invoices import deleted_order_message
from harvest_upsales.errors import HarvestUpsalesError, NotFoundError, RejectedError, SettlementHeldError
from harvest_upsales.flows.busy_app import refuse_busy
from harvest_upsales.flows.invoice_step import Invoiced
from harvest_upsales.flows.order_saving import SavedOrder, save_order
from harvest_upsales.flows.progress import Progress
from harvest_upsales.flows.services import Services
from harvest_upsales.records.upsales_records import Order, OrderBody


def mark_order(
    progress: Progress, won: WonOrder, invoiced: Invoiced, before: AnswerBeforeSave
) -> AnswerBeforeSave:
    """Write the invoice's id (and late time's rows, in the same save) to the order.

    One save, because each makes Upsales call its connected apps.

    :return: what stood before the save, for the billing step
    :raises SettlementHeldError: the order changed meanwhile in a way that forbids it
    :raises BillingBusyError: somebody saved it meanwhile, and the billing app may be busy with that
    """
    if progress.dry_run:
        progress.note("would mark the order as invoiced")
        return before
    services = progress.services
    fields, settings = services.fields, services.settings

    def body_for(order: Order) -> tuple[OrderBody | None, AnswerBeforeSave]:
        if _is_marked(services, order, invoiced):
            return None, read_before_retry(order, services.billing_app)
        _refuse_moved_back(won, order, invoiced)
        refuse_busy(services, order)
        stored = our_rows(order, settings.default_product_id)
        taken = may_have_taken(order, services.billing_app)
        late = WonOrder(order.id, won.key, won.project, stored, taken)
        change = settlement.check_late_time(late, invoiced.rows, settings)
        body = body_to_save(
            order,
            product_id=settings.default_product_id,
            rows=invoiced.rows if change else None,
            custom={_field(fields.invoice): str(invoiced.invoice.id)},
        )
        return body, read_before_save(order, services.billing_app)

    try:
        found, before = save_order(
            services, won.order_id, body_for, lambda _, order: _is_marked(services, order, invoiced)
        )
    except NotFoundError as error:
        raise SettlementHeldError(deleted_order_message(won.order_id, invoiced.invoice)) from error
    except RejectedError as error:
        msg = (
            f"{won}: Upsales does not save the order ({error.message}). Its Harvest invoice {invoiced.invoice.id} "
            "stands. Correct that in Upsales, then retry: the invoice is found again."
        )
        raise SettlementHeldError(msg) from error
    if found is None:
        progress.note("the order was marked as invoiced already")
        return before
    _confirm_marked(services, won, found.order, invoiced)
    _refuse_erased(services, won, found)
    progress.note("marked the order as invoiced")
    if found.others:
        progress.note(found.in_words)
    return before


def _refuse_erased(services: Services, won: WonOrder, found: SavedOrder) -> None:
    """The billing app may write its document number between our reading and our save, which then takes it off.

    The app's status is not part of what we write, so it is still on the order and shows what happened.
    """
    app = services.billing_app
    if succeeded_between(found.before, found.order, app) and not custom_text(
        found.order, app.reference_field
    ):
        msg = (
            f"{won}: the billing app answered at the very moment the order was marked as invoiced, and the "
            f"save may have taken its document number ({app.reference_alias}) off the order. Look in the app whether "
            "the customer has two invoices, and write the number of the right one to the order; then clear this task."
        )
        raise SettlementHeldError(msg)


def _is_marked(services: Services, order: Order, invoiced: Invoiced) -> bool:
    product_id = services.settings.default_product_id
    return invoice_of(order, services.fields) == str(invoiced.invoice.id) and same_rows(
        our_rows(order, product_id), invoiced.rows
    )


def _confirm_marked(services: Services, won: WonOrder, order: Order, invoiced: Invoiced) -> None:
    if not _is_marked(services, order, invoiced):
        msg = (
            f"{won}: Upsales stored something else than was sent. Harvest invoice {invoiced.invoice.id} stands; "
            "compare the order's rows and its HARVEST_INVOICE with it, then retry."
        )
        raise SettlementHeldError(msg)


def _refuse_moved_back(won: WonOrder, order: Order, invoiced: Invoiced) -> None:
    if standing(order) is not Standing.WON:
        msg = (
            f"{won}: it was moved back to {plain(order.probability)} % while it was being settled. Harvest invoice "
            f"{invoiced.invoice.id} stands: move the order to 100 % again and retry, or delete the invoice."
        )
        raise SettlementHeldError(msg)


def _field(field_id: int | None) -> int:
    if field_id is None:
        msg = "The order field HARVEST_INVOICE is missing. Run check_setup first."
        raise HarvestUpsalesError(msg)
    return field_id

"""Settle one won order: invoice the project in Harvest, close it for time, mark the order.

Every step asks first whether it was done already, so that a retry from any point goes on where the last try ended.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from msgspec import Struct

from harvest_upsales.domain import settlement
from harvest_upsales.domain.billing import (
    Before,
    before_again,
    billing_before,
    has_answered,
    may_have_taken,
    saved_lately,
)
from harvest_upsales.domain.money import Row, plain, same_rows, total
from harvest_upsales.domain.orders import (
    Standing,
    invoice_of,
    key_of,
    only_order,
    our_rows,
    saved,
    standing,
)
from harvest_upsales.domain.settlement import WonOrder
from harvest_upsales.domain.uninvoiced_time import CountedTime, describe
from harvest_upsales.errors import HarvestUpsalesError, RejectedError, SettlementHeldError
from harvest_upsales.flows.coverage import covered_rows, covered_time
from harvest_upsales.flows.overview import our_orders
from harvest_upsales.flows.services import Services
from harvest_upsales.records.harvest_records import Invoice, InvoiceState, Project, TimeEntry
from harvest_upsales.records.upsales_records import Order, OrderBrief

# A billing app answers within seconds; one that does not is waited for after the settlement, in the triggerer.
_ANSWER_WAITS_S = (1.0, 2.0, 3.0, 4.0)


class CoveredTime(Struct, frozen=True):
    """One time entry that the invoice covers: the audit trail."""

    entry_id: int
    spent_date: dt.date
    hours: Decimal
    rate: Decimal | None
    amount: Decimal | None


class Settled(Struct, frozen=True):
    """What settling an order came to; goes to ``sync_billing`` and stands in XCom as the audit trail.

    :param won: whether the order still was at 100 per cent; everything else is empty where it was not
    :param rounding: Harvest's invoice lines minus the order's value; lines are rounded one by one
    :param synced_before: the billing app had taken the order before it was marked as invoiced
    :param answered_at: the billing app's last answer before that
    """

    order_id: int
    won: bool
    project: str = ""
    key: str = ""
    invoice_id: int | None = None
    invoice_number: str | None = None
    invoice_state: str = ""
    hours: Decimal = Decimal(0)
    amount: Decimal = Decimal(0)
    currency: str = ""
    rounding: Decimal = Decimal(0)
    late_time_included: bool = False
    archived: bool = False
    covered: tuple[CoveredTime, ...] = ()
    synced_before: bool = False
    answered_at: dt.datetime | None = None
    done: tuple[str, ...] = ()

    @property
    def before(self) -> Before:
        """What stood before the order was marked, for the billing step."""
        return Before(synced=self.synced_before, answered_at=self.answered_at)


@dataclass(frozen=True, slots=True)
class Invoiced:
    """A Harvest invoice with what it covers, and the rows that the order should have by it."""

    invoice: Invoice
    time: CountedTime
    rows: tuple[Row, ...]


class Settlement:
    """The settlement of one order.

    :param dry_run: decide everything, write nothing
    """

    def __init__(self, services: Services, order_id: int, *, dry_run: bool = False) -> None:
        self._services = services
        self._order_id = order_id
        self._dry_run = dry_run
        self._done: list[str] = []

    def run(self) -> Settled:
        """Take the order to the end of step 4; the billing app is waited for elsewhere.

        :raises SettlementHeldError: a person has to do something first; the message says what
        :raises ProjectError: the project's time can't be priced, or several orders carry its key
        """
        order = self._when_answered(self._services.upsales.order(self._order_id))
        key = key_of(order, self._services.fields)
        if standing(order) is not Standing.WON or key is None or key.account_id != self._services.account_id:
            return Settled(order_id=order.id, won=False)
        project = self._services.harvest.project(key.project_id)
        _refuse_other_currency(order, project)
        before = billing_before(order, self._services.billing_app)
        won = WonOrder(
            order_id=order.id,
            key=key,
            project=project,
            rows=our_rows(order, self._services.settings.default_product_id),
            billing_has_taken=may_have_taken(order, self._services.billing_app),
        )
        invoiced = self._invoice(won)
        if invoiced is None:
            self._archive(won)
            self._done.append("would mark the order as invoiced")
            return self._report(won, None, before, archived=False)
        rounding = settlement.check_invoice_amount(won, invoiced.invoice, invoiced.rows)
        if not invoice_of(order, self._services.fields):
            settlement.check_late_time(won, invoiced.rows, self._services.settings)
        state = self._leave_in_state(invoiced.invoice)
        archived = self._archive(won)
        before = self._mark(won, invoiced, before)
        return self._report(won, invoiced, before, archived=archived, rounding=rounding, state=state)

    def _when_answered(self, order: Order) -> Order:
        """Give the billing app a moment to answer the person's move.

        Our own save makes Upsales call the app again. An app that is still busy with the first call could make a
        second customer invoice of it, or one of rows that late time is about to change.
        """
        app = self._services.billing_app
        if app.integration_id is None or self._dry_run or invoice_of(order, self._services.fields):
            return order
        for wait_s in _ANSWER_WAITS_S:
            if has_answered(order, app) or not saved_lately(order, self._services.now()):
                break
            self._services.sleep(wait_s)
            order = self._services.upsales.order(order.id)
        return order

    # --- step 1 and 2: compare, and invoice ------------------------------------------------------------------

    def _invoice(self, won: WonOrder) -> Invoiced | None:
        """The order's invoice, found or created; ``None`` in a dry run that would create it."""
        invoices = self._invoices(won)
        found = settlement.find_invoice(won.order_id, invoices)
        if found is None:
            settlement.check_fee_not_invoiced(won, invoices)
            entries = self._unbilled(won)
            time = settlement.time_to_invoice(won, entries, self._services.settings)
            rows = settlement.rows_to_invoice(won, time)
            settlement.check_late_time(won, rows, self._services.settings)
            # A copy of the order would be invoiced as well: a fixed fee, which no time limits, for a second time.
            only_order(won.key, our_orders(self._services, OrderBrief).get(won.key, ()))
            if self._dry_run:
                self._done.append(f"would create a Harvest invoice of {self._worth(won, rows)}")
                return None
            found = self._create_invoice(won)
            self._done.append(f"created Harvest invoice {found.id}")
        else:
            self._done.append(f"found Harvest invoice {found.id}")
        return self._covered(won, found)

    def _invoices(self, won: WonOrder) -> list[Invoice]:
        return list(self._services.harvest.invoices(client_id=won.project.client.id))

    def _create_invoice(self, won: WonOrder) -> Invoice:
        harvest = self._services.harvest
        new = settlement.new_invoice(won)
        try:
            return self._services.write_once(
                lambda: harvest.create_invoice(new),
                lambda: settlement.find_invoice(won.order_id, self._invoices(won)),
            )
        except RejectedError as error:
            msg = f"{won}: Harvest does not invoice it ({error.message}). Mend that there; the next run settles it."
            raise SettlementHeldError(msg) from error

    def _unbilled(self, won: WonOrder) -> list[TimeEntry]:
        entries = self._services.harvest.time_entries(project_id=won.project.id, is_billed=False)
        return settlement.in_scope(won.key, entries)

    def _covered(self, won: WonOrder, invoice: Invoice) -> Invoiced:
        """Read back what the invoice took in: time may have been tracked between the comparison and the invoice."""
        time = covered_time(self._services, won.project, won.key, invoice)
        rows = covered_rows(won.project, invoice, time)
        if not rows:
            msg = (
                f"{won}: Harvest invoice {invoice.id} (PO number {won.purchase_order}) covers none of the project's "
                "time. Delete it in Harvest, or take the PO number off it, then retry."
            )
            raise SettlementHeldError(msg)
        return Invoiced(invoice, time, rows)

    # --- the invoice's state and the project -----------------------------------------------------------------

    def _leave_in_state(self, invoice: Invoice) -> str:
        if self._dry_run or not settlement.has_to_be_sent(invoice, self._services.settings):
            return invoice.state
        harvest = self._services.harvest

        def sent() -> str | None:
            state = harvest.invoice(invoice.id).state
            return state if state != InvoiceState.DRAFT else None

        def send() -> str:
            harvest.mark_as_sent(invoice.id)
            return InvoiceState.OPEN

        state = self._services.write_once(send, sent)
        self._done.append("marked the invoice as sent")
        return str(state)

    def _archive(self, won: WonOrder) -> bool:
        """Step 3: no more time on the project."""
        settings = self._services.settings
        time_left = won.key.month is not None and self._has_time_left(won)
        if not settlement.may_archive(won, settings, today=self._services.today, time_left=time_left):
            return not won.project.is_active
        if self._dry_run:
            self._done.append("would archive the project")
            return False
        project = self._set_active(won.project, active=False)
        self._done.append("archived the project")
        return not project.is_active

    def _set_active(self, project: Project, *, active: bool) -> Project:
        harvest = self._services.harvest

        def look_up() -> Project | None:
            now = harvest.project(project.id)
            return now if now.is_active == active else None

        try:
            return self._services.write_once(lambda: harvest.set_project_active(project.id, active), look_up)
        except RejectedError as error:
            msg = f"{describe(project)}: Harvest does not archive it ({error.message}). Mend that there, then retry."
            raise SettlementHeldError(msg) from error

    def _has_time_left(self, won: WonOrder) -> bool:
        entries = self._services.harvest.time_entries(project_id=won.project.id, is_billed=False)
        return any(entry.billable for entry in entries)

    # --- step 4: the order -----------------------------------------------------------------------------------

    def _mark(self, won: WonOrder, invoiced: Invoiced, before: Before) -> Before:
        """Write the invoice's id (and late time's rows, in the same save) to the order.

        One save, because each makes Upsales call its connected apps.
        """
        if self._dry_run:
            self._done.append("would mark the order as invoiced")
            return before
        upsales, fields, settings = self._services.upsales, self._services.fields, self._services.settings
        order = upsales.order(won.order_id)
        if self._is_marked(order, invoiced):
            self._done.append("the order was marked as invoiced already")
            return before_again(order, self._services.billing_app)
        self._refuse_moved_back(won, order, invoiced)
        before = billing_before(order, self._services.billing_app)
        stored = our_rows(order, settings.default_product_id)
        taken = may_have_taken(order, self._services.billing_app)
        late = WonOrder(order.id, won.key, won.project, stored, taken)
        change = settlement.check_late_time(late, invoiced.rows, settings)
        body = saved(
            order,
            product_id=settings.default_product_id,
            rows=invoiced.rows if change else None,
            custom={_field(fields.invoice): str(invoiced.invoice.id)},
        )

        def look_up() -> Order | None:
            now = upsales.order(won.order_id)
            return now if self._is_marked(now, invoiced) else None

        answer = self._services.write_once(lambda: upsales.update_order(won.order_id, body), look_up)
        self._confirm_marked(won, answer, invoiced)
        self._done.append("marked the order as invoiced")
        return before

    def _is_marked(self, order: Order, invoiced: Invoiced) -> bool:
        product_id = self._services.settings.default_product_id
        return invoice_of(order, self._services.fields) == str(invoiced.invoice.id) and same_rows(
            our_rows(order, product_id), invoiced.rows
        )

    def _confirm_marked(self, won: WonOrder, order: Order, invoiced: Invoiced) -> None:
        if not self._is_marked(order, invoiced):
            msg = (
                f"{won}: Upsales stored something else than was sent. Harvest invoice {invoiced.invoice.id} stands; "
                "compare the order's rows and its HARVEST_INVOICE with it, then retry."
            )
            raise SettlementHeldError(msg)

    def _refuse_moved_back(self, won: WonOrder, order: Order, invoiced: Invoiced) -> None:
        if standing(order) is not Standing.WON:
            msg = (
                f"{won}: it was moved back to {plain(order.probability)} % while it was being settled. Harvest invoice "
                f"{invoiced.invoice.id} stands: move the order to 100 % again and retry, or delete the invoice."
            )
            raise SettlementHeldError(msg)

    # --- the report ------------------------------------------------------------------------------------------

    def _report(
        self,
        won: WonOrder,
        invoiced: Invoiced | None,
        before: Before,
        *,
        archived: bool,
        rounding: Decimal = Decimal(0),
        state: str = "",
    ) -> Settled:
        currency = won.project.client.currency
        rows = invoiced.rows if invoiced else won.rows
        time = invoiced.time if invoiced else CountedTime(())
        return Settled(
            order_id=won.order_id,
            won=True,
            project=f"{won.project.client.name}: {won.project.name}",
            key=str(won.key),
            invoice_id=invoiced.invoice.id if invoiced else None,
            invoice_number=invoiced.invoice.number if invoiced else None,
            invoice_state=state,
            hours=plain(time.hours),
            amount=total(rows, currency),
            currency=currency,
            rounding=rounding,
            late_time_included=bool(invoiced) and not same_rows(won.rows, rows),
            archived=archived,
            covered=tuple(_covered_entry(entry) for entry in time.entries),
            synced_before=before.synced,
            answered_at=before.answered_at,
            done=tuple(self._done),
        )

    def _worth(self, won: WonOrder, rows: tuple[Row, ...]) -> str:
        return f"{total(rows, won.project.client.currency)} {won.project.client.currency}"


def _refuse_other_currency(order: Order, project: Project) -> None:
    """The same figures in another currency would be another amount on the customer's invoice.

    :raises SettlementHeldError: the order is not in the project's currency
    """
    currency = project.client.currency
    if order.currency and order.currency.upper() != currency.upper():
        msg = (
            f"Order {order.id}, {describe(project)}: the order is in {order.currency}, the Harvest client in "
            f"{currency}. Change the currency of one of them; the next run settles the order."
        )
        raise SettlementHeldError(msg)


def _covered_entry(entry: TimeEntry) -> CoveredTime:
    rate = entry.billable_rate
    return CoveredTime(
        entry_id=entry.id,
        spent_date=entry.spent_date,
        hours=entry.rounded_hours,
        rate=rate,
        amount=None if rate is None else entry.rounded_hours * rate,
    )


def _field(field_id: int | None) -> int:
    if field_id is None:
        msg = "The order field HARVEST_INVOICE is missing. Run check_setup first."
        raise HarvestUpsalesError(msg)
    return field_id

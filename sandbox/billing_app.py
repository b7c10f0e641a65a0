"""The billing app connected to Upsales: it makes customer invoices of won orders and answers on the order."""

import threading
from datetime import timedelta
from typing import Literal

from sandbox.clock import locked
from sandbox.jsonio import Record
from sandbox.upsales.board import UpsalesAccount

Mode = Literal["ok", "fail", "silent"]
SUCCESS = 1


class BillingApp:
    """Called by Upsales after every save of an order at 100 %.

    :param account: the Upsales account that it is connected to.

    Switches: ``mode`` and ``order_modes`` (per order id), ``delay_s``, ``clock_behind`` (its dates lag),
    ``naive`` (any call without a document number makes an invoice), ``ignores_api_saves``, ``only_stage_ids``
    (None = any stage).
    """

    def __init__(self, account: UpsalesAccount, lock: threading.RLock) -> None:
        self.account, self.lock = account, lock
        self.integration_id = 284
        self.reference_alias = "FORTNOX_ID"
        self.connected = True
        self.mode: Mode = "ok"
        self.order_modes: dict[int, Mode] = {}
        self.delay_s = 0.3
        self.fail_status, self.fail_message = 3, "The customer is missing in the accounting"
        self.clock_behind = timedelta(0)
        self.naive = False
        self.ignores_api_saves = False
        self.only_stage_ids: set[int] | None = None
        self.calls: list[Record] = []
        self.customer_invoices: list[Record] = []
        self._next_number = 50_001
        self._timers: set[threading.Timer] = set()
        account.on_saved.append(self.order_saved)

    @locked
    def order_saved(self, order_id: int, by: str) -> None:
        """Upsales' hook. The app's own saves are ignored."""
        order = self.account.orders[order_id]
        heard = self.connected and by != "app" and order["probability"] == 100
        if not heard or (by == "api" and self.ignores_api_saves):
            return
        if self.only_stage_ids is not None and order["stage"]["id"] not in self.only_stage_ids:
            return
        had_number = bool(self.account.custom_value(order_id, self.reference_alias))
        self.calls.append({"order_id": order_id, "by": by, "had_number": had_number, "outcome": None})
        self._later(self.calls[-1])

    def _later(self, call: Record) -> None:
        if self.delay_s <= 0:
            self._answer(call)
            return
        timer = threading.Timer(self.delay_s, self._answer, [call])
        timer.daemon = True
        self._timers.add(timer)
        timer.start()

    @locked
    def _answer(self, call: Record) -> None:
        self._timers = {
            timer for timer in self._timers if timer.is_alive() and timer is not threading.current_thread()
        }
        order = self.account.orders.get(call["order_id"])
        mode = self.order_modes.get(call["order_id"], self.mode)
        if order is None or mode == "silent":
            call["outcome"] = "silent"
            return
        if mode == "fail":
            call["outcome"] = "failed"
            self._report(order, self.fail_status, self.fail_message)
            return
        call["outcome"] = self._invoice(order, call["had_number"])
        self._report(order, SUCCESS, "")

    def _invoice(self, order: Record, had_number: bool) -> str:
        """Create or update the customer invoice; say which."""
        mine = [invoice for invoice in self.customer_invoices if invoice["order_id"] == order["id"]]
        if (self.naive and not had_number) or not mine:
            number, self._next_number = str(self._next_number), self._next_number + 1
            invoice = {
                "order_id": order["id"],
                "number": number,
                "amount": order["value"],
                "currency": order["currency"],
            }
            self.customer_invoices.append(invoice)
            outcome = "created"
        else:
            invoice = mine[-1]
            outcome = "unchanged" if invoice["amount"] == order["value"] else "updated"
            invoice["amount"] = order["value"]
        self.account.set_custom(order["id"], self.reference_alias, invoice["number"])
        return outcome

    def _report(self, order: Record, status: int, message: str) -> None:
        """One status per app on the order: the newest."""
        others = [s for s in order["lastIntegrationStatus"] if s["integrationId"] != self.integration_id]
        answer = {
            "integrationId": self.integration_id, "callbackStatus": status, "callbackMessage": message,
            "callbackDate": self.account.clock.upsales_stamp(self.clock_behind),
        }  # fmt: skip
        order["lastIntegrationStatus"] = [*others, answer]
        self.account.saved(order, "app")

    def invoices_of(self, order_id: int) -> list[Record]:
        with self.lock:
            return [invoice for invoice in self.customer_invoices if invoice["order_id"] == order_id]

    def close(self) -> None:
        """Forget the calls that are not answered yet."""
        with self.lock:
            for timer in self._timers:
                timer.cancel()
            self._timers.clear()

"""A whole run over real HTTP against the sandbox, without Airflow: step by step as the DAG takes them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import msgspec
import requests
from requests.adapters import HTTPAdapter

from harvest_upsales.api.harvest_api import HarvestClient
from harvest_upsales.api.rate_limit import HARVEST_LIMITS, UPSALES_LIMITS, RateLimiter
from harvest_upsales.api.transport import Transport
from harvest_upsales.api.upsales_api import UpsalesClient
from harvest_upsales.domain.billing import Billing
from harvest_upsales.domain.money import rounded
from harvest_upsales.domain.outcome import Outcome, may_have_written
from harvest_upsales.domain.plan import Action
from harvest_upsales.domain.window import OVERLAP, Window, window_of_schedule
from harvest_upsales.errors import HarvestUpsalesError
from harvest_upsales.flows.billing_sync import billing_now
from harvest_upsales.flows.blind_lists import KnownOrders, OrderMemory
from harvest_upsales.flows.check_setup import check_setup
from harvest_upsales.flows.extract import Extract, extract
from harvest_upsales.flows.orders_to_settle import OrderToSettle, SettleAction
from harvest_upsales.flows.project_closing import Closed, close_ended_project
from harvest_upsales.flows.reconcile import Reconciliation, reconcile_run
from harvest_upsales.flows.services import Services, Setup
from harvest_upsales.flows.settle import settle_order
from harvest_upsales.flows.settled import Settled
from harvest_upsales.flows.undo import Undone, undo_invoice
from harvest_upsales.flows.upsert import Upsert
from harvest_upsales.records.json_codec import encode
from harvest_upsales.settings import Settings, parse_settings
from sandbox.credentials import HARVEST_TOKEN, UPSALES_TOKEN
from sandbox.minimal import BILLING_APP, PRODUCT_TIME, STAGE_VERBAL_AGREEMENT, STAGE_WON, USER_BRIDGE
from sandbox.server import SandboxServer
from sandbox.world import World

REQUIRED = {
    "default_user_id": USER_BRIDGE,
    "default_stage_id": STAGE_VERBAL_AGREEMENT,
    "default_product_id": PRODUCT_TIME,
}
BILLED = {"billing_integration_id": BILLING_APP, "billing_reference_field": "FORTNOX_ID"}
EVERYTHING = Window()


class SteadyClock:
    """Seconds that pass only where somebody waits for them.

    :ivar told: called after each wait, for what happens meanwhile
    """

    def __init__(self) -> None:
        self.now_s = 0.0
        self.told: Callable[[], None] = lambda: None

    def now(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds
        self.told()


@dataclass
class Run:
    """What one run did.

    :param errors: of settlements, by order id
    :param requests: journal entries of the run, reads included
    """

    setup: Setup
    found: Extract
    outcomes: list[Outcome] = field(default_factory=list)
    failures: list[HarvestUpsalesError] = field(default_factory=list)
    settled: dict[int, Settled] = field(default_factory=dict)
    undone: dict[int, Undone] = field(default_factory=dict)
    closed: dict[int, Closed] = field(default_factory=dict)
    errors: dict[int, HarvestUpsalesError] = field(default_factory=dict)
    billing: dict[int, Billing] = field(default_factory=dict)
    reconciled: Reconciliation | None = None
    requests: list[dict[str, Any]] = field(default_factory=list)

    @property
    def writes(self) -> list[str]:
        """Writes that were sent, whatever came of them, for example ``POST /orders``."""
        return [f"{entry['method']} {entry['path']}" for entry in self.requests if entry["is_write"]]

    @property
    def drifts(self) -> dict[int, str]:
        """Unexplained differences: project id → state."""
        assert self.reconciled is not None
        return {line.project_id: str(line.state) for line in self.reconciled.drifts}

    def actions(self) -> dict[int, str]:
        """Project id → what was done to its (last) opportunity."""
        return {outcome.project_id: str(outcome.action) for outcome in self.outcomes}

    def outcome(self, project_id: int) -> Outcome:
        """The only outcome of a project."""
        (found,) = [outcome for outcome in self.outcomes if outcome.project_id == project_id]
        return found


class Bench:
    """A world behind a real server, both clients, and the run.

    :param server: serves the world
    :param timeout_s: to connect, and to wait for more of an answer
    :param clock: by which limits are kept and waits pass; ``None``: one of its own
    :param upsales_of: serves the Upsales account instead, where several Harvest accounts feed one
    :ivar slot: held around each step that writes, as a task holds the slot of the DAG's pool
    :ivar memory: what Airflow keeps of our orders from run to run
    """

    def __init__(
        self,
        server: SandboxServer,
        timeout_s: tuple[float, float] = (5, 20),
        *,
        upsales_of: SandboxServer | None = None,
        clock: SteadyClock | None = None,
    ) -> None:
        self.server = server
        self._timeout_s = timeout_s
        self.world: World = server.world
        account_id = self.world.harvest.account_id
        self.clock = clock or SteadyClock()
        self.slot: Callable[[], AbstractContextManager[None]] = nullcontext
        kept = [KnownOrders()]
        self.memory = OrderMemory(lambda: kept[-1], kept.append)
        self._sessions: list[requests.Session] = []
        self.harvest = HarvestClient(
            self._transport(
                server.harvest_url,
                "Harvest",
                HARVEST_LIMITS,
                {
                    "Authorization": f"Bearer {HARVEST_TOKEN}",
                    "Harvest-Account-Id": account_id,
                    "User-Agent": "tests (time@nordlys.example)",
                },
            ),
            account_id,
        )
        self.upsales = UpsalesClient(
            self._transport(
                (upsales_of or server).upsales_url,
                "Upsales",
                UPSALES_LIMITS,
                {"Cookie": f"token={UPSALES_TOKEN}"},
            )
        )

    def _transport(self, url: str, service: str, limits: Any, headers: dict[str, str]) -> Transport:
        session = requests.Session()
        session.trust_env = False
        session.headers.update(headers)
        self._sessions.append(session)
        return Transport(
            session,
            url,
            service=service,
            limiter=RateLimiter(limits),
            timeout_s=self._timeout_s,
            clock=self.clock.now,
            sleep=self.clock.sleep,
        )

    def close(self) -> None:
        """Close the connections that are kept alive."""
        for session in self._sessions:
            session.close()

    def send_through(self, adapter: HTTPAdapter) -> None:
        """Let every request pass an adapter of the test's own."""
        for session in self._sessions:
            session.mount("http://", adapter)

    # --- the steps --------------------------------------------------------------------------------------------

    def settings(self, **changes: Any) -> Settings:
        """Checked as the Variable's text is."""
        return parse_settings(msgspec.json.encode(REQUIRED | changes))

    def services(self, *, dry_run: bool = False, **changes: Any) -> Services:
        """Services after the set-up check."""
        settings = self.settings(**changes)
        setup = check_setup(self.harvest, self.upsales, settings, dry_run=dry_run, sleep=self.clock.sleep)
        return Services(
            harvest=self.harvest,
            upsales=self.upsales,
            account_id=self.harvest.account_id,
            settings=settings,
            setup=setup,
            now=self.world.clock.now,
            sleep=self.clock.sleep,
        )

    @property
    def last_hour(self) -> Window:
        """The window of the hourly schedule."""
        return Window(updated_since=self.world.clock.now() - dt.timedelta(hours=1) - OVERLAP)

    @property
    def night(self) -> Window:
        """The window of the one run a day that compares the whole history; nothing was updated in it."""
        start = (self.world.clock.now() + dt.timedelta(days=1)).replace(
            hour=3, minute=0, second=0, microsecond=0
        )
        return window_of_schedule(start + dt.timedelta(hours=24), start + dt.timedelta(hours=25))

    @property
    def quiet(self) -> Window:
        """A window in which nothing was updated: only the comparison of sums finds anything."""
        return Window(updated_since=self.world.clock.now() + dt.timedelta(days=1))

    def run(
        self,
        window: Window | None = None,
        only: Collection[int] = (),
        *,
        dry_run: bool = False,
        remembered: bool = False,
        **changes: Any,
    ) -> Run:
        """One run of all steps, some minutes after what was done before; failures stay with their project or order."""
        self.world.clock.advance(dt.timedelta(minutes=2))
        first = len(self.world.journal.entries)
        with self.slot():
            services = self.services(dry_run=dry_run, **changes)
        if remembered:
            setup = msgspec.structs.replace(services.setup, remembered=True, checked_at=services.now())
            services = replace(services, setup=setup)
            first = len(self.world.journal.entries)
        began = services.now()
        found = extract(services, self.last_hour if window is None else window, only)
        run = Run(services.setup, found)
        for batch in found.batches:
            upsert = Upsert(services, batch.project_ids, dry_run=dry_run, memory=self.memory)
            with self.slot():
                run.outcomes.extend(upsert.run())
            run.failures.extend(upsert.failures)
        for order in found.orders:
            self._settle(services, run, order, dry_run=dry_run)
        closed = [order_id for order_id, closed in run.closed.items() if closed.done]
        undone = [order_id for order_id, undone in run.undone.items() if undone.done]
        wrote = may_have_written(run.outcomes, run.settled, run.errors, undone, closed)
        run.reconciled = reconcile_run(
            services,
            None if wrote else found.overview.sides,
            failed={o.project_id: o.reason for o in run.outcomes if o.action is Action.FAIL},
            since=began,
            threshold=Decimal(0),
            only=only,
            fixed_fees={o.project_id for o in run.outcomes if o.fixed_fee},
            told={o.project_id: o.reason for o in run.outcomes if o.action is Action.SKIP},
        )
        if not dry_run:
            self.memory.keep_listed(run.reconciled.sides.order_ids)
        run.requests = self.world.journal.since(first)
        return run

    def _settle(self, services: Services, run: Run, order: OrderToSettle, *, dry_run: bool) -> None:
        order_id = order.order_id
        try:
            with self.slot():
                if order.action is SettleAction.ARCHIVE:
                    run.closed[order_id] = close_ended_project(services, order_id, dry_run=dry_run)
                    return
                if order.action is SettleAction.UNDO:
                    run.undone[order_id] = undo_invoice(services, order_id, dry_run=dry_run)
                    return
                run.settled[order_id] = settled = settle_order(services, order_id, dry_run=dry_run)
            if settled.won and not dry_run:
                with self.slot():
                    run.billing[order_id] = billing_now(services, order_id, settled.before)
        except HarvestUpsalesError as error:
            run.errors[order_id] = error

    # --- people -----------------------------------------------------------------------------------------------

    def add_project(self, name: str = "Webb", *, client: int | None = None, **kw: Any) -> int:
        """A project at 1,000 an hour; without ``client``, of a new client that Upsales knows by its name."""
        owner = self.add_client(f"{name} AB") if client is None else client
        return self.world.harvest.add_project(owner, name, **{"hourly_rate": 1000, **kw})

    def add_client(self, name: str, currency: str = "SEK") -> int:
        """A client in Harvest and the company of its name in Upsales."""
        self.world.upsales.add_company(name, currency=currency)
        return self.world.harvest.add_client(name, currency)

    def move_to_client(self, project_id: int, name: str) -> None:
        """Somebody moves the project to a new client; its invoices stay with the one it had."""
        client = self.world.harvest.clients[self.add_client(name)]
        self.world.harvest.projects[project_id]["client"] = {
            key: client[key] for key in ("id", "name", "currency")
        }

    def add_time(self, project_id: int, hours: Any = 1, *, days_ago: int = 1, **kw: Any) -> int:
        """Time of a recent day."""
        day = self.world.today - dt.timedelta(days=days_ago)
        return self.world.harvest.add_time(project_id, day, hours, **kw)

    def win(self, order_id: int) -> None:
        """A salesperson moves the card to the 100 % stage."""
        self.world.upsales.move(order_id, STAGE_WON)

    def credit(self, order_id: int) -> None:
        """The customer's invoice is taken back in the billing app, and its number off the order."""
        self.world.upsales.set_custom(order_id, "FORTNOX_ID", None)
        self.world.upsales.orders[order_id]["lastIntegrationStatus"] = []

    def invoice_by_hand(self, project_id: int) -> int:
        """Somebody invoices the project's time, or its fixed fee, in Harvest."""
        project = self.world.harvest.projects[project_id]
        fee = {"kind": "Service", "quantity": 1, "unit_price": project["fee"], "project_id": project_id}
        time = {"project_ids": [project_id], "time": {"summary_type": "task"}}
        what = {"line_items": [fee]} if project["is_fixed_fee"] else {"line_items_import": time}
        body = {"client_id": project["client"]["id"], **what}
        answer = self.harvest.transport.write("POST", "/invoices", encode(body))
        return int(msgspec.json.decode(answer)["id"])

    def patch_invoice(self, invoice_id: int, **fields: Any) -> None:
        """Somebody edits an invoice in Harvest."""
        self.harvest.transport.write("PATCH", f"/invoices/{invoice_id}", msgspec.json.encode(fields))

    # --- what the services hold -------------------------------------------------------------------------------

    def orders_of(self, project_id: int) -> list[dict[str, Any]]:
        """Orders with the project's key, whatever its month, oldest first."""
        start = f"{self.harvest.account_id}:{project_id}"
        field_id = self.world.upsales.field_id("HARVEST_KEY")
        return [
            order
            for order in sorted(self.world.upsales.orders.values(), key=lambda order: order["id"])
            if any(c["fieldId"] == field_id and c["value"].startswith(start) for c in order["custom"])
        ]

    def order_of(self, project_id: int) -> dict[str, Any]:
        """The project's only order."""
        (order,) = self.orders_of(project_id)
        return order

    def key_of(self, order: dict[str, Any]) -> str:
        """``HARVEST_KEY`` without the account."""
        return str(self.world.upsales.custom_value(order["id"], "HARVEST_KEY")).split(":", 1)[1]

    def invoice_field(self, order_id: int) -> str | None:
        """``HARVEST_INVOICE``."""
        return self.world.upsales.custom_value(order_id, "HARVEST_INVOICE")

    def invoices(self) -> list[dict[str, Any]]:
        """All Harvest invoices."""
        return list(self.world.harvest.invoices.values())

    def harvest_amounts(self) -> dict[int, Decimal]:
        """What Harvest's own report says is uninvoiced: project with time that counts → amount, without expenses."""
        today, projects = self.world.today, self.world.harvest.projects
        rows = self.harvest.uninvoiced_report(today - dt.timedelta(days=364), today)
        return {
            row.project_id: row.uninvoiced_amount - row.uninvoiced_expenses
            for row in rows
            if row.uninvoiced_hours and _is_billed(projects[row.project_id])
        }

    @property
    def violations(self) -> list[dict[str, Any]]:
        """What no client should have sent."""
        return self.world.journal.violations


def _is_billed(project: dict[str, Any]) -> bool:
    return bool(project["is_billable"] and (project["bill_by"] != "none" or project["is_fixed_fee"]))


def rows(order: dict[str, Any], product_id: int = PRODUCT_TIME) -> list[tuple[Decimal, Decimal]]:
    """Quantity and price of the rows on one product; the empty placeholder is no row."""
    return [
        (Decimal(row["quantity"]), Decimal(row["price"]))
        for row in order["orderRow"]
        if row["product"]["id"] == product_id and row["quantity"]
    ]


def worth(order: dict[str, Any]) -> Decimal:
    """The sum of our rows, rounded once."""
    return rounded(sum((q * p for q, p in rows(order)), Decimal(0)), order["currency"])


def serve(
    world: World, timeout_s: tuple[float, float] = (5, 20), *, clock: SteadyClock | None = None
) -> Iterator[Bench]:
    """A bench around a world at noon, for fixtures.

    :param clock: by which limits are kept and waits pass; ``None``: one of its own
    """
    noon = dt.datetime.combine(world.today, dt.time(12), dt.UTC)
    world.clock.advance(noon - world.clock.now())
    with SandboxServer(world, rate_limits=False) as server:
        bench = Bench(server, timeout_s, clock=clock)
        yield bench
        bench.close()

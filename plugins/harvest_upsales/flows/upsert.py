"""Bring the opportunities of some projects in line with Harvest; one bad project never stops the others."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from decimal import Decimal
from functools import cached_property

from msgspec import Struct

from harvest_upsales.domain.keys import HarvestKey
from harvest_upsales.domain.money import plain, same_rows
from harvest_upsales.domain.opportunity import Desired, desired_opportunities
from harvest_upsales.domain.orders import created, only_order, our_rows, saved
from harvest_upsales.domain.plan import Action, FieldChange, Plan, plan_existing, plan_new, why_left_alone
from harvest_upsales.domain.setup_checks import active_currency
from harvest_upsales.domain.uninvoiced_time import counted_time, describe, why_not_billed
from harvest_upsales.errors import (
    CONCERN_EVERY_PROJECT,
    HarvestUpsalesError,
    ProjectError,
    Recovery,
    SetupError,
)
from harvest_upsales.flows.company_book import CompanyBook
from harvest_upsales.flows.overview import our_orders
from harvest_upsales.flows.reading import read_projects, read_unbilled_time
from harvest_upsales.flows.services import Services
from harvest_upsales.records.harvest_records import Project, TimeEntry
from harvest_upsales.records.upsales_records import Currency, Order, OrderBrief

# So many failures in a row that waiting may cure: the service is down, and the rest would only fail as well.
_FAILURES_IN_A_ROW = 3
# How often a list is asked for orders that were just created.
_CONFIRMATIONS = 5


class Outcome(Struct, frozen=True):
    """What was done to one opportunity, or would be; holds no person's name."""

    project_id: int
    project: str
    action: Action
    key: str = ""
    order_id: int | None = None
    hours: Decimal = Decimal(0)
    amount: Decimal = Decimal(0)
    currency: str = ""
    reason: str = ""
    changes: tuple[FieldChange, ...] = ()
    fixed_fee: bool = False


class Upsert:
    """One batch of projects: reads them all, then plans and writes opportunity by opportunity.

    :param dry_run: plan everything, write nothing
    """

    def __init__(self, services: Services, project_ids: Collection[int], *, dry_run: bool = False) -> None:
        self._services = services
        self._ids = sorted(set(project_ids))
        self._dry_run = dry_run
        self._companies = CompanyBook(services)
        self.failures: list[HarvestUpsalesError] = []
        self._created: list[int] = []

    def run(self) -> Iterator[Outcome]:
        """Take up one project after the other; failures are yielded as outcomes and kept in :attr:`failures`.

        :raises HarvestUpsalesError: nothing else can go well either (rights, settings)
        """
        projects = read_projects(self._services.harvest, self._ids)
        billable = [project_id for project_id, project in projects.items() if why_not_billed(project) is None]
        time = read_unbilled_time(self._services.harvest, billable)
        orders = self._orders()
        in_a_row = 0
        for position, project_id in enumerate(self._ids):
            try:
                yield from self._project(
                    projects.get(project_id), project_id, time.get(project_id, []), orders
                )
                in_a_row = 0
            except CONCERN_EVERY_PROJECT:
                raise
            except HarvestUpsalesError as error:
                yield self._failed(projects.get(project_id), project_id, error)
                in_a_row = in_a_row + 1 if error.recovery is Recovery.WAIT_AND_RETRY else 0
            if in_a_row >= _FAILURES_IN_A_ROW:
                yield from self._give_up(self._ids[position + 1 :])
                break
        self._confirm_created()

    def _orders(self) -> dict[HarvestKey, list[Order]]:
        """The batch's orders, whole: one sweep costs less than asking for each."""
        wanted = set(self._ids)
        found = our_orders(self._services, Order)
        return {key: orders for key, orders in found.items() if key.project_id in wanted}

    def _project(
        self,
        project: Project | None,
        project_id: int,
        entries: list[TimeEntry],
        orders: dict[HarvestKey, list[Order]],
    ) -> Iterator[Outcome]:
        if project is None:
            gone = "the project no longer exists in Harvest"
            yield Outcome(
                project_id=project_id, project=f"project {project_id}", action=Action.SKIP, reason=gone
            )
            return
        reason = why_not_billed(project)
        if reason is not None:
            yield _outcome(project, Action.SKIP, reason)
            return
        mine = {key: found for key, found in orders.items() if key.project_id == project.id}
        settings = self._services.settings
        time = counted_time(entries, approved_only=settings.approved_time_only)
        wanted = desired_opportunities(
            self._services.account_id, project, time, per=settings.opportunity_per, existing=mine
        )
        if not wanted:
            yield _outcome(project, Action.SKIP, "no uninvoiced time")
        for desired in wanted:
            yield self._opportunity(desired, only_order(desired.key, mine.get(desired.key, ())))

    def _opportunity(self, desired: Desired, existing: Order | None) -> Outcome:
        if existing is None:
            return self._create(desired)
        plan = self._plan(desired, existing)
        if plan.action is not Action.UPDATE or self._dry_run:
            return _outcome_of(desired, plan, existing.id)
        # Read again right before it is written: people may have saved it since the list was read.
        order = self._services.upsales.order(existing.id)
        plan = self._plan(desired, order)
        if plan.action is Action.UPDATE:
            self._save(desired, order, plan)
        return _outcome_of(desired, plan, order.id)

    def _plan(self, desired: Desired, order: Order) -> Plan:
        left_alone = why_left_alone(desired, order, self._services.fields)
        if left_alone is not None:
            return Plan(Action.SKIP, left_alone)
        return plan_existing(desired, order, self._services.settings)

    def _create(self, desired: Desired) -> Outcome:
        plan = plan_new(desired, self._services.settings)
        if plan.action is not Action.CREATE:
            return _outcome_of(desired, plan)
        currency = self._currency(desired.project)
        company_id = self._companies.company_of(desired.project.client, dry_run=self._dry_run)
        if self._dry_run or company_id is None:
            return _outcome_of(desired, plan)
        settings, fields = self._services.settings, self._services.fields
        body = created(
            description=desired.description,
            date=desired.date,
            user_id=settings.default_user_id,
            company_id=company_id,
            stage_id=settings.default_stage_id,
            probability=self._services.setup.stage_probability,
            product_id=settings.default_product_id,
            rows=desired.rows,
            custom={fields.key: str(desired.key)} if fields.key is not None else {},
            currency=currency.iso,
            currency_rate=currency.rate,
            notes=plan.notes or "",
        )
        upsales = self._services.upsales
        order = self._services.write_once(lambda: upsales.create_order(body), lambda: self._find(desired.key))
        self._created.append(order.id)
        self._confirm_saved(desired, order)
        return _outcome_of(desired, plan, order.id)

    def _save(self, desired: Desired, order: Order, plan: Plan) -> None:
        product_id = self._services.settings.default_product_id
        body = saved(order, product_id=product_id, rows=plan.rows, notes=plan.notes)
        upsales = self._services.upsales

        def look_up() -> Order | None:
            now = upsales.order(order.id)
            return (
                now
                if plan_existing(desired, now, self._services.settings).action is Action.UNCHANGED
                else None
            )

        answer = self._services.write_once(lambda: upsales.update_order(order.id, body), look_up)
        self._confirm_saved(desired, answer)

    def _find(self, key: HarvestKey) -> Order | None:
        found = only_order(key, our_orders(self._services, OrderBrief).get(key, ()))
        return None if found is None else self._services.upsales.order(found.id)

    def _confirm_saved(self, desired: Desired, order: Order) -> None:
        """The answer to a write says what was stored; money that was changed on the way is never passed over."""
        stored = our_rows(order, self._services.settings.default_product_id)
        if not same_rows(stored, desired.rows):
            msg = (
                f"{describe(desired.project)}: Upsales stored other rows in order {order.id} than were sent. Does it "
                "allow as many decimals in prices and quantities as the rates in Harvest have?"
            )
            raise ProjectError(msg)

    def _confirm_created(self) -> None:
        """Orders are found again by a filter on ``HARVEST_KEY``: make sure that it sees the new ones.

        Without this check a filter that does not work as documented, or a list that lags behind, would let the next
        run create every opportunity a second time.
        """
        missing = set(self._created)
        for attempt in range(_CONFIRMATIONS):
            if not missing:
                return
            self._services.sleep(attempt)
            seen = {order.id for found in our_orders(self._services, OrderBrief).values() for order in found}
            missing -= seen
        if missing:
            ids = ", ".join(str(order_id) for order_id in sorted(missing))
            msg = (
                f"Upsales does not list the new orders {ids} by their HARVEST_KEY. Nothing more is created until it "
                "does: check that the order field HARVEST_KEY is visible to the API key, then retry."
            )
            raise SetupError(msg)

    def _currency(self, project: Project) -> Currency:
        found = active_currency(project, self._currencies)
        if found is None:
            msg = (
                f"{describe(project)}: the currency {project.client.currency} is not active in Upsales. Activate it "
                "there, or change the client's currency in Harvest."
            )
            raise ProjectError(msg)
        return found

    @cached_property
    def _currencies(self) -> list[Currency]:
        return list(self._services.upsales.currencies())

    def _failed(self, project: Project | None, project_id: int, error: HarvestUpsalesError) -> Outcome:
        named = error if _names(error, project_id) else _with_project(error, project, project_id)
        self.failures.append(named)
        if project is None:
            return Outcome(
                project_id=project_id,
                project=f"project {project_id}",
                action=Action.FAIL,
                reason=error.message,
            )
        return _outcome(project, Action.FAIL, error.message)

    def _give_up(self, rest: list[int]) -> Iterator[Outcome]:
        for project_id in rest:
            error = ProjectError(
                f"Project {project_id}: not tried, the service failed several times in a row."
            )
            error.recovery = Recovery.WAIT_AND_RETRY
            yield self._failed(None, project_id, error)


def _names(error: HarvestUpsalesError, project_id: int) -> bool:
    return re.search(rf"\bProject {project_id}\b", error.message) is not None


def _with_project(
    error: HarvestUpsalesError, project: Project | None, project_id: int
) -> HarvestUpsalesError:
    """The same failure, naming its project and keeping its recovery."""
    name = f"Project {project_id}" if project is None else describe(project)
    named = ProjectError(f"{name}: {error.message}")
    named.recovery = error.recovery
    named.__cause__ = error
    return named


def _outcome(project: Project, action: Action, reason: str) -> Outcome:
    return Outcome(
        project_id=project.id,
        project=f"{project.client.name}: {project.name}",
        action=action,
        currency=project.client.currency,
        reason=reason,
    )


def _outcome_of(desired: Desired, plan: Plan, order_id: int | None = None) -> Outcome:
    project = desired.project
    return Outcome(
        project_id=project.id,
        project=f"{project.client.name}: {project.name}",
        action=plan.action,
        key=str(desired.key),
        order_id=order_id,
        hours=plain(desired.time.hours),
        amount=desired.amount,
        currency=desired.currency,
        reason=plan.reason,
        changes=plan.changes,
        fixed_fee=project.is_fixed_fee,
    )

"""Bring the opportunities of some projects in line with Harvest; one bad project never stops the others."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from harvest_upsales.domain.fixed_fee import refuse_invoiced_fee
from harvest_upsales.domain.keys import HarvestKey
from harvest_upsales.domain.money import takes_off
from harvest_upsales.domain.opportunity import Desired, desired_opportunities
from harvest_upsales.domain.orders import only_order, our_rows
from harvest_upsales.domain.outcome import NOTHING_UNINVOICED, Outcome
from harvest_upsales.domain.plan import Action, Plan, plan_existing, plan_new, why_left_alone
from harvest_upsales.domain.time_sums import NO_TIME, CountedTime
from harvest_upsales.domain.uninvoiced_time import why_not_billed
from harvest_upsales.errors import CONCERN_EVERY_PROJECT, HarvestUpsalesError, Recovery
from harvest_upsales.flows import outcomes
from harvest_upsales.flows.blind_lists import OrderMemory
from harvest_upsales.flows.invoice_search import refuse_left_invoice
from harvest_upsales.flows.known_opportunities import KnownOpportunities
from harvest_upsales.flows.opportunity_writer import AppearedMeanwhileError, OpportunityWriter
from harvest_upsales.flows.reading import read_projects, read_uninvoiced_time
from harvest_upsales.flows.services import Services
from harvest_upsales.records.harvest_records import Invoice, Project
from harvest_upsales.records.upsales_records import Order

# After this many retryable failures in a row the service is down, and the rest would only fail as well.
_FAILURES_IN_A_ROW = 3
_MAY_BE_DOWN = frozenset({Recovery.WAIT_AND_RETRY, Recovery.LOOK_UP_FIRST})


class _InvoicesUnreadError(Exception):
    """People's save right before ours made an order lose hours; nothing was sent."""


class Upsert:
    """One batch of projects: reads them all, then plans and writes opportunity by opportunity.

    :param dry_run: plan everything, write nothing
    :param memory: what is known of our orders, for the case that Upsales lists none
    """

    def __init__(
        self,
        services: Services,
        project_ids: Collection[int],
        *,
        dry_run: bool = False,
        memory: OrderMemory | None = None,
    ) -> None:
        self._services = services
        self._ids = sorted(set(project_ids))
        self._dry_run = dry_run
        self._memory = memory
        self._list = KnownOpportunities(services)
        self._writer = OpportunityWriter(services, self._list, dry_run=dry_run)
        self._invoices: Sequence[Invoice] | None = None
        self.failures: list[HarvestUpsalesError] = []

    def run(self) -> Iterator[Outcome]:
        """Take up one project after the other; failures are yielded as outcomes and kept in :attr:`failures`.

        :raises HarvestUpsalesError: nothing else can go well either (rights, settings)
        """
        projects = read_projects(self._services.harvest, self._ids)
        billable = [project_id for project_id, project in projects.items() if why_not_billed(project) is None]
        time = read_uninvoiced_time(
            self._services.harvest, billable, self._services.settings, now=self._services.now
        )
        orders = self._orders()
        in_a_row = 0
        for position, project_id in enumerate(self._ids):
            try:
                yield from self._project(
                    projects.get(project_id), project_id, time.get(project_id, NO_TIME), orders
                )
                in_a_row = 0
            except CONCERN_EVERY_PROJECT:
                raise
            except HarvestUpsalesError as error:
                yield self._failed(projects.get(project_id), project_id, error)
                in_a_row = in_a_row + 1 if error.recovery in _MAY_BE_DOWN else 0
            if in_a_row >= _FAILURES_IN_A_ROW:
                for left in self._ids[position + 1 :]:
                    yield self._failed(None, left, outcomes.not_tried(left))
                break
        for project_id, twins in self._list.twins():
            yield self._failed(projects.get(project_id), project_id, twins)

    def _orders(self) -> dict[HarvestKey, list[Order]]:
        """The batch's orders, whole: one sweep costs less than asking for each."""
        found = self._list.read_all(self._ids)
        if not self._list.lists_ours and self._memory is not None:
            self._memory.refuse_blind_lists(self._services)
            self._writer.keep_first_in(self._memory)
        return found

    def _project(
        self,
        project: Project | None,
        project_id: int,
        time: CountedTime,
        orders: dict[HarvestKey, list[Order]],
    ) -> Iterator[Outcome]:
        if project is None:
            yield outcomes.gone(project_id)
            return
        reason = why_not_billed(project)
        if reason is not None:
            yield outcomes.skipped(project, reason)
            return
        mine = {key: found for key, found in orders.items() if key.project_id == project.id}
        settings = self._services.settings
        wanted = desired_opportunities(
            self._services.account_id, project, time, per=settings.opportunity_per, existing=mine
        )
        if not wanted:
            yield outcomes.skipped(project, NOTHING_UNINVOICED)
        for desired in wanted:
            yield self._opportunity(desired, only_order(desired.key, mine.get(desired.key, ())))

    def _opportunity(self, desired: Desired, existing: Order | None) -> Outcome:
        if existing is None:
            return self._create(desired)
        plan = self._plan(desired, existing)
        if self._takes_off(plan, existing):
            refuse_left_invoice(self._services, existing, self._read_invoices())
        if plan.action is not Action.UPDATE or self._dry_run:
            return outcomes.planned(desired, plan, existing.id)

        def check(plan: Plan, order: Order) -> None:
            if not self._takes_off(plan, order):
                return
            if self._invoices is None:
                raise _InvoicesUnreadError
            refuse_left_invoice(self._services, order, self._invoices)

        try:
            plan, others = self._writer.save(
                desired, existing.id, lambda order: self._plan(desired, order), check
            )
        except _InvoicesUnreadError:
            return self._opportunity(desired, self._services.upsales.order(existing.id))
        return outcomes.planned(desired, replace(plan, reason=plan.reason or others), existing.id)

    def _plan(self, desired: Desired, order: Order) -> Plan:
        left_alone = why_left_alone(desired, order, self._services.fields)
        if left_alone is not None:
            return Plan(Action.SKIP, left_alone)
        return plan_existing(desired, order, self._services.settings)

    def _takes_off(self, plan: Plan, order: Order) -> bool:
        """Whether hours go off the order, as they do once they are billed: perhaps by an invoice made for it."""
        if plan.action is not Action.UPDATE or plan.rows is None:
            return False
        return takes_off(our_rows(order, self._services.settings.default_product_id), plan.rows)

    def _read_invoices(self) -> Sequence[Invoice]:
        """The account's invoices, listed where an order loses hours, and once: after the batch's time was read."""
        if self._invoices is None:
            self._invoices = self._services.harvest.invoices()
        return self._invoices

    def _create(self, desired: Desired) -> Outcome:
        plan = plan_new(desired, self._services.settings)
        if plan.action is not Action.CREATE:
            return outcomes.planned(desired, plan)
        if desired.project.is_fixed_fee:
            # No time that is billed tells of a fee that was invoiced.
            client_id = desired.project.client.id
            refuse_invoiced_fee(desired.project, self._services.harvest.invoices(client_id=client_id))
        try:
            return outcomes.planned(desired, plan, self._writer.create(desired, plan))
        except AppearedMeanwhileError as appeared:
            return self._opportunity(desired, self._services.upsales.order(appeared.order_id))

    def _failed(self, project: Project | None, project_id: int, error: HarvestUpsalesError) -> Outcome:
        self.failures.append(outcomes.naming_project(error, project, project_id))
        return outcomes.failed(project, project_id, error)

"""Write one opportunity: looked up before it is repeated, and read back after it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from harvest_upsales.domain.keys import HarvestKey
from harvest_upsales.domain.money import same_rows
from harvest_upsales.domain.opportunity import Desired
from harvest_upsales.domain.order_body import body_to_create, body_to_save
from harvest_upsales.domain.orders import KEY_ALIAS, key_of, only_order, our_rows
from harvest_upsales.domain.plan import Action, Plan
from harvest_upsales.domain.setup_checks import active_currency
from harvest_upsales.domain.uninvoiced_time import describe
from harvest_upsales.errors import ProjectError, SetupError
from harvest_upsales.flows.blind_lists import OrderMemory
from harvest_upsales.flows.company_book import CompanyBook
from harvest_upsales.flows.known_opportunities import KnownOpportunities
from harvest_upsales.flows.order_saving import save_order
from harvest_upsales.flows.overview import our_orders
from harvest_upsales.flows.services import Services
from harvest_upsales.records.harvest_records import Project
from harvest_upsales.records.upsales_records import Currency, Order, OrderBody


class AppearedMeanwhileError(Exception):
    """An order with the key came after the batch's orders were read; nothing was sent.

    :param order_id: of that order
    """

    def __init__(self, order_id: int) -> None:
        super().__init__(order_id)
        self.order_id = order_id


class OpportunityWriter:
    """Creates and saves the opportunities of one batch.

    :param orders: the list that the batch read its orders from
    :param dry_run: look for everything that a write needs, write nothing
    """

    def __init__(self, services: Services, orders: KnownOpportunities, *, dry_run: bool = False) -> None:
        self._services = services
        self._orders = orders
        self._dry_run = dry_run
        self._companies = CompanyBook(services)
        self._memory: OrderMemory | None = None

    def keep_first_in(self, memory: OrderMemory) -> None:
        """Remember the next created order across batches and runs, before creating a second."""
        self._memory = memory

    def create(self, desired: Desired, plan: Plan) -> int | None:
        """Create the opportunity that a plan asks for.

        :return: its id; ``None`` in a dry run
        :raises AppearedMeanwhileError: there is one by now
        :raises ProjectError: no company or currency for it, or Upsales stored other money than was sent
        :raises SetupError: Upsales does not keep, or does not list, what the opportunity is found again by
        """
        currency = self._currency(desired.project)
        company_id = self._companies.company_of(desired.project.client, dry_run=self._dry_run)
        if self._dry_run or company_id is None:
            return None
        settings, fields = self._services.settings, self._services.fields
        body = body_to_create(
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

        def body_if_alone() -> OrderBody:
            there = self._orders.look_again(desired.key)
            if there is not None:
                raise AppearedMeanwhileError(there)
            return body

        order = self._services.write_once(
            lambda: upsales.create_order(body_if_alone), lambda: self._find(desired.key)
        )
        self._orders.add(desired.key, order.id)
        if self._memory is not None:
            self._memory.keep_created(self._services, order.id)
            self._memory = None
        self._confirm_key(desired, order)
        self._confirm_saved(desired, order)
        return order.id

    def save(
        self,
        desired: Desired,
        order_id: int,
        plan_of: Callable[[Order], Plan],
        check: Callable[[Plan, Order], None],
    ) -> tuple[Plan, str]:
        """Save the changes that the plan asks for, recomputed from the order as it stands right before the save.

        :param plan_of: what has to be done to the order as it stands
        :param check: raises where that is not to be sent; asks no service, as people may save the order meanwhile
        :return: the plan that was carried out, and what the answer says of others who saved at the same time
        :raises ProjectError: Upsales stored other money than was sent
        """
        product_id = self._services.settings.default_product_id

        def body_for(order: Order) -> tuple[OrderBody | None, Plan]:
            plan = plan_of(order)
            if plan.action is not Action.UPDATE:
                return None, plan
            check(plan, order)
            return body_to_save(order, product_id=product_id, rows=plan.rows, notes=plan.notes), plan

        def is_done(_: Order, order: Order) -> bool:
            return plan_of(order).action is Action.UNCHANGED

        found, plan = save_order(self._services, order_id, body_for, is_done)
        if found is None:
            return plan, ""
        self._confirm_saved(desired, found.order)
        return plan, found.in_words

    def _find(self, key: HarvestKey) -> Order | None:
        found = only_order(key, our_orders(self._services).get(key, ()))
        return None if found is None else self._services.upsales.order(found.id)

    def _confirm_key(self, desired: Desired, order: Order) -> None:
        """An order without its key is lost to every later run, which would create it again."""
        fields = self._services.fields
        if key_of(order, fields) == desired.key:
            return
        if key_of(self._services.upsales.order(order.id), fields) != desired.key:
            msg = (
                f"Upsales did not keep the {KEY_ALIAS} {desired.key} of the new order {order.id}. Nothing more is "
                f"created until it does: delete that order, check that the API key may write the order field "
                f"{KEY_ALIAS}, then retry."
            )
            raise SetupError(msg)

    def _confirm_saved(self, desired: Desired, order: Order) -> None:
        """The answer to a write says what was stored; money that was changed on the way is never passed over."""
        stored = our_rows(order, self._services.settings.default_product_id)
        if not same_rows(stored, desired.rows):
            msg = (
                f"{describe(desired.project)}: Upsales stored other rows in order {order.id} than were sent. Does it "
                "allow as many decimals in prices and quantities as the rates in Harvest have?"
            )
            raise ProjectError(msg)

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

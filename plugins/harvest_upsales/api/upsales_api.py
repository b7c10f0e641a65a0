"""Upsales API v2: each call that is used, from arguments to records.

Sources of routes and parameters: Upsales' API documentation, https://api.upsales.com, and answers of the
service.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from harvest_upsales.api.transport import Transport
from harvest_upsales.api.upsales_envelope import EnvelopeReader
from harvest_upsales.errors import NotFoundError, RejectedError
from harvest_upsales.records.upsales_records import (
    Company,
    Contact,
    Currency,
    CustomField,
    IntegrationSettings,
    NamedProduct,
    NamedUser,
    NewCompany,
    NewCustomField,
    NotedOrder,
    Order,
    OrderBody,
    OrderBrief,
    Owner,
    Product,
    Stage,
    StandardIntegration,
    User,
)

WHOLE_ORDERS_A_PAGE = 500
"""Each may bring 65,535 characters of notes: a page of these takes some 100 MB at the very most."""
AnyOrder = TypeVar("AnyOrder", Order, OrderBrief, NotedOrder)
_log = logging.getLogger(__name__)

# Keeps the URL within what servers take.
_IDS_A_REQUEST = 200


class UpsalesClient:
    """Typed calls to one Upsales account. Long lists are read page by page, never held as a whole.

    Every method raises ``errors.ApiError`` and its kinds; see ``Transport``.

    :param transport: with the API key
    """

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self._reader = EnvelopeReader(transport)

    # --- account --------------------------------------------------------------------------------------------

    def owner(self) -> Owner:
        """Whom the API key acts as."""
        return self._reader.one("/self", Owner)

    def users(self, ids: Iterable[int]) -> list[User]:
        """People with access, inactive ones too.

        :param ids: only these; the filter is ours, as the service documents none for users
        """
        wanted = set(ids)
        return [user for user in self._reader.small_list("/users", User) if user.id in wanted]

    def named_users(self) -> list[NamedUser]:
        """All people with access, inactive ones too, for an administrator to choose from."""
        return self._reader.small_list("/users", NamedUser)

    def order_stages(self) -> list[Stage]:
        """The stages of the Sales board. Several may be at 100 per cent."""
        return self._reader.small_list("/orderstages", Stage)

    def products(self, ids: Iterable[int]) -> list[Product]:
        """Products, inactive ones too.

        :param ids: only these
        """
        wanted = set(ids)
        return [product for product in self._reader.sweep("/products", (), Product) if product.id in wanted]

    def named_products(self) -> Iterator[NamedProduct]:
        """All products, inactive ones too, for an administrator to choose from."""
        return self._reader.sweep("/products", (), NamedProduct)

    def currencies(self) -> list[Currency]:
        """The account's currencies, inactive ones too."""
        return self._reader.small_list("/currencies", Currency)

    def standard_integrations(self) -> list[StandardIntegration]:
        """The apps of the directory."""
        return self._reader.small_list("/standardIntegration", StandardIntegration)

    def integration_settings(self, integration_id: int) -> IntegrationSettings | None:
        """An app's settings in this account, ``None`` where it was never activated. They hold credentials.

        :param integration_id: of the app
        """
        try:
            return self._reader.one(f"/standardIntegrationSettings/{integration_id:d}", IntegrationSettings)
        except NotFoundError:
            return None

    # --- custom fields --------------------------------------------------------------------------------------

    def order_fields(self) -> list[CustomField]:
        """The custom fields of orders and opportunities."""
        return self._reader.small_list("/customfields/order", CustomField)

    def create_order_field(self, new: NewCustomField) -> CustomField:
        """Create a custom field on orders.

        :raises AnswerLostError: look for its alias before creating it again
        """
        return self._reader.sent("POST", "/customfields/order", new, CustomField)

    # --- companies ------------------------------------------------------------------------------------------

    def companies(self) -> Iterator[Company]:
        """The companies that can get orders, in the order of their ids.

        Companies that Upsales only identified as web visitors are left out.
        """
        return self._reader.sweep("/accounts", [("isExternal", "0"), ("active", "1")], Company)

    def companies_by_id(self, ids: Iterable[int]) -> list[Company]:
        """The companies with these ids, active or not; those that do not exist are missing.

        :param ids: any number; a request carries up to 200
        """
        wanted = sorted(set(ids))
        parts = [wanted[i : i + _IDS_A_REQUEST] for i in range(0, len(wanted), _IDS_A_REQUEST)]
        filters = ([("id", "eq:" + ",".join(map(str, part)))] for part in parts)
        return [company for each in filters for company in self._reader.sweep("/accounts", each, Company)]

    def create_company(self, new: NewCompany | Callable[[], NewCompany]) -> Company:
        """Create a company.

        :param new: what is sent; or what makes it right before each try
        :raises AnswerLostError: look for its name before creating it again
        """
        return self._reader.sent("POST", "/accounts", new, Company)

    def contacts(self, email: str) -> Iterator[Contact]:
        """Contacts with an e-mail address; one address can sit on contacts of several companies.

        :param email: the whole address
        """
        # A comma would mean any of several values.
        if "," in email or not email.strip():
            return iter(())
        return self._reader.sweep("/contacts", [("email", email.strip())], Contact)

    # --- orders ---------------------------------------------------------------------------------------------

    def orders(
        self, of: type[AnyOrder], *, filters: Sequence[tuple[str, str]] = (), after: int = 0
    ) -> Iterator[AnyOrder]:
        """Opportunities and orders in the order of their ids.

        :param of: how much of each is wanted
        :param filters: ``(attribute, "operator:value")``; a repeated attribute must hold twice
        :param after: only orders with a higher id, which came later
        """
        most = WHOLE_ORDERS_A_PAGE if of is Order else None
        return self._reader.sweep("/orders", filters, of, after=after, most=most)

    def orders_with_field(self, field_id: int, of: type[AnyOrder], *, after: int = 0) -> Iterator[AnyOrder]:
        """Orders that may have a value in a custom field. The caller looks at the value.

        The service documents no "has a value". ``ne`` with a value that ours never take comes closest; whether
        orders without any value pass it isn't documented, so both are taken as possible. Should the service
        refuse the filter, all orders come.

        :param field_id: of the custom field
        :param of: how much of each order is wanted
        :param after: only orders with a higher id, which came later
        """
        found = self.orders(of, filters=[("custom", f"ne:{field_id:d}:0")], after=after)
        try:
            first = next(found, None)
        except RejectedError as refused:
            if refused.status != 400:
                raise
            _log.info("Upsales refuses to filter orders by custom field %d; all orders are read", field_id)
            yield from self.orders(of, after=after)
            return
        if first is not None:
            yield first
            yield from found

    def order(self, order_id: int) -> Order:
        """One opportunity or order with its notes and all rows.

        :raises NotFoundError: there is none with this id
        """
        return self._reader.one(f"/orders/{order_id:d}", Order)

    def create_order(self, body: OrderBody | Callable[[], OrderBody]) -> Order:
        """Create an opportunity.

        :param body: with at least one row; or what makes it right before each try
        :raises AnswerLostError: look it up by its ``HARVEST_KEY`` before creating it again
        """
        return self._reader.sent("POST", "/orders", body, Order)

    def update_order(self, order_id: int, body: OrderBody | Callable[[], OrderBody]) -> Order:
        """Save an order. The rows sent replace all of its rows.

        :param order_id: of the order
        :param body: everything that is to stay, too; or what makes it from the order as it is right before each try
        :raises AnswerLostError: read the order before saving it again
        """
        return self._reader.sent("PUT", f"/orders/{order_id:d}", body, Order)

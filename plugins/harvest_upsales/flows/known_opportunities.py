"""Our orders as Upsales lists them: read whole for a batch, and looked at again right before new ones are sent.

The whole list may be minutes old when an opportunity is created by it, and a twin may have come meanwhile: from a
worker that was taken for dead, or from a request that the service carried out late. Nothing in Upsales refuses a
second order with the same key. So before a create is sent, the orders that came since are looked at: ids grow, so that
is a short list. Every request counts in Upsales' limits, and a look before each create would make a first sync take
twice as long. So a look is good for the next creates of two seconds, unless one of them has to be sent again; but only
once a look has shown that the list has what was just created.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain

from harvest_upsales.domain.keys import HarvestKey
from harvest_upsales.domain.orders import KEY_ALIAS, AnyOrder, by_key, key_of, only_order
from harvest_upsales.errors import ProjectError, SetupError
from harvest_upsales.flows.services import Services
from harvest_upsales.records.upsales_records import Order, OrderBrief

# How often a list is asked for orders that were just created.
_CONFIRMATIONS = 5
# For how long, and for how many creates, a look is good.
LOOK_GOOD_FOR = dt.timedelta(seconds=2)
LOOK_GOOD_FOR_CREATES = 50


class _Look:
    """The orders that came since the whole list was read, as they were at one moment.

    :ivar shows_ours: it has shown orders that were created right before it, so the list does not lag behind
    """

    def __init__(
        self, began: dt.datetime, since: Mapping[HarvestKey, Sequence[OrderBrief]], *, shows_ours: bool
    ) -> None:
        self._began, self._since, self.shows_ours = began, since, shows_ours
        self._covered: set[HarvestKey] = set()

    def is_good_for(self, key: HarvestKey, now: dt.datetime) -> bool:
        """Whether another create may rely on it. A key that comes a second time is looked for again."""
        is_new = key not in self._covered and len(self._covered) < LOOK_GOOD_FOR_CREATES
        is_young = dt.timedelta(0) <= now - self._began < LOOK_GOOD_FOR
        return is_new and is_young

    def covers(self, key: HarvestKey) -> Sequence[OrderBrief]:
        """The orders with this key; notes that its create relies on this look."""
        self._covered.add(key)
        return self._since.get(key, ())


class KnownOpportunities:
    """The orders of one Harvest account, found by the order field ``HARVEST_KEY``.

    :ivar lists_ours: whether the whole list has any of ours, of whatever project
    """

    def __init__(self, services: Services) -> None:
        self.lists_ours = False
        self._services = services
        self._newest = 0
        self._finds_keys = False
        self._created: dict[HarvestKey, int] = {}
        self._unseen: set[int] = set()
        self._look: _Look | None = None

    def read_all(self, project_ids: Collection[int]) -> dict[HarvestKey, list[Order]]:
        """Our orders of some projects by key. The others are only looked at, as their notes would fill the memory."""
        self._newest = 0
        began = self._services.now()
        found = self._by_key(self._of_projects(frozenset(project_ids), self._listed(Order)))
        self._look = _Look(began, {}, shows_ours=False)
        return found

    def _of_projects(self, project_ids: Collection[int], orders: Iterator[Order]) -> Iterator[Order]:
        for order in self._remembered(orders):
            key = self._key(order)
            if key is not None and key.account_id == self._services.account_id:
                self.lists_ours = True
                if key.project_id in project_ids:
                    yield order.kept()

    def look_again(self, key: HarvestKey) -> int | None:
        """The order with this key that came since the whole list was read, if any.

        :raises ProjectError: there are several
        :raises SetupError: the list does not have the orders that were created before this one, or none of ours
        """
        self._try_filter()
        look = self._look
        shows_all = look is not None and (look.shows_ours or not self._unseen)
        if look is None or not shows_all or not look.is_good_for(key, self._services.now()):
            look = self._look = self._new_look()
        found = only_order(key, look.covers(key))
        return None if found is None else found.id

    def _new_look(self) -> _Look:
        began = self._services.now()
        since: list[OrderBrief] = []
        for attempt in range(_CONFIRMATIONS):
            self._services.sleep(attempt)
            began = self._services.now()
            since = list(self._listed(OrderBrief, after=self._newest))
            self._unseen -= {order.id for order in since}
            if not self._unseen:
                break
        self._refuse_unseen()
        return _Look(began, self._by_key(iter(since)), shows_ours=bool(self._created))

    def add(self, key: HarvestKey, order_id: int) -> None:
        """Remember an order that was created, until the list has it."""
        self._finds_keys = True
        self._created[key] = order_id
        self._unseen.add(order_id)

    def twins(self) -> Iterator[tuple[int, ProjectError]]:
        """The created orders that are not alone with their key, by project id, once the list has them all.

        Without this look a filter that does not work as documented, or a list that lags behind, would let the next
        run create every opportunity a second time.

        :raises SetupError: the list does not have them
        """
        if not self._created:
            return
        found: dict[HarvestKey, list[OrderBrief]] = {}
        for attempt in range(_CONFIRMATIONS):
            self._services.sleep(attempt)
            found = self._by_key(self._listed(OrderBrief))
            self._unseen -= {order.id for order in chain.from_iterable(found.values())}
            if not self._unseen:
                break
        self._refuse_unseen()
        for key in self._created:
            try:
                only_order(key, found.get(key, ()))
            except ProjectError as error:
                yield key.project_id, error

    def _refuse_unseen(self) -> None:
        if self._unseen:
            ids = ", ".join(str(order_id) for order_id in sorted(self._unseen))
            msg = (
                f"Upsales does not list the new orders {ids} by their HARVEST_KEY. Nothing more is created until it "
                "does: check that the order field HARVEST_KEY is visible to the API key, then retry."
            )
            raise SetupError(msg)

    def _try_filter(self) -> None:
        """Where the filtered list has none of ours, only the whole list can tell a new account from a blind filter."""
        if self._finds_keys:
            return
        keyed = [
            order.id
            for order in self._remembered(self._services.upsales.orders(OrderBrief))
            if self._key(order)
        ]
        hidden = set(keyed) - {order.id for order in self._listed(OrderBrief)} if keyed else set()
        if hidden:
            msg = (
                f"Upsales lists none of our orders by their {KEY_ALIAS}, but {len(hidden)} orders carry one (first: "
                f"order {min(hidden)}). Nothing is created: check that the order field {KEY_ALIAS} is visible to the "
                "API key, then retry."
            )
            raise SetupError(msg)
        self._finds_keys = True

    def _remembered(self, orders: Iterator[AnyOrder]) -> Iterator[AnyOrder]:
        for order in orders:
            self._newest = max(self._newest, order.id)
            self._finds_keys = self._finds_keys or self._key(order) is not None
            yield order

    def _listed(self, of: type[AnyOrder], *, after: int = 0) -> Iterator[AnyOrder]:
        field_id = self._services.fields.key
        return (
            iter(())
            if field_id is None
            else self._services.upsales.orders_with_field(field_id, of, after=after)
        )

    def _by_key(self, orders: Iterator[AnyOrder]) -> dict[HarvestKey, list[AnyOrder]]:
        return by_key(orders, self._services.fields, self._services.account_id)

    def _key(self, order: AnyOrder) -> HarvestKey | None:
        return key_of(order, self._services.fields)

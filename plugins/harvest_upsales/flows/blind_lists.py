"""What is remembered of our orders, for the moment in which Upsales lists none of them.

An account without any order of ours looks the same as one whose lists are blind: an API key that lost a right, or a
search index that is being rebuilt. Mistaking the one for the other would create every opportunity a second time. So
some orders of each run are remembered outside both services, and asked for by their ids before the first one is created
in an account that lists none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from msgspec import Struct

from harvest_upsales.domain.orders import key_of
from harvest_upsales.errors import NotFoundError, SetupError
from harvest_upsales.flows.services import Services

# So many are asked for by their ids. People would have to delete all of them to have the others passed over.
_WITNESSES = 3


class KnownOrders(Struct, frozen=True):
    """Orders of ours, by their ids.

    :param seen: the newest that Upsales has shown
    :param hidden: created while it listed none of ours, and not shown since, not even when asked for by their ids
    """

    seen: tuple[int, ...] = ()
    hidden: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderMemory:
    """Keeps what is known from task to task and from run to run.

    :param read: what was kept
    :param write: keeps it
    :param by_hand: a person started the run, and may know better
    """

    read: Callable[[], KnownOrders]
    write: Callable[[KnownOrders], None]
    by_hand: bool = False

    def keep_listed(self, order_ids: Iterable[int]) -> None:
        """Keep the newest of our orders that Upsales lists; that there are none is no news."""
        known = KnownOrders(seen=tuple(sorted(order_ids, reverse=True)[:_WITNESSES]))
        if known.seen and self.read() != known:
            self.write(known)

    def keep_created(self, services: Services, order_id: int) -> None:
        """Keep an order that was just created while Upsales listed none of ours, and ask for it by its id."""
        known = self.read()
        hidden = KnownOrders(known.seen, (*known.hidden, order_id))
        self.write(hidden)
        if _is_shown(services, order_id):
            self.write(KnownOrders((order_id, *known.seen)[:_WITNESSES], known.hidden))

    def refuse_blind_lists(self, services: Services) -> None:
        """Create nothing where Upsales lists none of our orders, but has some.

        :raises SetupError: it shows one that is asked for by its id, or did not show the last one that was created
        """
        known = self.read()
        there = next((order_id for order_id in known.seen if _is_shown(services, order_id)), None)
        if there is not None:
            msg = (
                f"Upsales lists none of our orders, but order {there} is there. Nothing is created, as every "
                "opportunity might be made a second time: check that the API key sees all orders in lists, then retry."
            )
            raise SetupError(msg)
        if known.hidden and not self.by_hand:
            ids = ", ".join(str(order_id) for order_id in known.hidden)
            msg = (
                f"Upsales lists none of our orders, and did not show the last that were created ({ids}). Nothing more "
                "is created: check that the API key sees orders and their HARVEST_KEY. If these orders were deleted, "
                "start a run by hand; it tries again."
            )
            raise SetupError(msg)


def _is_shown(services: Services, order_id: int) -> bool:
    try:
        key = key_of(services.upsales.order(order_id), services.fields)
    except NotFoundError:
        return False
    return key is not None and key.account_id == services.account_id

"""What Upsales has of each project: its orders by where they stand, and what they are worth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

from msgspec import Struct

from harvest_upsales.domain.keys import HarvestKey, Month
from harvest_upsales.domain.money import Row, total
from harvest_upsales.domain.orders import OrderFields, Place, our_rows, place_of
from harvest_upsales.records.upsales_records import OrderBrief


# A task of a newer version may read what one of an older version staged: there these two bear their first names.
class ProjectOrders(Struct, frozen=True, rename={"live_rows": "rows", "open": "live"}):
    """Our orders of one project, by where they stand. Live ones are open, or won and not invoiced.

    :param live_rows: our rows in its live orders
    :param lost_rows: our rows in its lost orders
    :param currency: of the orders
    :param open: ids of open opportunities
    :param won: ids of orders that are won, not invoiced yet
    :param settled: ids of invoiced orders, also where one was moved back below 100 per cent since
    :param lost: ids of lost orders
    :param lost_months: months whose orders are all lost
    """

    live_rows: tuple[Row, ...] = ()
    lost_rows: tuple[Row, ...] = ()
    currency: str = ""
    open: tuple[int, ...] = ()
    won: tuple[int, ...] = ()
    settled: tuple[int, ...] = ()
    lost: tuple[int, ...] = ()
    lost_months: tuple[Month, ...] = ()

    def live_value(self, currency: str) -> Decimal:
        """The value of our rows in the live orders, rounded once."""
        return total(self.live_rows, currency)

    def value_with_lost(self, currency: str) -> Decimal:
        """The value of our rows in the live and the lost orders, rounded once."""
        return total((*self.live_rows, *self.lost_rows), currency)


NO_ORDERS = ProjectOrders()


def orders_by_project(
    orders: Mapping[HarvestKey, Iterable[OrderBrief]], fields: OrderFields, product_id: int
) -> dict[int, ProjectOrders]:
    """Sort our orders by project and by where they stand."""
    rows: defaultdict[tuple[int, Place], list[Row]] = defaultdict(list)
    ids: defaultdict[tuple[int, Place], list[int]] = defaultdict(list)
    months: defaultdict[int, list[Month]] = defaultdict(list)
    currencies: dict[int, str] = {}
    for key, found in orders.items():
        for order in found:
            currencies[key.project_id] = order.currency or ""
            place = place_of(order, fields)
            ids[key.project_id, place].append(order.id)
            rows[key.project_id, place].extend(our_rows(order, product_id))
        if key.month is not None and {place_of(order, fields) for order in found} == {Place.LOST}:
            months[key.project_id].append(key.month)
    return {
        project: ProjectOrders(
            live_rows=(*rows[project, Place.OPEN], *rows[project, Place.WON]),
            lost_rows=tuple(rows[project, Place.LOST]),
            currency=currency,
            open=tuple(ids[project, Place.OPEN]),
            won=tuple(ids[project, Place.WON]),
            settled=(*ids[project, Place.SETTLED], *ids[project, Place.REOPENED]),
            lost=tuple(ids[project, Place.LOST]),
            lost_months=tuple(months[project]),
        )
        for project, currency in currencies.items()
    }

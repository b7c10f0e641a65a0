"""Finds what would make Upsales refuse the last save of a settlement, before anything is invoiced."""

from __future__ import annotations

from harvest_upsales.domain.orders import rows_of
from harvest_upsales.domain.settlement import WonOrder
from harvest_upsales.errors import SettlementHeldError
from harvest_upsales.flows.services import Services
from harvest_upsales.records.upsales_records import Order


def refuse_unsavable(services: Services, won: WonOrder, order: Order) -> None:
    """Look at what an order names and what may have become inactive since: its company, user and products.

    Our own default user and product were checked by the set-up. Costs one request, and one each for another user and
    for other products.

    :raises SettlementHeldError: Upsales would not save the order
    """
    upsales, settings = services.upsales, services.settings
    problems = ["it is locked"] if order.locked else []
    if not any(company.active for company in upsales.companies_by_id([order.client.id])):
        problems.append(f"its company {order.client.id} is not active")
    user = order.user
    if user is not None and user.id != settings.default_user_id:
        problems += [] if _active_user(services, user.id) else [f"its user {user.id} is not active"]
    named = (row.product_key for row in rows_of(order))
    products = {key for key in named if key is not None and key != settings.default_product_id}
    active = {product.id for product in upsales.products(products) if product.active} if products else set()
    problems += [f"its product {product_id} is not active" for product_id in sorted(products - active)]
    if problems:
        msg = (
            f"{won}: Upsales would not save the order, because {' and '.join(problems)}. Nothing was invoiced. Correct "
            "that in Upsales; the next run settles the order."
        )
        raise SettlementHeldError(msg)


def _active_user(services: Services, user_id: int) -> bool:
    return any(user.active for user in services.upsales.users([user_id]))

"""The demo's sales department: orders that have nothing to do with tracked time."""

from datetime import date, datetime, time, timedelta
from random import Random

from sandbox.minimal import (
    PRODUCT_LICENCE,
    PRODUCT_TIME,
    STAGE_LOST,
    STAGE_PROSPECT,
    STAGE_VERBAL_AGREEMENT,
    STAGE_WON,
)
from sandbox.world import World

ORDERS = 150
OFFERS = ("licenser", "Supportavtal", "Pilotprojekt", "Förlängning", "Workshop & uppstart")
STAGES = (STAGE_PROSPECT, STAGE_VERBAL_AGREEMENT, STAGE_WON, STAGE_WON, STAGE_LOST)


def add_sales(world: World, random: Random, today: date, noon: time) -> None:
    """Salespeople and their orders; those that are won are billed already."""
    sellers = [
        world.upsales.add_user(name, f"{name.split()[0].lower()}@nordlys.example")
        for name in ("Maja Sandström", "Nils Falk", "Petra Öhman")
    ]
    companies = [c["id"] for c in world.upsales.companies.values() if c["active"]]
    for number in range(ORDERS):
        day = today - timedelta(days=random.randint(3, 360))
        with world.clock.frozen(datetime.combine(day, noon)):
            order_id = world.upsales.add_order(
                random.choice(companies), stage_id=random.choice(STAGES), user_id=random.choice(sellers),
                description=f"{random.randint(5, 200)} {random.choice(OFFERS)}", day=day + timedelta(days=30),
                rows=[(PRODUCT_LICENCE, random.randint(1, 20), 2_500), (PRODUCT_TIME, random.randint(1, 40),
                1_200)],
            )  # fmt: skip
            if world.upsales.orders[order_id]["probability"] == 100:
                world.upsales.set_custom(order_id, world.billing.reference_alias, str(40_000 + number))

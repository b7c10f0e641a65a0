"""The demo: a Nordic consultancy with a year of tracked time. The same seed and day give the same data."""

from datetime import UTC, date, datetime, time, timedelta
from random import Random

from sandbox.demo_clients import add_clients
from sandbox.demo_projects import add_projects
from sandbox.demo_sales import add_sales
from sandbox.demo_time import add_awkward_time, add_people, track_a_year
from sandbox.world import World

NOON = time(12, 0, tzinfo=UTC)


def demo_world(seed: int = 2026, today: date | None = None) -> World:
    """25 clients, 60 projects, 12 people, about 8,000 time entries; 150 orders of salespeople.

    Every client with billable time matches exactly one active Upsales company by name.

    :param today: the demo's day; the real current date (UTC) without it.
    """
    today = today or datetime.now(UTC).date()
    random = Random(seed)
    world = World(today)
    world.billing.connected = False  # what happened before the demo begins is billed already
    with world.clock.frozen(datetime.combine(today - timedelta(days=365), NOON)):
        world.set_up()
        world.harvest.rounding_minutes = 15
        clients = add_clients(world)
        projects = add_projects(world, random, clients, today)
        add_people(world)
    track_a_year(world, random, projects, today)
    add_awkward_time(world, projects, today)
    add_sales(world, random, today, NOON)
    world.billing.connected = True
    return world

"""The demo's sixty projects: every kind of pricing, and the awkward cases."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from sandbox.demo_clients import CLIENTS
from sandbox.jsonio import exact, rounded
from sandbox.world import World

PROJECTS = 60
WORK = (
    "Webbplattform", "Integration", "Datalager", "Förstudie", "Mobilapp", "Säkerhetsgranskning",
    "Förvaltning",
    "Migrering till molnet", "Utbildning", "Kassasystem", "Intranät", "Rapportering",
)  # fmt: skip
AWKWARD_NAMES = {
    4: 'Q3 "Nystart" 🚀 & <uppföljning>',
    9: "Införande av ärendehanteringssystem för kundtjänst, lager, inköp och ekonomi inklusive utbildning av "
    "samtliga medarbetare i Göteborg, Malmö och Luleå",
    13: "Årsbokslut; 'hjälp' – del 2/3",
}
# One letter a project, repeated: project, task and people rates, fixed fee, non-billable, billed by none.
PRICING = (
    "project",
    "tasks",
    "project",
    "people",
    "fixed",
    "project",
    "tasks",
    "people",
    "internal",
    "project",
    "none",
)
PER_UNIT_OF_SEK = {"SEK": Decimal(1), "NOK": Decimal(1), "EUR": Decimal("0.1")}
HOURLY_SEK = (Decimal("1250.50"), Decimal("1100"), Decimal("1395"), Decimal("985.75"), Decimal("1480.25"))
ARCHIVED, LONG_NOTES, TIMER, PART_INVOICED = 11, 0, 57, 3


@dataclass(frozen=True)
class DemoProject:
    """What the time that is tracked on a project needs to know of it.

    :param raised_on: from this day on its rates are higher (None = never).
    """

    id: int
    pricing: str
    factor: Decimal
    first_day: date
    last_day: date
    raised_on: date | None
    hourly: Decimal


def add_projects(world: World, random: Random, client_ids: list[int], today: date) -> list[DemoProject]:
    """Sixty projects; the last client's are not billable, for no company bears its name."""
    projects = []
    for position in range(PROJECTS):
        client = position % len(CLIENTS)
        pricing = "internal" if CLIENTS[client].in_upsales is None else PRICING[position % len(PRICING)]
        if position in (LONG_NOTES, PART_INVOICED, ARCHIVED, TIMER):
            pricing = "project"
        projects.append(_add_project(world, random, position, client_ids[client], pricing, today))
    return projects


def _add_project(
    world: World, random: Random, position: int, client_id: int, pricing: str, today: date
) -> DemoProject:
    factor = PER_UNIT_OF_SEK[world.harvest.clients[client_id]["currency"]]
    first = today - timedelta(days=random.randint(60, 364))
    last = min(today - timedelta(days=1), first + timedelta(days=random.randint(50, 300)))
    hourly = exact(HOURLY_SEK[position % len(HOURLY_SEK)] * factor) if pricing == "project" else Decimal(0)
    project_id = world.harvest.add_project(
        client_id, AWKWARD_NAMES.get(position, f"{WORK[position % len(WORK)]} {first.year}"),
        code=f"NK-{position + 1:03}", bill_by=_bill_by(pricing), is_billable=pricing != "internal",
        is_fixed_fee=pricing == "fixed",
        fee=factor * (80_000 + 2_500 * position) if pricing == "fixed" else None,
        hourly_rate=rounded(hourly) if pricing == "project" else None, starts_on=first,
        ends_on=last + timedelta(days=14) if random.random() < 0.5 else None, is_active=position != ARCHIVED,
    )  # fmt: skip
    raised = first + (last - first) / 2 if position % 7 == 3 else None
    return DemoProject(project_id, pricing, factor, first, last, raised, rounded(hourly))


def _bill_by(pricing: str) -> str:
    return {"project": "Project", "tasks": "Tasks", "people": "People"}.get(pricing, "none")

"""The demo's year of time: twelve people, about eight thousand entries."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from sandbox.demo_projects import ARCHIVED, LONG_NOTES, PART_INVOICED, TIMER, DemoProject
from sandbox.harvest.imports import bill, line_item
from sandbox.harvest.invoicing import blank_invoice, total_up
from sandbox.harvest.timesheet import is_uninvoiced
from sandbox.jsonio import rounded
from sandbox.world import World

PEOPLE = (
    ("Bo", "Åström", 1200), ("Cecilia", "Ek", 1350), ("David", "Nyström", 1100), ("Elin", "Sjö", 1425),
    ("Farid", "Haddad", 1275), ("Gunnar", "Öberg", 980), ("Hanna", "Lindqvist", 1150), ("Ivar", "Bjørnstad",
    1300),
    ("Johanna", "Mäkinen", 1240), ("Karl", "von Essen", 1500), ("Linnéa", "D'Angelo", 1180),
)  # fmt: skip
HOURS = ("0.5", "0.75", "1", "1.1", "1.5", "2", "2.37", "2.5", "3", "3.25", "4")
NOTES = (
    "Möte med kund",
    "Utveckling",
    "Kodgranskning",
    "Felsökning & rättning",
    "Dokumentation",
    "Workshop 🧩",
    "",
)
LONG_NOTE = "Genomgång av krav, avstämning med beställaren och uppdatering av lösningsförslaget. " * 30
RAISE = Decimal("1.05")
ENTRIES_A_DAY = (2, 2, 3, 3, 3)
CLOSING_HOUR = time(15, 0, tzinfo=UTC)


def add_people(world: World) -> list[int]:
    """Eleven consultants beside the administrator."""
    for first, last, rate in PEOPLE:
        email = f"{first}.{last.split()[-1]}@nordlys.example".lower().replace("'", "")
        world.harvest.add_user(first, last, email, hourly_rate=rate)
    return list(world.harvest.users)


def track_a_year(world: World, random: Random, projects: list[DemoProject], today: date) -> None:
    """Time of every working day of the year before ``today``."""
    people, tasks = list(world.harvest.users), list(world.harvest.tasks)
    for back in range(364, 0, -1):
        day = today - timedelta(days=back)
        open_projects = [p for p in projects if p.first_day <= day <= p.last_day]
        if day.weekday() >= 5 or not open_projects:
            continue
        with world.clock.frozen(datetime.combine(day, CLOSING_HOUR)):
            for person in people:
                for _ in range(random.choice(ENTRIES_A_DAY)):
                    _track(
                        world,
                        random,
                        random.choice(open_projects),
                        day,
                        person,
                        random.choice(tasks),
                        projects,
                    )


def _track(
    world: World,
    random: Random,
    project: DemoProject,
    day: date,
    person: int,
    task: int,
    projects: list[DemoProject],
) -> None:
    billable = random.random() > 0.08
    note = LONG_NOTE if project is projects[LONG_NOTES] else random.choice(NOTES)
    world.harvest.add_time(
        project.id, day, random.choice(HOURS), rate=rate_of(world, project, day, person, task),
        billable=billable,
        notes=note, user=person, task=task, is_closed=random.random() < 0.6,
    )  # fmt: skip


def rate_of(world: World, project: DemoProject, day: date, person: int, task: int) -> Decimal | None:
    """The rate in the client's currency on that day; None where the project has no hourly pricing."""
    base = {
        "project": project.hourly,
        "tasks": (world.harvest.tasks[task]["default_hourly_rate"] or Decimal(0)) * project.factor,
        "people": (world.harvest.users[person]["default_hourly_rate"] or Decimal(0)) * project.factor,
    }.get(project.pricing)
    if base is None:
        return None
    raised = project.raised_on is not None and day >= project.raised_on
    return rounded(base * RAISE if raised else base)


def add_awkward_time(world: World, projects: list[DemoProject], today: date) -> None:
    """A timer, a correction, no hours at all, both sides of a month's end, and a project billed in part."""
    plain = projects[PART_INVOICED]
    yesterday = today - timedelta(days=1)
    month_start = today.replace(day=1)
    with world.clock.frozen(datetime.combine(yesterday, CLOSING_HOUR)):
        world.harvest.add_time(projects[TIMER].id, today, "0.4", is_running=True, notes="Pågår")
        world.harvest.add_time(plain.id, yesterday, "7.25", rate="1250.50", notes="Heldag på plats")
        world.harvest.add_time(plain.id, yesterday, "-1.5", rate="1250.50", notes="Rättelse av måndagens tid")
        world.harvest.add_time(plain.id, yesterday, 0, rate="1250.50", notes="Avbokat möte")
        for day in (month_start - timedelta(days=1), month_start):
            world.harvest.add_time(plain.id, day, "2.5", rate="1250.50", notes="Månadsskifte")
        world.harvest.add_time(projects[ARCHIVED].id, yesterday, "3", notes="Efterarbete")
        invoice_until(world, plain.id, plain.first_day + (plain.last_day - plain.first_day) / 3)


def invoice_until(world: World, project_id: int, last: date) -> None:
    """An open invoice of the project's billable time up to ``last``, as somebody made it by hand."""
    account = world.harvest
    project = account.projects[project_id]
    entries = [
        e for e in account.entries_of(project_id) if is_uninvoiced(e) and e["spent_date"] <= last.isoformat()
    ]
    invoice = blank_invoice(account, project["client"], (project["starts_on"], last.isoformat()))
    for rate in sorted({entry["billable_rate"] for entry in entries}):
        hours = sum((e["rounded_hours"] for e in entries if e["billable_rate"] == rate), Decimal(0))
        invoice["line_items"].append(line_item(account, project, project["name"], hours, rate))
    total_up(invoice)
    invoice |= {"state": "open", "sent_at": account.clock.harvest_stamp(), "purchase_order": "PO 4711"}
    account.invoices[invoice["id"]] = invoice
    bill(account, entries, invoice)

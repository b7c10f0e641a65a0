"""Generated accounts: what people do in Harvest, step by step, and the runs in between."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from harvest_upsales.domain.window import Window
from sandbox.harvest.timesheet import is_uninvoiced
from sandbox.world import World
from tests.flows.run_harness import EVERYTHING, Bench, rows

TODAY = dt.date(2026, 11, 22)
# Ends of months and years, and a leap day, beside ordinary days.
DAYS = tuple(
    dt.date.fromisoformat(day)
    for day in (
        "2024-02-29",
        "2025-12-31",
        "2026-01-01",
        "2026-02-28",
        "2026-03-01",
        "2026-10-31",
        "2026-11-01",
        "2026-11-20",
        "2026-11-22",
    )
)
CURRENCIES = (("SEK", "1"), ("EUR", "0.091776799"), ("JPY", "14.2"), ("KWD", "0.032"))
SHORT_RATES = ("1250.50", "0", "999.99", "1000", "0.01", "87.3")
LONG_RATES = (*SHORT_RATES, "1033.333333", "0.000001", "123.4567")
HOURS = ("0", "0.01", "0.1", "0.25", "0.33", "1.05", "2.5", "7.75", "24", "-0.5")
PRICINGS = ("Project", "Tasks", "People", "Project", "fixed fee", "not billable", "none")
STEPS = (
    "add",
    "add",
    "add",
    "edit",
    "delete",
    "move",
    "redate",
    "reprice",
    "not billable",
    "start timer",
    "stop timer",
    "archive",
    "invoice by hand",
    "delete invoice",
    "zero",
)
RUNS = ("hourly", "everything", "backfill", "night", "quiet", "some projects")


@dataclass(frozen=True)
class Plan:
    """An account and its history.

    :param projects: pricing, number of its client, number of its rate
    :param history: what people do; numbers choose project, entry, day, hours
    :param runs: a run, with two numbers, after so many of the steps
    """

    by_month: bool
    rounding: int
    long_rates: bool
    bumps: bool
    projects: tuple[tuple[str, int, int], ...]
    history: tuple[tuple[str, int, int, int], ...]
    runs: tuple[tuple[int, str, int, int], ...]

    @property
    def rates(self) -> tuple[str, ...]:
        return LONG_RATES if self.long_rates else SHORT_RATES


NUMBER = st.integers(0, 60)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Small accounts with much happening in them."""
    history = draw(
        st.lists(st.tuples(st.sampled_from(STEPS), NUMBER, NUMBER, NUMBER), min_size=12, max_size=30)
    )
    return Plan(
        by_month=draw(st.booleans()),
        rounding=draw(st.sampled_from([0, 6, 15, 30])),
        long_rates=draw(st.booleans()),
        bumps=draw(st.booleans()),
        projects=tuple(
            draw(st.lists(st.tuples(st.sampled_from(PRICINGS), NUMBER, NUMBER), min_size=2, max_size=5))
        ),
        history=tuple(history),
        runs=tuple(
            sorted(
                draw(
                    st.lists(
                        st.tuples(st.integers(1, len(history)), st.sampled_from(RUNS), NUMBER, NUMBER),
                        min_size=1,
                        max_size=4,
                    )
                )
            )
        ),
    )


class Consultancy:
    """A plan in a world of its own."""

    def __init__(self, bench: Bench, plan: Plan) -> None:
        self.bench, self.plan = bench, plan
        self.account = bench.world.harvest
        self.account.rounding_minutes = plan.rounding
        self.account.invoicing_bumps_updated_at = plan.bumps
        bench.world.upsales.price_decimals = 6 if plan.long_rates else 2
        bench.world.billing.connected = False
        self.runs = 0
        for iso, rate in CURRENCIES[2:]:
            bench.world.upsales.add_currency(iso, rate)
        self.clients = [bench.add_client(f"Client {iso}", iso) for iso, _ in CURRENCIES]
        self.people = [
            self.account.add_user("Ann", str(number), f"ann{number}@nordlys.example", hourly_rate=rate)
            for number, rate in enumerate(plan.rates[:3])
        ]
        self.tasks = [self.account.add_task(f"Task {rate}", hourly_rate=rate) for rate in plan.rates[-3:]]
        self.projects = [self._add_project(*each) for each in plan.projects]

    def _add_project(self, pricing: str, client: int, rate: int) -> int:
        fixed = pricing == "fixed fee"
        return self.account.add_project(
            self.clients[client % len(self.clients)],
            f"{pricing} {len(self.account.projects)}",
            bill_by=pricing if pricing in ("Project", "Tasks", "People") else "none",
            is_billable=pricing != "not billable",
            is_fixed_fee=fixed,
            # Harvest's report is asked for from a year before the account's first project.
            starts_on="2024-01-01",
            fee=Decimal(50_000) + rate if fixed else None,
            hourly_rate=self.plan.rates[rate % len(self.plan.rates)] if pricing == "Project" else None,
        )

    @property
    def kwargs(self) -> dict[str, Any]:
        """Settings of the runs."""
        return {"opportunity_per": "month" if self.plan.by_month else "project"}

    def run(self, kind: str, a: int = 0, b: int = 0) -> Any:
        """One run of a kind."""
        self.runs += 1
        bench, only = self.bench, []
        first, last = sorted((DAYS[a % len(DAYS)], DAYS[b % len(DAYS)]))
        if kind == "some projects":
            only = [self.projects[a % len(self.projects)]]
        windows = {
            "hourly": bench.last_hour,
            "backfill": Window(spent_from=first, spent_to=last),
            "night": bench.night,
            "quiet": bench.quiet,
        }
        return bench.run(windows.get(kind, EVERYTHING), only, **self.kwargs)

    def live(self, history: bool = True) -> None:
        """Let it all happen; the runs only where they are wanted."""
        for number, step in enumerate(self.plan.history, start=1):
            self.step(*step)
            for after, kind, a, b in self.plan.runs:
                if history and after == number:
                    self.run(kind, a, b)

    def step(self, kind: str, a: int, b: int, c: int) -> None:
        """What people do; where there is nothing to do it to, they do nothing."""
        account = self.account
        project, day = self.projects[a % len(self.projects)], DAYS[b % len(DAYS)]
        free = [entry for entry in account.time_entries.values() if not entry["is_billed"]]
        entry = free[b % len(free)] if free else None
        hours = HOURS[c % len(HOURS)]
        if kind in ("add", "zero", "start timer"):
            account.add_time(
                project,
                day,
                "0" if kind == "zero" else hours,
                user=self.people[b % 3],
                task=self.tasks[c % 3],
                notes=f"Work {b}",
                is_running=kind == "start timer",
            )
        elif kind == "stop timer":
            for running in [each for each in free if each["is_running"]]:
                account.stop_timer(running["id"])
        elif kind == "archive":
            account.projects[project]["is_active"] = not account.projects[project]["is_active"]
        elif kind == "reprice":
            self._reprice(project, self.plan.rates[c % len(self.plan.rates)])
        elif kind == "invoice by hand":
            self._invoice(project)
        elif kind == "delete invoice" and account.invoices:
            self.bench.harvest.delete_invoice(max(account.invoices))
        elif entry is not None:
            self._change(kind, entry, project, day, hours)

    def _change(self, kind: str, entry: dict[str, Any], project: int, day: dt.date, hours: str) -> None:
        edit = self.account.edit_time
        same_kind = self._priced(project) == self._priced(entry["project"]["id"])
        if kind == "delete":
            self.account.delete_time(entry["id"])
        elif kind == "edit":
            edit(entry["id"], hours=hours)
        elif kind == "redate":
            edit(entry["id"], spent_date=day)
        elif kind == "move" and same_kind:
            edit(entry["id"], project_id=project)
        elif kind == "not billable":
            edit(entry["id"], billable=False, rate=None)

    def _priced(self, project_id: int) -> tuple[bool, bool]:
        """Whether its entries have rates, and whether they may be billable at all."""
        project = self.account.projects[project_id]
        return project["bill_by"] != "none", project["is_billable"]

    def _reprice(self, project: int, rate: str) -> None:
        """A new rate for what is not invoiced yet; no entry says when."""
        for entry in self.account.entries_of(project):
            if is_uninvoiced(entry) and self._priced(project)[0]:
                self.account.edit_time(entry["id"], rate=rate, updated_at=entry["updated_at"])

    def _invoice(self, project_id: int) -> None:
        time = [entry for entry in self.account.entries_of(project_id) if is_uninvoiced(entry)]
        if time and self._priced(project_id)[0] and not self.account.has_running_timer(project_id):
            self.bench.invoice_by_hand(project_id)

    # --- what should be, and what is --------------------------------------------------------------------------

    def should(self) -> dict[str, dict[Decimal, Decimal]]:
        """Hours by rate of each opportunity that there should be, straight from the entries.

        The invoice of a fixed fee bills no time, so that its entries stay uninvoiced.
        """
        invoiced = {key for key, order in self.orders() if self.bench.invoice_field(order["id"])}
        found: defaultdict[str, defaultdict[Decimal, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        for entry in self.account.time_entries.values():
            project = self.account.projects[entry["project"]["id"]]
            unpriced = project["bill_by"] == "none" and not project["is_fixed_fee"]
            if not is_uninvoiced(entry) or not project["is_billable"] or unpriced:
                continue
            if project["is_fixed_fee"] and str(project["id"]) in invoiced:
                continue
            if project["is_fixed_fee"]:
                tracked = [e for e in self.account.entries_of(project["id"]) if is_uninvoiced(e)]
                worked = sum(Decimal(each["rounded_hours"]) for each in tracked)
                found[str(project["id"])][Decimal(project["fee"])] = Decimal(bool(worked))
            else:
                month = f":{entry['spent_date'][:7]}" if self.plan.by_month else ""
                rate = Decimal(entry["billable_rate"])
                found[f"{project['id']}{month}"][rate] += Decimal(entry["rounded_hours"])
        return _without_nothing(found)

    def holds(self) -> dict[str, dict[Decimal, Decimal]]:
        """Hours by rate of each order that is not invoiced."""
        found: dict[str, dict[Decimal, Decimal]] = {}
        for key, order in self.orders():
            if self.bench.invoice_field(order["id"]):
                continue
            assert key not in found, f"two orders for {key}"
            found[key] = {price: quantity for quantity, price in rows(order)}
            assert len(found[key]) == len(rows(order)), "two rows of one rate"
        return _without_nothing(found)

    def orders(self) -> list[tuple[str, dict[str, Any]]]:
        """Key and order. A fixed fee stays in the month in which it was first put, whatever comes later."""
        found = []
        for project in self.projects:
            for order in self.bench.orders_of(project):
                key = self.bench.key_of(order)
                fixed = self.account.projects[project]["is_fixed_fee"]
                found.append((key.split(":")[0] if fixed else key, order))
        return found

    def end_state(self) -> Any:
        """All that runs leave behind and people do not own, without the services' own ids."""
        orders = {
            key: (
                # A fixed fee's names the month in which it was first put.
                order["description"] if ":" in key or not self.plan.by_month else "",
                order["notes"],
                order["currency"],
                order["value"],
                order["probability"],
                sorted(rows(order)),
                bool(self.bench.invoice_field(order["id"])),
            )
            for key, order in self.orders()
            if rows(order)
        }
        billed = {entry["id"] for entry in self.account.time_entries.values() if entry["invoice"] is not None}
        sums = sorted(invoice["amount"] for invoice in self.account.invoices.values())
        return orders, billed, sums

    @property
    def world(self) -> World:
        return self.bench.world


def _without_nothing(
    found: dict[str, Any] | defaultdict[str, Any],
) -> dict[str, dict[Decimal, Decimal]]:
    kept = {key: {r: h for r, h in hours.items() if h} for key, hours in found.items()}
    return {key: hours for key, hours in kept.items() if hours}

"""What the product writes, in scenes: a prepared world, one run, and what has to be true after it.

Together the scenes provoke every write of the product; ``test_crash_coverage.py`` holds them to it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from sandbox.minimal import STAGE_VERBAL_AGREEMENT
from sandbox.world import World
from tests.flows.run_harness import BILLED, EVERYTHING, Bench
from tests.reliability.books import keys

AGO = dt.timedelta(hours=3)


def nothing(world: World) -> None:
    """Nobody does anything."""


@dataclass(frozen=True)
class Scene:
    """One run over a prepared world.

    :param prepare: brings the world to where the run begins
    :param expect: what has to be true after the run, crash or not
    :param mend: what a person does after the run has failed, before the failed task is cleared; ``None`` where the run
        succeeds at once
    """

    name: str
    prepare: Callable[[Bench], None]
    expect: Callable[[World], None]
    changes: dict[str, object] = field(default_factory=dict)
    mend: Callable[[World], None] | None = None

    @property
    def settings(self) -> dict[str, object]:
        """What the settings say beside the required keys."""
        return BILLED | self.changes

    def set_the_stage(self, bench: Bench) -> None:
        """Prepare the world, some hours ago."""
        world = bench.world
        world.billing.delay_s = 0
        # The billing app at its most trusting: every call without a document number makes an invoice.
        world.billing.naive = True
        world.clock.advance(-AGO)
        self.prepare(bench)
        world.clock.advance(dt.datetime.now(dt.UTC) - world.clock.now())


# --- the worlds ---------------------------------------------------------------------------------------------------


def two_projects(bench: Bench) -> None:
    """A client that Upsales does not know, with a project of two rates and one at a fixed fee."""
    client = bench.world.harvest.add_client("Nykund AB")
    hourly = bench.add_project("Webb", client=client)
    bench.add_time(hourly, "7.25")
    bench.add_time(hourly, "0.5", rate=Decimal("1250.50"))
    fixed = bench.add_project("Analys", client=client, is_fixed_fee=True, fee=40000)
    bench.add_time(fixed, 3)


def hourly_of(bench: Bench) -> int:
    return next(id for id, project in bench.world.harvest.projects.items() if not project["is_fixed_fee"])


def fixed_of(bench: Bench) -> int:
    return next(id for id, project in bench.world.harvest.projects.items() if project["is_fixed_fee"])


def order_of(bench: Bench, project: int) -> int:
    return int(bench.order_of(project)["id"])


def synced(bench: Bench) -> None:
    two_projects(bench)
    bench.run(EVERYTHING, **BILLED, create_missing_companies=True)


def grown(bench: Bench) -> None:
    synced(bench)
    bench.add_time(hourly_of(bench), 2)


def won(bench: Bench) -> None:
    synced(bench)
    bench.win(order_of(bench, hourly_of(bench)))


def won_fee(bench: Bench) -> None:
    synced(bench)
    bench.win(order_of(bench, fixed_of(bench)))


def won_with_late_time(bench: Bench) -> None:
    synced(bench)
    bench.world.billing.mode = "silent"
    bench.win(order_of(bench, hourly_of(bench)))
    bench.world.billing.mode = "ok"
    bench.add_time(hourly_of(bench), 1)


def reopened(bench: Bench) -> None:
    won(bench)
    bench.run(EVERYTHING, **BILLED)
    order = order_of(bench, hourly_of(bench))
    bench.world.upsales.move(order, STAGE_VERBAL_AGREEMENT)
    bench.credit(order)


def refused(bench: Bench) -> None:
    synced(bench)
    bench.world.billing.mode = "fail"
    bench.win(order_of(bench, hourly_of(bench)))


def months(bench: Bench) -> None:
    """A project that has ended, with time in two months that were closed one after the other."""
    first = (bench.world.today.replace(day=1) - dt.timedelta(days=1)).replace(day=1)
    before = (first - dt.timedelta(days=1)).replace(day=1)
    project = bench.add_project("Drift", ends_on=(first + dt.timedelta(days=20)).isoformat())
    bench.world.harvest.add_time(project, before + dt.timedelta(days=9), 4)
    bench.world.harvest.add_time(project, first + dt.timedelta(days=9), 2)


def last_month_won(bench: Bench) -> None:
    months(bench)
    monthly = BILLED | {"opportunity_per": "month"}
    bench.run(EVERYTHING, **monthly)
    earlier, later = sorted(bench.world.upsales.orders)
    bench.win(earlier)
    bench.run(EVERYTHING, **monthly)
    bench.win(later)


def app_is_mended(world: World) -> None:
    world.billing.mode = "ok"


# --- what has to be true ------------------------------------------------------------------------------------------


def state(world: World) -> tuple[int, dict[str, Decimal], list[tuple[Decimal, str]], list[Decimal]]:
    """Companies, value by key, invoices with their state, customer invoices."""
    values = {key: world.upsales.orders[order]["value"] for order, key in keys(world).items()}
    return (
        len(world.upsales.companies),
        {key.split(":", 1)[1]: Decimal(value) for key, value in values.items()},
        sorted((invoice["amount"], invoice["state"]) for invoice in world.harvest.invoices.values()),
        [Decimal(made["amount"]) for made in world.billing.customer_invoices],
    )


HOURS, LATE, FEE = Decimal("7875.25"), Decimal("8875.25"), Decimal(40000)


def expecting(
    values: tuple[Decimal, Decimal],
    invoices: list[tuple[Decimal, str]],
    billed: list[Decimal],
    *,
    active: int,
) -> Callable[[World], None]:
    """:param values: of the orders, in the order of their projects. :param active: projects"""

    def expect(world: World) -> None:
        companies, by_key, found, customers = state(world)
        assert companies == 1
        assert tuple(by_key[key] for key in sorted(by_key)) == values
        assert found == invoices
        assert customers == billed
        assert sum(project["is_active"] for project in world.harvest.projects.values()) == active
        assert world.harvest.emails == []
        assert world.journal.violations == []
        ours = sorted(
            f["alias"] for f in world.upsales.order_fields.values() if f["alias"].startswith("HARVEST")
        )
        assert ours == ["HARVEST_INVOICE", "HARVEST_KEY"]

    return expect


SCENES = {
    scene.name: scene
    for scene in (
        Scene(
            "first sync", two_projects,
            expecting((HOURS, FEE), [], [], active=2), {"create_missing_companies": True},
        ),
        Scene("more time", grown, expecting((HOURS + 2000, FEE), [], [], active=2)),
        Scene(
            "won", won, expecting((HOURS, FEE), [(HOURS, "open")], [HOURS], active=1), {"invoice_state": "sent"}
        ),
        Scene("fixed fee won", won_fee, expecting((HOURS, FEE), [(FEE, "draft")], [FEE], active=1)),
        Scene("late time", won_with_late_time, expecting((LATE, FEE), [(LATE, "draft")], [LATE], active=1)),
        Scene(
            "reopened", reopened, expecting((HOURS, FEE), [], [HOURS], active=2), {"reopened_orders": "undo"}
        ),
        Scene(
            "by month", months, expecting((Decimal(4000), Decimal(2000)), [], [], active=1),
            {"opportunity_per": "month"},
        ),
        Scene(
            "last month won", last_month_won,
            expecting(
                (Decimal(4000), Decimal(2000)), [(Decimal(2000), "draft"), (Decimal(4000), "draft")],
                [Decimal(4000), Decimal(2000)], active=0,
            ),
            {"opportunity_per": "month"},
        ),
        Scene(
            "refused by the billing app", refused,
            expecting((HOURS, FEE), [(HOURS, "draft")], [HOURS], active=1), mend=app_is_mended,
        ),
    )
}  # fmt: skip

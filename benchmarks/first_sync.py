"""The first sync of many projects beside what Upsales' limits impose: the product's own steps against the sandbox.

Every answer takes the time that it takes; only the waiting is skipped, by a clock that both sides share and that jumps
ahead wherever the product would sleep. The sandbox keeps all documented windows by that clock, and says 429 where one
is full.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from benchmarks.requests_counted import account
from harvest_upsales.api.rate_limit import ALL, UPSALES_LIMITS, WRITES
from sandbox.limits import Limits
from tests.flows.run_harness import EVERYTHING, SteadyClock


class SkippingClock(SteadyClock):
    """The machine's clock, ahead of it by what was slept."""

    def now(self) -> float:
        return time.monotonic() + self.now_s


@dataclass(frozen=True)
class FirstSync:
    """What a first sync came to.

    :param seconds: as long as it would take with its waiting, Airflow's own share left out
    :param bound_s: the shortest time in which the limits let its writes through, were nothing read at all
    """

    projects: int
    seconds: float
    waited_s: float
    bound_s: float
    harvest: int
    upsales: int
    refused: int


def first_sync(projects: int) -> FirstSync:
    """Carry it out, batch by batch, with the limits enforced.

    :raises RuntimeError: a project has no opportunity afterwards
    """
    with account(projects, clock=SkippingClock()) as (bench, made):
        world, clock = bench.world, bench.clock
        world.limits = Limits(clock.now)
        began, waited = clock.now(), clock.now_s
        run = bench.run(EVERYTHING)
        seconds = clock.now() - began
        if run.failures or {order_of["id"] for each in made for order_of in bench.orders_of(each)} != set(
            world.upsales.orders
        ):
            msg = f"The first sync failed for {len(run.failures)} projects"
            raise RuntimeError(msg)
        services = [entry["service"] for entry in run.requests]
        return FirstSync(
            projects, seconds, clock.now_s - waited, bound_s(len(run.writes)), services.count("harvest"),
            services.count("upsales"), sum(entry["status"] == 429 for entry in run.requests),
        )  # fmt: skip


def bound_s(writes: int) -> float:
    """A window that is full has to end before the next request is sent; a new service starts with empty windows."""
    windows = (*UPSALES_LIMITS[ALL], *UPSALES_LIMITS[WRITES])
    return max((writes - 1) // window.requests * window.seconds for window in windows)

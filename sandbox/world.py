"""The whole state of the sandbox, and the Python way to build and change it."""

import threading
from collections.abc import Callable
from datetime import date

from sandbox.billing_app import BillingApp
from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.harvest.account import HarvestAccount
from sandbox.journal import Journal, Moment
from sandbox.jsonio import Record
from sandbox.limits import Limits
from sandbox.minimal import set_up_apps, set_up_harvest, set_up_upsales
from sandbox.moments import Moments
from sandbox.upsales.board import UpsalesAccount

# Told of a write's moment, its journal entry and the client's port; True: the client is gone.
Watcher = Callable[[Moment, Record, int], bool]


class World:
    """Both services, the billing app, people, faults and the journal; safe to use from any thread.

    ``watcher`` is told of every write at each of its moments. Where it says that the client is gone, the connection is
    cut there: a write that has only arrived is not carried out, one that is done is not answered.

    :param today: the day on which the world begins; its time of day runs with the real clock (UTC).
    """

    def __init__(self, today: date) -> None:
        self.lock = threading.RLock()
        self.clock = Clock(today)
        self.harvest = HarvestAccount(self.clock, self.lock)
        self.upsales = UpsalesAccount(self.clock, self.lock)
        self.billing = BillingApp(self.upsales, self.lock)
        self.faults = Faults(self.lock)
        self.moments = Moments(self.lock)
        self.journal = Journal(self.clock)
        self.limits = Limits()
        self.watcher: Watcher | None = None

    @classmethod
    def new(cls, today: date) -> "World":
        """A world that is set up but empty: no clients, projects, companies or orders."""
        world = cls(today)
        world.set_up()
        return world

    def set_up(self) -> None:
        """Everything that must be there before the bridge can be set up."""
        set_up_upsales(self.upsales)
        set_up_apps(self.upsales, self.billing)
        set_up_harvest(self.harvest)

    @property
    def today(self) -> date:
        return self.clock.today

    def close(self) -> None:
        self.billing.close()

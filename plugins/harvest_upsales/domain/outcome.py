"""The result of one opportunity in a run."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import Decimal

from msgspec import Struct, field

from harvest_upsales.domain.money import ZERO
from harvest_upsales.domain.plan import Action, FieldChange
from harvest_upsales.records.harvest_records import full_name

NOTHING_UNINVOICED = "no uninvoiced time"


# A failed write may have taken effect.
_WRITES = frozenset({Action.CREATE, Action.UPDATE, Action.FAIL})


class Outcome(Struct, frozen=True):
    """What was done to one opportunity, or would be; holds no person's name.

    :param project: client and name, for people
    :param client: the client alone, where it was read
    :param months: the exact worth of its time by month of ``spent_date``, ``YYYY-MM``
    """

    project_id: int
    project: str
    action: Action
    key: str = ""
    order_id: int | None = None
    hours: Decimal = ZERO
    amount: Decimal = ZERO
    currency: str = ""
    reason: str = ""
    changes: tuple[FieldChange, ...] = ()
    fixed_fee: bool = False
    client: str = ""
    code: str = ""
    months: dict[str, Decimal] = field(default_factory=dict)

    @property
    def own_name(self) -> str:
        """The project's name without the client's, where that was read."""
        return self.project.removeprefix(full_name(self.client, "")) if self.client else self.project


def may_have_written(outcomes: Iterable[Outcome], *of_settlement: Collection[object]) -> bool:
    """Whether a run wrote, or may have, so that what it read before may be outdated.

    :param outcomes: of the upserts
    :param of_settlement: one collection for each kind of order that settlement touched: settled, held on the way,
        taken back, or with its project archived
    """
    return any(of_settlement) or any(outcome.action in _WRITES for outcome in outcomes)

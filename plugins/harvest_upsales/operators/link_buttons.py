"""Buttons on a task instance that lead to its Harvest project, Harvest invoice and Upsales order.

Airflow asks for the addresses in the task's own process, right after it ran (also where it failed), and keeps them in
XCom. So an operator says in ``places`` what it works on, as soon as it knows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from airflow.sdk import BaseOperatorLink

from harvest_upsales.domain.links import UNKNOWN, WebAddresses


@dataclass(frozen=True, slots=True)
class Places:
    """What one task instance works on; what it does not have is ``None``."""

    web: WebAddresses = UNKNOWN
    project_id: int | None = None
    invoice_id: int | None = None
    order_id: int | None = None

    @property
    def project(self) -> str:
        """Address of the Harvest project, empty without one."""
        return _address(self.web.project, self.project_id)

    @property
    def invoice(self) -> str:
        """Address of the Harvest invoice, empty without one."""
        return _address(self.web.invoice, self.invoice_id)

    @property
    def order(self) -> str:
        """Address of the Upsales order, empty without one."""
        return _address(self.web.order, self.order_id)


def _address(build: Callable[[int], str], record_id: int | None) -> str:
    return "" if record_id is None else build(record_id)


class _PlaceLink(BaseOperatorLink):
    """A link to one of the operator's ``places``."""

    place: ClassVar[str]

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """The address; empty, which Airflow shows as no link, where the task has none.

        :param operator: as it stands after its execution
        :param ti_key: which task instance; the operator knows
        """
        return str(getattr(getattr(operator, "places", Places()), self.place))


class HarvestProjectLink(_PlaceLink):
    """To the project in Harvest."""

    name = "Harvest project"
    place = "project"


class HarvestInvoiceLink(_PlaceLink):
    """To the invoice in Harvest."""

    name = "Harvest invoice"
    place = "invoice"


class UpsalesOrderLink(_PlaceLink):
    """To the opportunity or order in Upsales."""

    name = "Upsales order"
    place = "order"

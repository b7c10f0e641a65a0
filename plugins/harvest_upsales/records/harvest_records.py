"""Harvest API v2 as records: only the fields that are used, money and hours as ``Decimal``.

Source of all names: Harvest's API documentation, https://help.getharvest.com/api-v2/. Unknown fields are
ignored; a missing required one is an error that names it.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from msgspec import UNSET, Struct, UnsetType, field
from msgspec.structs import force_setattr

from harvest_upsales.records.bounds import check_number, one_line


class BillBy(StrEnum):
    """How a project is priced."""

    PROJECT = "Project"
    TASKS = "Tasks"
    PEOPLE = "People"
    NONE = "none"


class InvoiceState(StrEnum):
    """States of a Harvest invoice."""

    DRAFT = "draft"
    OPEN = "open"
    PAID = "paid"
    CLOSED = "closed"


class Reference(Struct, frozen=True, gc=False):
    """A record named inside another one."""

    id: int
    name: str = ""


class Company(Struct, frozen=True):
    """The Harvest account. ``/company`` answers administrators only."""

    invoice_feature: bool
    name: str | None = None
    base_uri: str | None = None


class Me(Struct, frozen=True):
    """The owner of the personal access token; without a name, which nobody needs here."""

    id: int
    access_roles: tuple[str, ...] = ()


class ProjectClient(Struct, frozen=True):
    """A project's client; the currency stands here, not on the time entry's client."""

    id: int
    name: str
    currency: str

    def __post_init__(self) -> None:
        force_setattr(self, "name", one_line(self.name))


def full_name(client: str, project: str) -> str:
    """How people are told of a project: names alone repeat from client to client."""
    return f"{client}: {project}"


class Project(Struct, frozen=True):
    """A project with its pricing. ``fee`` is set on fixed-fee projects only."""

    id: int
    name: str
    client: ProjectClient
    is_active: bool
    is_billable: bool
    bill_by: str
    code: str | None = None
    is_fixed_fee: bool = False
    fee: Decimal | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    starts_on: date | None = None
    ends_on: date | None = None

    def __post_init__(self) -> None:
        check_number("fee", self.fee)
        force_setattr(self, "name", one_line(self.name))
        force_setattr(self, "code", self.code and one_line(self.code))

    @property
    def full_name(self) -> str:
        """The client's and the project's name, for people."""
        return full_name(self.client.name, self.name)


class Contact(Struct, frozen=True):
    """A client's contact."""

    id: int
    email: str | None = None


class TimeEntry(Struct, frozen=True, gc=False):
    """Tracked time. ``rounded_hours`` is what invoices use; ``spent_date`` is a date in the person's own zone."""

    id: int
    spent_date: date
    project: Reference
    rounded_hours: Decimal
    billable: bool
    is_billed: bool
    is_running: bool
    billable_rate: Decimal | None = None
    is_closed: bool = False
    user: Reference | None = None
    task: Reference | None = None
    notes: str | None = None
    invoice: Reference | None = None


class InvoiceLine(Struct, frozen=True):
    """A line of an invoice; ``amount`` is before tax and discount."""

    quantity: Decimal
    unit_price: Decimal
    amount: Decimal
    project: Reference | None = None

    def __post_init__(self) -> None:
        check_number("quantity", self.quantity)
        check_number("unit_price", self.unit_price)
        check_number("amount", self.amount)


class Invoice(Struct, frozen=True):
    """An invoice in Harvest."""

    id: int
    state: str
    amount: Decimal
    currency: str
    number: str | None = None
    purchase_order: str | None = None
    line_items: list[InvoiceLine] = field(default_factory=list)
    created_at: datetime | None = None
    updated_at: datetime | None = None

    def __post_init__(self) -> None:
        check_number("amount", self.amount)


class UninvoicedProject(Struct, frozen=True):
    """A row of the uninvoiced report. ``uninvoiced_amount`` includes ``uninvoiced_expenses``.

    Both may be null where the token's owner has no right to see rates.
    """

    project_id: int
    project_name: str
    client_name: str
    currency: str
    uninvoiced_hours: Decimal
    uninvoiced_amount: Decimal | None
    uninvoiced_expenses: Decimal | None = None

    def __post_init__(self) -> None:
        check_number("uninvoiced_hours", self.uninvoiced_hours)
        check_number("uninvoiced_amount", self.uninvoiced_amount)
        check_number("uninvoiced_expenses", self.uninvoiced_expenses)
        force_setattr(self, "project_name", one_line(self.project_name))
        force_setattr(self, "client_name", one_line(self.client_name))


# --- what is sent ------------------------------------------------------------------------------------------


class TimeImport(Struct, frozen=True):
    """Which time an invoice is made from: both dates or neither; neither means all unbilled time."""

    summary_type: str
    from_: date | UnsetType = field(name="from", default=UNSET)
    to: date | UnsetType = UNSET


class LineItemsImport(Struct, frozen=True):
    """An invoice made from tracked time. Expenses are imported only when asked for, which this never does."""

    project_ids: list[int]
    time: TimeImport


class FreeFormLine(Struct, frozen=True):
    """A line of an invoice that is not made from tracked time."""

    kind: str
    description: str
    quantity: Decimal
    unit_price: Decimal
    project_id: int


class NewInvoice(Struct, frozen=True, omit_defaults=True):
    """An invoice to create: exactly one of ``line_items_import`` and ``line_items`` is set."""

    client_id: int
    purchase_order: str
    subject: str
    line_items_import: LineItemsImport | UnsetType = UNSET
    line_items: list[FreeFormLine] | UnsetType = UNSET

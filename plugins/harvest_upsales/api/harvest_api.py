"""Harvest API v2: each call that is used, from arguments to records.

Source of routes and parameters: https://help.getharvest.com/api-v2/.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from harvest_upsales.api.harvest_pages import (
    PAGE_SIZE,
    ContactsPage,
    InvoicesPage,
    Page,
    ProjectsPage,
    TimeEntriesPage,
    UninvoicedPage,
    key_of,
    pages,
)
from harvest_upsales.api.moving_lists import latest, reread_if_moved
from harvest_upsales.api.rate_limit import READS, REPORTS
from harvest_upsales.api.transport import Params, Transport
from harvest_upsales.domain.uninvoiced_report import LONGEST_REPORT_DAYS
from harvest_upsales.records import json_codec
from harvest_upsales.records.harvest_records import (
    Company,
    Contact,
    Invoice,
    Me,
    NewInvoice,
    Project,
    Reference,
    TimeEntry,
    UninvoicedProject,
)

T = TypeVar("T")


class HarvestClient:
    """Typed calls to one Harvest account.

    Time entries are read page by page, never held as a whole; the other lists are short enough to be.

    Every method raises ``errors.ApiError`` and its kinds; see ``Transport``.

    :param transport: with the token's and the account's headers
    :param account_id: of the Harvest account, as in the connection's login
    """

    def __init__(self, transport: Transport, account_id: str) -> None:
        self.transport = transport
        self.account_id = account_id

    @contextmanager
    def beside(self, most: int) -> Iterator[list[HarvestClient]]:
        """Clients for as many threads, this one first; they share its limits, and are closed afterwards.

        :param most: how many
        """
        with self.transport.beside(most) as transports:
            yield [self, *(HarvestClient(transport, self.account_id) for transport in transports[1:])]

    # --- account --------------------------------------------------------------------------------------------

    def company(self) -> Company:
        """The account.

        :raises PermissionDeniedError: the token's owner is no administrator
        """
        return self.transport.get_decoded("/company", of=Company)

    def me(self) -> Me:
        """The token's owner."""
        return self.transport.get_decoded("/users/me", of=Me)

    # --- projects and contacts ------------------------------------------------------------------------------

    def project(self, project_id: int) -> Project:
        """One project.

        :raises NotFoundError: there is none with this id
        """
        return self.transport.get_decoded(f"/projects/{project_id:d}", of=Project)

    def projects(self) -> list[Project]:
        """All projects, archived ones too, newest first."""
        return self._list("/projects", (), ProjectsPage)

    def set_project_active(self, project_id: int, active: bool) -> Project:
        """Archive a project, so that no time can be tracked on it, or take it back. Safe to repeat.

        :param project_id: of the project
        :param active: ``False`` archives
        """
        body = json_codec.encode({"is_active": active})
        return self.transport.write_decoded("PATCH", f"/projects/{project_id:d}", body, of=Project)

    def contacts(self, *, client_id: int) -> list[Contact]:
        """A client's contacts.

        :param client_id: of the client
        """
        return self._list("/contacts", _query(client_id=client_id), ContactsPage)

    # --- time -----------------------------------------------------------------------------------------------

    def time_entries(
        self,
        *,
        project_id: int | None = None,
        is_billed: bool | None = None,
        updated_since: dt.datetime | None = None,
        from_: dt.date | None = None,
        to: dt.date | None = None,
    ) -> Iterator[TimeEntry]:
        """Time entries, latest ``spent_date`` first; parameters and errors as of ``time_entry_pages``."""
        return _records(
            self.time_entry_pages(
                project_id=project_id,
                is_billed=is_billed,
                updated_since=updated_since,
                from_=from_,
                to=to,
            )
        )

    def time_entry_pages(
        self,
        *,
        project_id: int | None = None,
        is_billed: bool | None = None,
        updated_since: dt.datetime | None = None,
        from_: dt.date | None = None,
        to: dt.date | None = None,
        page_size: int = PAGE_SIZE,
    ) -> Iterator[Page[TimeEntry]]:
        """Time entries by page, each fetched when it's asked for: for readers that keep only sums of them.

        People go on tracking time between two pages: an entry may come twice, and the later one is right. Read them
        inside ``moving_lists.reread_if_moved``, which starts afresh where entries may have been missed.

        :param project_id: only of this project
        :param is_billed: only entries that are on an invoice, or only those that aren't
        :param updated_since: only entries changed since; aware. Deleted ones leave no trace
        :param from_: first ``spent_date``
        :param to: last ``spent_date``
        :param page_size: entries a page, 1 to 2000
        :raises IncompleteListError: entries went or moved, so that others may have been missed
        """
        query = _query(
            project_id=project_id,
            is_billed=is_billed,
            updated_since=updated_since,
            **{"from": from_, "to": to},
        )
        return pages(self.transport, "/time_entries", query, of=TimeEntriesPage, page_size=page_size)

    def uninvoiced_report(self, from_: dt.date, to: dt.date) -> list[UninvoicedProject]:
        """What is not invoiced yet, by project; of a fixed-fee project, the fee that is left.

        Counts in the small rate limit of the Reports API.

        :param from_: first ``spent_date``
        :param to: last ``spent_date``, at most 365 days in all
        :raises ValueError: a range that the service refuses
        """
        days = (to - from_).days + 1
        if not 1 <= days <= LONGEST_REPORT_DAYS:
            raise ValueError(
                f"The uninvoiced report takes 1 to {LONGEST_REPORT_DAYS} days a request, not {days}."
            )
        # The documentation's examples write the Reports API's dates without dashes.
        query = _query(
            **{"from": f"{from_:%Y%m%d}", "to": f"{to:%Y%m%d}"},
            include_fixed_fee=True,
        )
        return self._list("/reports/uninvoiced", query, UninvoicedPage, budget=REPORTS)

    # --- invoices -------------------------------------------------------------------------------------------

    def invoice(self, invoice_id: int) -> Invoice:
        """One invoice.

        :raises NotFoundError: there is none with this id
        """
        return self.transport.get_decoded(f"/invoices/{invoice_id:d}", of=Invoice)

    def invoices(self, *, client_id: int | None = None, state: str | None = None) -> list[Invoice]:
        """Invoices, latest issued first.

        The service can't filter by ``purchase_order``: the caller does.

        :param client_id: only of this client
        :param state: only in this state
        """
        return self._list("/invoices", _query(client_id=client_id, state=state), InvoicesPage)

    def create_invoice(self, invoice: NewInvoice) -> Invoice:
        """Create a draft. Imported time is billed and locked from then on.

        :param invoice: from tracked time or with lines of its own
        :raises AnswerLostError: look it up by ``purchase_order`` before creating it again
        """
        return self.transport.write_decoded("POST", "/invoices", json_codec.encode(invoice), of=Invoice)

    def mark_as_sent(self, invoice_id: int) -> None:
        """Open a draft. Nobody is e-mailed: only a message without an event is a letter to the customer.

        :param invoice_id: of the invoice
        """
        body = json_codec.encode({"event_type": "send"})
        self.transport.write_decoded("POST", f"/invoices/{invoice_id:d}/messages", body, of=Reference)

    def delete_invoice(self, invoice_id: int) -> None:
        """Delete an invoice; its hours are unbilled and unlocked.

        :raises NotFoundError: it's gone already
        """
        self.transport.write("DELETE", f"/invoices/{invoice_id:d}")

    def _list(self, path: str, query: Params, of: type[Page[T]], *, budget: str = READS) -> list[T]:
        """A whole list, each record once, as it came last."""

        def read() -> list[T]:
            return latest(_records(pages(self.transport, path, query, of=of, budget=budget)), key_of)

        return reread_if_moved(read)


def _records(found: Iterable[Page[T]]) -> Iterator[T]:
    for page in found:
        yield from page.records


def _query(**filters: Any) -> list[tuple[str, str]]:
    """The filters that are set, as the service writes them."""
    return [(name, _text(value)) for name, value in filters.items() if value is not None]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        if value.tzinfo is None:
            raise ValueError("A moment without a time zone: Harvest's updated_since is UTC.")
        return f"{value.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"
    return value.isoformat() if isinstance(value, dt.date) else str(value)

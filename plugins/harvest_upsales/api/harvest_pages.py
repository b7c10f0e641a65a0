"""Harvest's lists: one page at a time, from link to link.

Source: https://help.getharvest.com/api-v2/introduction/overview/pagination/. Only ``links.next`` is
followed, as the page number and the totals may be null where the service pages by cursor.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct, field

from harvest_upsales.api.moving_lists import Completeness
from harvest_upsales.api.rate_limit import READS
from harvest_upsales.api.transport import Params, Transport
from harvest_upsales.errors import UnexpectedAnswerError
from harvest_upsales.records.bounds import check_numbers
from harvest_upsales.records.harvest_records import Contact, Invoice, Project, TimeEntry, UninvoicedProject

T = TypeVar("T")
PAGE_SIZE = 2000
"""The most that the service gives; a larger number is refused with 422."""
PUBLIC_HOST = "api.harvestapp.com"


class Links(Struct, frozen=True):
    """Where the list goes on; ``next`` is null on the last page, never absent."""

    next: str | None


class Page(Struct, Generic[T], frozen=True, kw_only=True):
    """One page of a list.

    ``total_pages`` and ``total_entries`` are of the whole list, and null where the service doesn't say.
    """

    records: list[T]
    links: Links
    total_pages: int | None = None
    total_entries: int | None = None


class TimeEntriesPage(Page[TimeEntry], frozen=True, kw_only=True):
    """A page of ``/time_entries``."""

    records: list[TimeEntry] = field(name="time_entries")

    def __post_init__(self) -> None:
        check_numbers("rounded_hours", (entry.rounded_hours for entry in self.records))
        check_numbers("billable_rate", (entry.billable_rate for entry in self.records))


class ProjectsPage(Page[Project], frozen=True, kw_only=True):
    """A page of ``/projects``."""

    records: list[Project] = field(name="projects")


class ContactsPage(Page[Contact], frozen=True, kw_only=True):
    """A page of ``/contacts``."""

    records: list[Contact] = field(name="contacts")


class InvoicesPage(Page[Invoice], frozen=True, kw_only=True):
    """A page of ``/invoices``."""

    records: list[Invoice] = field(name="invoices")


class UninvoicedPage(Page[UninvoicedProject], frozen=True, kw_only=True):
    """A page of the uninvoiced report."""

    records: list[UninvoicedProject] = field(name="results")


def pages(
    transport: Transport,
    path: str,
    params: Params,
    *,
    of: type[Page[T]],
    budget: str = READS,
    page_size: int = PAGE_SIZE,
) -> Iterator[Page[T]]:
    """Every page of a list, each fetched when it's asked for.

    A record that moves to a later page while the list is read comes twice; the later one is right. Where records may
    have been missed, an error ends the pages: read them inside ``moving_lists.reread_if_moved``.

    :param transport: of Harvest
    :param path: of the list
    :param params: its filters
    :param of: the list's type of page
    :param budget: which rate limit it counts in
    :param page_size: records a page, 1 to 2000
    :raises IncompleteListError: the list moved, or a link leads back to a page that was read
    :raises UnexpectedAnswerError: a link leads elsewhere
    """
    query: list[tuple[str, str]] = [*params, ("per_page", str(page_size))]
    asked: set[tuple[tuple[str, str], ...]] = set()
    completeness = Completeness("Harvest", f"GET {path}")
    # Asked of every time entry: no function of ours in between.
    key = attrgetter("project_id" if of is UninvoicedPage else "id")
    while True:
        asked.add(tuple(sorted(query)))
        page = transport.get_decoded(path, query, of=of, budget=budget)
        completeness.page(map(key, page.records), page.total_entries)
        yield page
        if page.links.next is None:
            completeness.end()
            return
        query = _query_of_link(page.links.next, path, transport.base_url)
        if tuple(sorted(query)) in asked:
            raise completeness.error("the link to the next page leads back to a page that was read")


def key_of(record: Any) -> int:
    """By what a record of a list is told from the others."""
    return int(record.project_id if isinstance(record, UninvoicedProject) else record.id)


def _query_of_link(link: str, path: str, base_url: str) -> list[tuple[str, str]]:
    """The query of ``links.next``. Only that is used: the request goes to the connection's own address.

    Links name Harvest's public host even where a proxy stands in between. Any other host is refused, so that
    a forged answer can't steer the token.
    """
    parts = urlsplit(link)
    if parts.netloc not in ("", PUBLIC_HOST, urlsplit(base_url).netloc):
        raise _link_error(path, "leads to another host")
    if not parts.path.endswith(path):
        raise _link_error(path, "leads to another list")
    return parse_qsl(parts.query, keep_blank_values=True)


def _link_error(path: str, problem: str) -> UnexpectedAnswerError:
    return UnexpectedAnswerError(
        f"Harvest GET {path}: the link to the next page {problem}. The list can't be read as a whole; retry, "
        "and check the base URL in the Harvest connection if it lasts.",
        service="Harvest",
        call=f"GET {path}",
    )

"""Find (or create) the Upsales company of a Harvest client; read once, then remembered for the task."""

from __future__ import annotations

from msgspec import UNSET

from harvest_upsales.domain.companies import NameIndex, no_match, normal_name, only_match
from harvest_upsales.errors import AnswerLostError
from harvest_upsales.flows.services import Services
from harvest_upsales.records.harvest_records import ProjectClient
from harvest_upsales.records.upsales_records import NewCompany

# Upsales' limit of a company's name; a longer one is cut, and has to be found again by what is left.
NAME_LIMIT = 100


class _AppearedMeanwhileError(Exception):
    """A company of the name came after the names were read; nothing was sent."""

    def __init__(self, company_id: int) -> None:
        super().__init__(company_id)
        self.company_id = company_id


class CompanyBook:
    """Harvest clients as Upsales companies, in the order: ``company_map``, name, contact's e-mail, a new company."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._names: NameIndex | None = None
        self._known: dict[int, int] = {}
        self._lost: dict[str, AnswerLostError] = {}

    def company_of(self, client: ProjectClient, *, dry_run: bool = False) -> int | None:
        """The company's id; ``None`` only in a dry run that would create it.

        :raises ProjectError: no company matches, or more than one; the candidates are listed
        """
        if client.id not in self._known:
            found = self._find(client)
            if found is None and self._services.settings.create_missing_companies:
                found = None if dry_run else self._create(client)
                if found is None:
                    return None
            if found is None:
                raise no_match(client)
            self._known[client.id] = found
        return self._known[client.id]

    def _find(self, client: ProjectClient) -> int | None:
        mapped = self._services.settings.company_map.get(str(client.id))
        return mapped or self._by_name(client) or self._by_email(client)

    def _by_name(self, client: ProjectClient) -> int | None:
        return _named_like(self._read_names(), client)

    def _by_email(self, client: ProjectClient) -> int | None:
        """The company of a contact with the address of one of the client's Harvest contacts; active companies only."""
        addresses = {
            contact.email.strip().casefold(): contact.email.strip()
            for contact in self._services.harvest.contacts(client_id=client.id)
            if contact.email and contact.email.strip()
        }
        found = {
            contact.client.id: contact.client.name or ""
            for address, written in sorted(addresses.items())
            # Whether the service is case-sensitive is not documented.
            for spelling in sorted({address, written})
            for contact in self._services.upsales.contacts(spelling)
            if contact.client is not None and (contact.email or "").strip().casefold() == address
        }
        active = {company.id for company in self._services.upsales.companies_by_id(found) if company.active}
        return only_match(
            client, ((company_id, name) for company_id, name in found.items() if company_id in active)
        )

    def _create(self, client: ProjectClient) -> int:
        """Create the company, once: not again for the client's next project, should the answer be lost."""
        name = normal_name(_cut(client.name))
        if name in self._lost:
            raise self._lost[name]
        upsales = self._services.upsales

        def look_up() -> int | None:
            return _named_like(NameIndex.of(upsales.companies()), client)

        def new_if_alone() -> NewCompany:
            there = look_up()
            if there is not None:
                raise _AppearedMeanwhileError(there)
            return NewCompany(name=_cut(client.name), currency=client.currency or UNSET)

        try:
            return self._services.write_once(lambda: upsales.create_company(new_if_alone).id, look_up)
        except _AppearedMeanwhileError as appeared:
            return appeared.company_id
        except AnswerLostError as lost:
            self._lost[name] = lost
            raise
        finally:
            # Another client of the same name has to find the new one.
            self._names = None

    def _read_names(self) -> NameIndex:
        if self._names is None:
            self._names = NameIndex.of(self._services.upsales.companies())
        return self._names


def _named_like(names: NameIndex, client: ProjectClient) -> int | None:
    found = names.named_like(client.name) or names.named_like(_cut(client.name))
    return only_match(client, ((company.id, company.name) for company in found))


def _cut(name: str) -> str:
    return name.strip()[:NAME_LIMIT].rstrip()

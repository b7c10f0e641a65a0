"""Look for the Harvest invoice of an order."""

from __future__ import annotations

from harvest_upsales.domain import settlement
from harvest_upsales.flows.services import Services
from harvest_upsales.records.harvest_records import Invoice, Project


def search_invoice(
    services: Services, order_id: int, project: Project
) -> tuple[Invoice | None, tuple[Invoice, ...]]:
    """The invoice that was made for an order: among those of the project's client, then among all.

    A project can be moved to another client. Its invoice stays with the one it had.

    :return: the invoice, and all the invoices that were looked through: where there is none, the whole account's
    :raises SettlementHeldError: there is more than one
    """
    of_client = tuple(services.harvest.invoices(client_id=project.client.id))
    found = settlement.find_invoice(order_id, of_client)
    if found is not None:
        return found, of_client
    every = tuple(services.harvest.invoices())
    return settlement.find_invoice(order_id, every), every

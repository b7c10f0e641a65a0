"""What a task read and wrote, for OpenLineage where its provider is installed; nothing imports that otherwise.

Airflow's own assets do not become OpenLineage datasets, as their URIs name no service.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

TIME_ENTRIES = "harvest:time_entries"
INVOICES = "harvest:invoices"
PROJECTS = "harvest:projects"
ORDERS = "upsales:orders"


def datasets(names: Iterable[str], base_urls: Mapping[str, str], account_id: str) -> list[tuple[str, str]]:
    """Namespace and name of each dataset, such as ``("harvest://api.harvestapp.com", "1234567/time_entries")``.

    :param names: of this module
    :param base_urls: address of each service's API
    :param account_id: the Harvest account; an Upsales key belongs to one account, whose id it does not tell
    """
    found = []
    for service, _, name in (each.partition(":") for each in names):
        netloc = urlsplit(base_urls[service]).netloc
        found.append((f"{service}://{netloc}", f"{account_id}/{name}" if service == "harvest" else name))
    return found


def operator_lineage(inputs: Iterable[tuple[str, str]], outputs: Iterable[tuple[str, str]]) -> Any:
    """In the form of the OpenLineage provider, which alone asks for it."""
    from airflow.providers.common.compat.openlineage.facet import Dataset
    from airflow.providers.openlineage.extractors import OperatorLineage

    return OperatorLineage(
        inputs=[Dataset(namespace=namespace, name=name) for namespace, name in inputs],
        outputs=[Dataset(namespace=namespace, name=name) for namespace, name in outputs],
    )

"""The connection types and their forms in Airflow's UI.

Airflow calls :func:`get_provider_info` while it reads its own configuration, in every process. So neither
this module nor the package's ``__init__`` may import Airflow or anything slow, and an error here would keep
Airflow from starting.
"""

from typing import Any

HARVEST_CONNECTION: dict[str, Any] = {
    "connection-type": "harvest",
    "hook-class-name": "harvest_upsales.hooks.harvest_hook.HarvestHook",
    "hook-name": "Harvest",
    "ui-field-behaviour": {
        "hidden-fields": ["port", "schema"],
        "relabeling": {"host": "Base URL", "login": "Account ID", "password": "Personal access token"},
        "placeholders": {
            "host": "https://api.harvestapp.com/v2",
            "login": "1234567",
            "password": "From id.getharvest.com/developers",
        },
    },
    "conn-fields": {
        "contact": {
            "label": "Contact e-mail",
            "description": "Whom Harvest can contact about this integration; required with every request.",
            "schema": {"type": "string", "format": "email"},
        },
    },
}

UPSALES_CONNECTION: dict[str, Any] = {
    "connection-type": "upsales",
    "hook-class-name": "harvest_upsales.hooks.upsales_hook.UpsalesHook",
    "hook-name": "Upsales",
    "ui-field-behaviour": {
        "hidden-fields": ["port", "schema", "login"],
        "relabeling": {"host": "Base URL", "password": "API key"},
        "placeholders": {
            "host": "https://power.upsales.com/api/v2",
            "password": "Shown once, when the key is created",
        },
    },
    "conn-fields": {
        "token_in": {
            "label": "Send the API key in",
            "description": "Empty: a cookie, which keeps the key out of URLs. Query: only where needed.",
            # No "default": Airflow hides the values of fields whose name holds "token", so the form would
            # come filled with three asterisks and save them.
            "schema": {"type": ["string", "null"], "enum": ["cookie", "query"]},
        },
        "web_url": {
            "label": "Address of an order",
            "description": "For links from Airflow: an order's address in Upsales, with {id} in place of its number. "
            "Empty: https://power.upsales.com/#/orders/{id}, which Upsales does not document.",
            "schema": {"type": ["string", "null"]},
        },
    },
}


def get_provider_info() -> dict[str, Any]:
    """Return the package's description in the form of Airflow's ``provider_info.schema.json``."""
    return {
        "package-name": "harvest-upsales-airflow",
        "name": "Harvest → Upsales",
        "description": "Harvest's tracked time to Upsales opportunities, won orders to invoiced projects.",
        "connection-types": [HARVEST_CONNECTION, UPSALES_CONNECTION],
        "extra-links": [
            "harvest_upsales.operators.link_buttons.HarvestProjectLink",
            "harvest_upsales.operators.link_buttons.HarvestInvoiceLink",
            "harvest_upsales.operators.link_buttons.UpsalesOrderLink",
        ],
    }

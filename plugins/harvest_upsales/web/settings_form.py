"""The settings as a form: what each field is called, what it takes, and what is wrong with what was entered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct

from harvest_upsales.errors import SettingsError
from harvest_upsales.settings import KEYS, SETTINGS_VARIABLE, Settings, parse_settings

Kind = Literal["choice", "bool", "int", "text", "map"]
Choices = Literal["users", "stages", "products", "billing_apps", "order_fields"]


class Option(Struct, frozen=True):
    """A value of a field that takes one of a few."""

    value: str
    label: str


class Field(Struct, frozen=True):
    """One setting.

    :param type: what it takes; a ``choice`` is one of ``options``, or of a list of ``choices``
    :param default: ``None`` also where there is none
    """

    key: str
    label: str
    help: str
    type: Kind
    required: bool = False
    default: Any = None
    choices: Choices | None = None
    options: tuple[Option, ...] | None = None


class FieldError(Struct, frozen=True):
    """What is wrong with one setting; ``key`` is empty where it is not one alone."""

    key: str
    message: str


def _field(
    key: str,
    label: str,
    words: str,
    kind: Kind,
    *,
    choices: Choices | None = None,
    options: Mapping[str, str] | None = None,
) -> Field:
    info = next(each for each in msgspec.structs.fields(Settings) if each.name == key)
    shown = tuple(Option(value, text) for value, text in options.items()) if options else None
    return Field(key, label, words, kind, info.required, _default_of(info), choices, shown)


def _default_of(info: msgspec.structs.FieldInfo) -> Any:
    if info.required:
        return None
    return info.default_factory() if info.default is msgspec.NODEFAULT else info.default


FIELDS = (
    _field(
        "default_user_id",
        "Default user",
        "Owns new opportunities. The connected invoicing service uses this user, too.",
        "choice",
        choices="users",
    ),
    _field(
        "default_stage_id",
        "Default stage",
        'Stage of new opportunities, from 1 to 99 %; a 90 % stage such as "Verbal agreement" fits.',
        "choice",
        choices="stages",
    ),
    _field(
        "default_product_id",
        "Default product",
        "The one product that tracked time is put on.",
        "choice",
        choices="products",
    ),
    _field(
        "opportunity_per",
        "One opportunity per",
        "A month's opportunity holds the time of one calendar month. Can change only while no opportunity is open.",
        "choice",
        options={"project": "Project", "month": "Project and month"},
    ),
    _field(
        "create_missing_companies",
        "Create missing companies",
        "Create the Upsales company of a Harvest client when none matches. Off: the project fails and says so.",
        "bool",
    ),
    _field(
        "company_map",
        "Companies by client",
        "Harvest client id and Upsales company id, for clients whose company is not found by name or e-mail address.",
        "map",
    ),
    _field(
        "approved_time_only", "Approved time only", "Count only time that is approved in Harvest.", "bool"
    ),
    _field(
        "write_time_to_notes",
        "List time in the notes",
        "List the time entries in the opportunity's notes, between two marker lines.",
        "bool",
    ),
    _field(
        "late_time",
        "Time that changes after the win",
        "Include it in the order, as long as the billing app has not taken it; or hold the order until somebody looks.",
        "choice",
        options={"include": "Include it in the order", "hold": "Hold the order"},
    ),
    _field(
        "invoice_state",
        "Harvest invoice",
        "Either way the hours are billed and locked, and nobody gets an e-mail.",
        "choice",
        options={"draft": "Leave it as a draft", "sent": "Mark it as sent"},
    ),
    _field(
        "archive_invoiced_projects",
        "Close invoiced projects",
        "Archive the Harvest project once it is invoiced, so that no more time can be tracked on it.",
        "bool",
    ),
    _field(
        "reopened_orders",
        "Invoiced orders moved back below 100 %",
        "Report them; or undo: delete the draft Harvest invoice and reopen the project.",
        "choice",
        options={"report": "Report them", "undo": "Undo the invoice"},
    ),
    _field(
        "billing_integration_id",
        "Billing app",
        "The app connected to Upsales that invoices customers (Fortnox, Visma, …). None: nothing is waited for.",
        "choice",
        choices="billing_apps",
    ),
    _field(
        "billing_reference_field",
        "Field with the billing app's number",
        "The order field that the app fills with its document number: filled means synced.",
        "choice",
        choices="order_fields",
    ),
    _field(
        "billing_timeout_minutes",
        "Wait for the billing app (minutes)",
        "From 1 to 10080 (a week). After that the task fails and says so.",
        "int",
    ),
    _field(
        "batch_size",
        "Projects per task",
        "From 1 to 2000. Smaller batches show more of a run's progress.",
        "int",
    ),
)


def problems_of(values: Mapping[str, Any], *, variable: str = SETTINGS_VARIABLE) -> list[FieldError]:
    """What is wrong with settings as such, field by field, in the words that a run would use.

    :param values: what the Variable would hold
    :param variable: its key
    """
    required = {field.key: 1 for field in FIELDS if field.required}
    found = [_problem(key, {**required, key: value}, variable) for key, value in values.items()]
    missing = [
        _problem(key, {other: 1 for other in required if other != key}, variable)
        for key in required
        if key not in values
    ]
    return [problem for problem in (*missing, *found) if problem is not None]


def _problem(key: str, values: Mapping[str, Any], variable: str) -> FieldError | None:
    try:
        parse_settings(msgspec.json.encode(values), variable=variable)
    except SettingsError as error:
        return FieldError(key if key in KEYS else "", error.message)
    return None

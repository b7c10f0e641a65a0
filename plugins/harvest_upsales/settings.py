"""The settings: one JSON object in the Airflow Variable ``harvest_upsales_settings``, checked before use.

Reading the Variable is the operators' business; this module only turns its text into :class:`Settings`. Checks
that need Upsales (does that stage exist?) stand in ``domain/setup_checks.py``.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta, Struct, field

from harvest_upsales.errors import SettingsError

SETTINGS_VARIABLE = "harvest_upsales_settings"

PositiveId = Annotated[int, Meta(gt=0)]
_CLIENT_ID = re.compile(r"[1-9][0-9]*")


class OpportunityPer(StrEnum):
    """What one opportunity stands for."""

    PROJECT = "project"
    MONTH = "month"


class LateTime(StrEnum):
    """What to do with time that changed after the order was won."""

    INCLUDE = "include"
    HOLD = "hold"


class InvoiceLeftIn(StrEnum):
    """State in which the Harvest invoice is left."""

    DRAFT = "draft"
    SENT = "sent"


class ReopenedOrders(StrEnum):
    """What to do with an invoiced order that was moved back below 100 per cent."""

    REPORT = "report"
    UNDO = "undo"


class Settings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the administrator decides. Every key is explained in the README."""

    default_user_id: PositiveId
    default_stage_id: PositiveId
    default_product_id: PositiveId
    company_map: dict[str, PositiveId] = field(default_factory=dict)
    create_missing_companies: bool = False
    write_time_to_notes: bool = True
    approved_time_only: bool = False
    opportunity_per: OpportunityPer = OpportunityPer.PROJECT
    late_time: LateTime = LateTime.INCLUDE
    archive_invoiced_projects: bool = True
    invoice_state: InvoiceLeftIn = InvoiceLeftIn.DRAFT
    billing_integration_id: PositiveId | None = None
    billing_reference_field: Annotated[str, Meta(min_length=1)] | None = None
    billing_timeout_minutes: Annotated[int, Meta(ge=1, le=7 * 24 * 60)] = 60
    reopened_orders: ReopenedOrders = ReopenedOrders.REPORT
    batch_size: Annotated[int, Meta(ge=1, le=2000)] = 100

    @property
    def by_month(self) -> bool:
        """Whether every calendar month of a project has its own opportunity."""
        return self.opportunity_per is OpportunityPer.MONTH


KEYS = tuple(f.name for f in msgspec.structs.fields(Settings))


def parse_settings(text: str | bytes | None, *, variable: str = SETTINGS_VARIABLE) -> Settings:
    """Turn the Variable's text into settings.

    :param text: a JSON object; ``None`` where the Variable does not exist
    :param variable: its key, for the message
    :raises SettingsError: names the key to correct
    """
    if not text:
        msg = f"The Airflow Variable {variable} is missing. Create it with at least the keys " + ", ".join(
            KEYS[:3]
        )
        raise SettingsError(msg)
    try:
        raw = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        msg = f"The Airflow Variable {variable} is not JSON: {error}"
        raise SettingsError(msg) from None
    if not isinstance(raw, dict):
        msg = f"The Airflow Variable {variable} has to be one JSON object, not {type(raw).__name__}"
        raise SettingsError(msg)
    _refuse_unknown(raw, variable)
    try:
        settings = msgspec.convert(raw, Settings)
    except msgspec.ValidationError as error:
        msg = f"In the settings ({variable}): {_name_key(str(error))}"
        raise SettingsError(msg) from None
    _check_company_map(settings, variable)
    return settings


def _refuse_unknown(raw: dict[str, object], variable: str) -> None:
    for key in raw:
        if key not in KEYS:
            near = get_close_matches(key, KEYS, n=1)
            hint = f"; did you mean {near[0]}?" if near else f"; known keys: {', '.join(KEYS)}"
            msg = f"In the settings ({variable}): unknown key {key}{hint}"
            raise SettingsError(msg)


def _check_company_map(settings: Settings, variable: str) -> None:
    for client_id in settings.company_map:
        if not _CLIENT_ID.fullmatch(client_id):
            msg = (
                f"In the settings ({variable}): company_map has the key {client_id!r}, "
                "but its keys are Harvest client ids (digits only, without leading zeros)"
            )
            raise SettingsError(msg)


def _name_key(message: str) -> str:
    """Msgspec's ``... - at `$.key` `` or ``missing required field `key` `` in the words of a settings page."""
    text, _, path = message.partition(" - at `$.")
    if path:
        return f"{path.rstrip('`')}: {text}"
    return text.replace("Object missing required field", "missing required key")

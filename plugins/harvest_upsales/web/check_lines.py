"""The set-up check: what a run relies on, line by line, each red line with what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, TypeVar

from msgspec import Struct

from harvest_upsales.api.harvest_api import HarvestClient
from harvest_upsales.api.upsales_api import UpsalesClient
from harvest_upsales.domain import setup_checks
from harvest_upsales.errors import (
    AuthenticationError,
    HarvestUpsalesError,
    PermissionDeniedError,
    SettingsError,
)
from harvest_upsales.flows.settings_in_upsales import SettingsInUpsales
from harvest_upsales.hooks.harvest_hook import rates_are_hidden
from harvest_upsales.settings import Settings

T = TypeVar("T")
_CORRECT_CONNECTION = "Correct the connection under Admin, Connections, then check again."


class CheckLine(Struct, frozen=True):
    """One point: ``green`` is in order, ``red`` needs somebody, ``grey`` was not or need not be looked at.

    :param to_do: for a red line
    """

    name: str
    state: Literal["green", "red", "grey"]
    text: str
    to_do: str = ""


def green(name: str, text: str) -> CheckLine:
    """A point that is in order."""
    return CheckLine(name, "green", text)


def red(name: str, text: str, to_do: str) -> CheckLine:
    """A point that needs somebody."""
    return CheckLine(name, "red", text, to_do)


def grey(name: str, text: str) -> CheckLine:
    """A point that was not looked at."""
    return CheckLine(name, "grey", text)


def not_reached(service: str, problem: HarvestUpsalesError, others: tuple[str, ...]) -> Iterator[CheckLine]:
    """A service that can't be asked: its connection is red, its other lines are grey."""
    yield red(
        f"{service} connection",
        problem.message,
        _CORRECT_CONNECTION,
    )
    for name in others:
        yield grey(name, f"Not looked at, as {service} can't be asked.")


HARVEST_LINES = ("Harvest rights", "Invoicing in Harvest")


def harvest_lines(harvest: HarvestClient) -> Iterator[CheckLine]:
    """What Harvest tells.

    :raises HarvestUpsalesError: the first call fails
    """
    harvest.me()
    yield green("Harvest connection", f"Harvest answers for account {harvest.account_id}.")
    try:
        company = harvest.company()
    except PermissionDeniedError:
        yield red(
            "Harvest rights",
            "The token's owner is not an administrator of the Harvest account.",
            "Create the personal access token as an administrator, and put it into the connection.",
        )
        yield grey("Invoicing in Harvest", "Only an administrator's token can check this.")
        return
    if rates_are_hidden(harvest):
        yield red(
            "Harvest rights",
            "The token's owner can't see billable rates.",
            "Grant that right in Harvest, or use an administrator's token.",
        )
    else:
        yield green("Harvest rights", "The token's owner is an administrator and sees billable rates.")
    if company.invoice_feature:
        yield green("Invoicing in Harvest", "Activated.")
    else:
        yield red(
            "Invoicing in Harvest",
            "Not activated.",
            "Activate it in Harvest under Settings, Modules, Invoices.",
        )


UPSALES_LINES = (
    "Upsales rights",
    "Ids in the settings",
    "Order fields",
    "Upsales' own Harvest app",
    "Billing app",
)


def upsales_lines(upsales: UpsalesClient, settings: Settings | None) -> Iterator[CheckLine]:
    """What Upsales tells.

    :param settings: ``None`` where they are not valid
    :raises HarvestUpsalesError: the first call fails
    """
    owner = upsales.owner()
    yield green("Upsales connection", "Upsales answers.")
    if owner.administrator in (0, False):
        yield red(
            "Upsales rights",
            "The API key's owner is not an administrator of the Upsales account.",
            "Create the API key as an administrator, and put it into the connection.",
        )
    else:
        yield green("Upsales rights", "The API key acts as an administrator.")
    if settings is None:
        yield grey("Ids in the settings", "Not looked at, as the settings are not valid.")
    else:
        yield _line("Ids in the settings", lambda: _ids(upsales, settings))
    yield _line("Order fields", lambda: _fields(upsales, settings))
    yield _line("Upsales' own Harvest app", lambda: _old_app(upsales))
    yield _line("Billing app", lambda: _billing_app(upsales, settings))


def _line(name: str, look: Callable[[], CheckLine]) -> CheckLine:
    try:
        return look()
    except AuthenticationError as error:
        return red(name, error.message, _CORRECT_CONNECTION)
    except PermissionDeniedError as error:
        return red(name, error.message, "Check that the API key has all rights.")
    except HarvestUpsalesError as error:
        return red(name, error.message, "Do what the message says, then check again.")


def _ids(upsales: UpsalesClient, settings: Settings) -> CheckLine:
    name = "Ids in the settings"
    try:
        checks = SettingsInUpsales(upsales, settings)
        checks.default_user_id()
        stage = checks.default_stage_id()
        checks.default_product_id()
        checks.company_map()
    except SettingsError as error:
        return red(name, error.message, "Choose another one under Settings.")
    return green(name, f"User, product and stage ({stage.name}, {stage.probability} %) exist in Upsales.")


def _fields(upsales: UpsalesClient, settings: Settings | None) -> CheckLine:
    if settings is None:
        return grey("Order fields", "Not looked at, as the settings are not valid.")
    fields = SettingsInUpsales(upsales, settings).billing_reference_field()
    missing = [new.alias for new in setup_checks.missing_fields(fields)]
    if missing:
        return grey("Order fields", f"Missing: {', '.join(missing)}. The next run creates them.")
    return green("Order fields", "HARVEST_KEY and HARVEST_INVOICE are there.")


def _old_app(upsales: UpsalesClient) -> CheckLine:
    name = "Upsales' own Harvest app"
    warning = setup_checks.old_app_warning(upsales.integration_settings(setup_checks.HARVEST_APP_ID))
    if warning is None:
        return green(name, "Not active.")
    return red(
        name,
        "Still active: both would make opportunities from the same time.",
        "Deactivate it in Upsales under Apps, after its settings were taken over.",
    )


def _billing_app(upsales: UpsalesClient, settings: Settings | None) -> CheckLine:
    name = "Billing app"
    wanted = settings.billing_integration_id if settings else None
    if wanted is None:
        return grey(name, "None is set: won orders are invoiced in Harvest, and no app is waited for.")
    app = next((app for app in upsales.standard_integrations() if app.id == wanted), None)
    if app is None:
        return red(name, f"Upsales knows no app {wanted}.", "Choose the billing app under Settings.")
    connected = upsales.integration_settings(wanted)
    label = app.name or f"app {wanted}"
    if connected is None or not connected.active:
        return red(name, f"{label} is not active in this account.", "Activate it in Upsales under Apps.")
    return green(name, f"{label} is connected.")

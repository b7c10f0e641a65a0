"""The smallest world in which the bridge can be set up: no client, project, company or order yet."""

from typing import Final

import msgspec

from sandbox.billing_app import BillingApp
from sandbox.credentials import BILLING_APP_SECRET
from sandbox.harvest.account import HarvestAccount
from sandbox.jsonio import Record
from sandbox.upsales.board import UpsalesAccount

STAGE_PROSPECT: Final = 10
STAGE_VERBAL_AGREEMENT: Final = 11
STAGE_LOST: Final = 7
STAGE_WON: Final = 12
STAGE_WON_NOT_BILLED: Final = 14
USER_SALES: Final = 1
USER_BRIDGE: Final = 2
USER_INACTIVE: Final = 3
PRODUCT_INACTIVE: Final = 1
PRODUCT_TIME: Final = 2
PRODUCT_LICENCE: Final = 3
HARVEST_APP: Final = 19
BILLING_APP: Final = 284


def set_up_upsales(account: UpsalesAccount) -> None:
    """Board, people, products, currencies, order fields and apps."""
    for iso, rate, active in (
        ("SEK", 1, True), ("EUR", "0.091776799", True), ("NOK", "1.068147832", True), ("USD", "0.106791513",
        True),
        ("DKK", "0.685424449", False),
    ):  # fmt: skip
        account.add_currency(iso, rate, master=iso == "SEK", active=active)
    for stage_id, name, probability, exclude in (
        (9, "Prospect 1", 25, 0), (STAGE_PROSPECT, "Prospect 2", 50, 0),
        (STAGE_VERBAL_AGREEMENT, "Verbal agreement", 90, 0), (STAGE_WON, "Won - Order", 100, 0),
        (STAGE_LOST, "Closed - No order", 0, 0), (STAGE_WON_NOT_BILLED, "Order (ej fortnox)", 100, 1),
    ):  # fmt: skip
        account.add_stage(stage_id, name, probability, exclude)
    account.add_user("Greta Lind", "greta.lind@nordlys.example", administrator=True)
    account.add_user("Nordlys Time", "time@nordlys.example")
    account.add_user("Olof Berg", "olof.berg@nordlys.example", active=False)
    account.add_product("Workshop (old)", active=False, price=10_000)
    account.add_product("Consulting", price=1_200)
    account.add_product("Licence", price=2_500)
    account.add_order_field("Fakturanummer", "FORTNOX_ID", editable=0)
    account.add_order_field("Ert ordernummer", "REFERENCE")


def set_up_apps(account: UpsalesAccount, billing: BillingApp) -> None:
    """The directory of apps. Upsales' own Harvest app is there, but not active in this account."""
    for app_id, name, category, hooks, active in (
        (HARVEST_APP, "Harvest", "time-reporting", ("after_order_update", "job"), False),
        (billing.integration_id, "Fortnox Premium", "productivity", ("after_order_insert",
        "after_order_update"), True),
    ):  # fmt: skip
        account.integrations[app_id] = _app(app_id, name, category, hooks, active)
        config = msgspec.json.encode(
            {"secret": BILLING_APP_SECRET, "wonStage": STAGE_WON} if active else {}
        ).decode()
        account.integration_settings[app_id] = {
            "id": app_id, "integrationId": app_id, "active": active, "configJson": config,
        }  # fmt: skip


def _app(app_id: int, name: str, category: str, hooks: tuple[str, ...], active: bool) -> Record:
    return {
        "id": app_id, "name": name, "description": name, "category": category, "active": active,
        "public": True,
        "visible": app_id != HARVEST_APP, "version": 1, "price": 0,
        "standardIntegrationInit": [
            {"id": 15_190 + 10 * app_id + n, "integrationId": app_id, "type": hook} for n,
            hook in enumerate(hooks)
        ],
        "configJson": {},
    }  # fmt: skip


def set_up_harvest(account: HarvestAccount) -> None:
    """An administrator, who owns the token, and some tasks."""
    account.add_user(
        "Astrid", "Holm", "astrid.holm@nordlys.example", hourly_rate=1_250, access_roles=("administrator",)
    )
    for name, rate in (("Consulting", 1_250), ("Development", 1_150), ("Travel", 600)):
        account.add_task(name, hourly_rate=rate)

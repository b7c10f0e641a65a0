"""Connection to Harvest, and the client that speaks through it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from typing import ClassVar

from requests import PreparedRequest
from requests.auth import AuthBase

from harvest_upsales.api.harvest_api import HarvestClient
from harvest_upsales.api.rate_limit import HARVEST_LIMITS, RateLimiter
from harvest_upsales.errors import (
    AuthenticationError,
    NotFoundError,
    PermissionDeniedError,
    SetupError,
)
from harvest_upsales.hooks.connection_fields import header_text_of
from harvest_upsales.hooks.service_hook import ServiceHook


class BearerAuth(AuthBase):
    """The token in its header, whatever credentials the environment has for the host."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def user_agent(contact: str) -> str:
    """The required User-Agent: the application and how to reach its owner.

    Source: https://help.getharvest.com/api-v2/introduction/overview/general/#api-requests

    :param contact: an address or a link
    """
    try:
        number = version("harvest-upsales-airflow")
    except PackageNotFoundError:  # used from the plugins folder, without being installed
        number = "0"
    return f"harvest-upsales-airflow/{number} ({contact})"


class HarvestHook(ServiceHook):
    """Calls to Harvest with the connection's account and personal access token.

    :param harvest_conn_id: connection with host = base URL, login = account ID, password = token,
        extra ``contact`` = the address in the User-Agent; extras ``proxies``, ``verify``, ``cert``,
        ``timeout`` as of Airflow's HTTP connection
    """

    conn_name_attr = "harvest_conn_id"
    default_conn_name = "harvest_default"
    conn_type = "harvest"
    hook_name = "Harvest"
    service = "Harvest"
    default_base_url = "https://api.harvestapp.com/v2"
    secret_meaning = "a Harvest personal access token"  # noqa: S105
    form_labels: ClassVar[Mapping[str, str]] = {
        "host": "Base URL",
        "login": "Account ID",
        "password": "Personal access token",
        "extra 'contact'": "Contact e-mail",
    }

    def __init__(self, harvest_conn_id: str = default_conn_name) -> None:
        super().__init__(harvest_conn_id)
        self.harvest_conn_id = harvest_conn_id

    @cached_property
    def client(self) -> HarvestClient:
        """Typed calls; one client, session and rate limiter per hook."""
        return HarvestClient(self._transport(RateLimiter(HARVEST_LIMITS)), self.account_id)

    @cached_property
    def account_id(self) -> str:
        """The account's id, as it stands in every ``HARVEST_KEY``."""
        meaning = "the Harvest account ID"
        return header_text_of(self.connection, "login", self.connection.login, meaning)

    def _test(self) -> str:
        return _test(self.client)

    def _headers(self) -> dict[str, str]:
        contact = self.connection.extra_dejson.get("contact")
        meaning = "an e-mail address or link, which Harvest requires of every program"
        return {
            "Harvest-Account-Id": self.account_id,
            "User-Agent": user_agent(header_text_of(self.connection, "extra 'contact'", contact, meaning)),
        }

    def _auth(self) -> AuthBase:
        return BearerAuth(self._secret())


def _test(client: HarvestClient) -> str:
    try:
        me = client.me()
    except AuthenticationError as refused:
        msg = (
            f"{refused.message} Harvest refuses the token (password) for account ID {client.account_id} "
            "(login): both are shown at id.getharvest.com/developers."
        )
        raise SetupError(msg) from refused
    except (NotFoundError, PermissionDeniedError) as refused:
        msg = (
            f"{refused.message} Either the base URL (host) is wrong, or the token's owner has no access to "
            f"account ID {client.account_id} (login)."
        )
        raise SetupError(msg) from refused
    try:
        company = client.company()
    except PermissionDeniedError as refused:
        msg = (
            f"The token (password) works, but its owner, user {me.id}, is not an administrator of the Harvest account. "
            "Make them one, or use an administrator's token."
        )
        raise SetupError(msg) from refused
    if not company.invoice_feature:
        msg = "Invoicing is not activated in the Harvest account: Settings, Modules, Invoices."
        raise SetupError(msg)
    if rates_are_hidden(client):
        msg = (
            "The token's owner can't see billable rates: grant that right, "
            "or use an administrator's token (password)."
        )
        raise SetupError(msg)
    account = f"{company.name} ({client.account_id})" if company.name else client.account_id
    roles = ", ".join(me.access_roles) or "roles unknown"
    return f"Connected to Harvest account {account} as user {me.id} ({roles}). Invoicing is activated."


def rates_are_hidden(client: HarvestClient) -> bool:
    """Whether recent billable time comes without any rate, which means that a right is missing."""
    since = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=60)
    page = next(client.time_entry_pages(from_=since, page_size=100))
    billable = [entry for entry in page.records if entry.billable]
    return bool(billable) and all(entry.billable_rate is None for entry in billable)

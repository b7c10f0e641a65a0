"""What all operators share: both hooks, the settings, what the set-up check found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from typing import Any

import msgspec
from airflow.sdk import BaseOperator, Variable
from airflow.sdk.definitions.context import Context

from harvest_upsales.errors import SetupError
from harvest_upsales.flows.services import Services, Setup
from harvest_upsales.hooks.harvest_hook import HarvestHook
from harvest_upsales.hooks.upsales_hook import UpsalesHook
from harvest_upsales.operators.retry_policy import RecoveryRetryPolicy
from harvest_upsales.settings import SETTINGS_VARIABLE, Settings, parse_settings

WRITES_POOL = "upsales_writes"
# How the operators are tried again where neither they nor their DAG say otherwise.
RETRIES: dict[str, Any] = {
    "retries": 3,
    "retry_delay": timedelta(minutes=2),
    "retry_policy": RecoveryRetryPolicy(),
}


class HarvestUpsalesOperator(BaseOperator):
    """Base of this package's operators.

    :param harvest_conn_id: connection to Harvest (templated)
    :param upsales_conn_id: connection to Upsales (templated)
    :param settings_variable: Airflow Variable with the settings, one JSON object (templated)
    :param plan_only: say what would be written, and write nothing; text such as ``"True"`` from a template will do
    """

    template_fields: Sequence[str] = ("harvest_conn_id", "upsales_conn_id", "settings_variable", "plan_only")
    ui_color = "#e6f2ef"

    def __init__(
        self,
        *,
        harvest_conn_id: str = HarvestHook.default_conn_name,
        upsales_conn_id: str = UpsalesHook.default_conn_name,
        settings_variable: str = SETTINGS_VARIABLE,
        plan_only: bool | str = False,
        **kwargs: Any,
    ) -> None:
        for name, value in RETRIES.items():
            kwargs.setdefault(name, value)
        super().__init__(**kwargs)
        self.harvest_conn_id = harvest_conn_id
        self.upsales_conn_id = upsales_conn_id
        self.settings_variable = settings_variable
        self.plan_only = plan_only

    @cached_property
    def harvest_hook(self) -> HarvestHook:
        """The hook to Harvest."""
        return HarvestHook(self.harvest_conn_id)

    @cached_property
    def upsales_hook(self) -> UpsalesHook:
        """The hook to Upsales."""
        return UpsalesHook(self.upsales_conn_id)

    @property
    def only_plans(self) -> bool:
        """Whether nothing may be written."""
        return truth(self.plan_only)

    def read_settings(self) -> Settings:
        """The settings as the Variable has them now.

        :raises SettingsError: names the key to mend
        """
        return parse_settings(Variable.get(self.settings_variable, default=None))

    def log_requests(self) -> None:
        """One line per service: what this task asked of it, and how long it waited for it."""
        for hook in (self.__dict__.get("harvest_hook"), self.__dict__.get("upsales_hook")):
            if hook is not None and "client" in hook.__dict__:
                self.log.info("%s", hook.client.transport.stats)


class ServicesOperator(HarvestUpsalesOperator):
    """An operator that works on a checked set-up.

    :param setup: what :class:`CheckSetupOperator` returned; ``None`` takes it from ``setup_task_id`` (templated)
    :param setup_task_id: the task of this run that checked the set-up
    """

    template_fields: Sequence[str] = (*HarvestUpsalesOperator.template_fields, "setup")

    def __init__(self, *, setup: Any = None, setup_task_id: str = "check_setup", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.setup = setup
        self.setup_task_id = setup_task_id

    def services(self, context: Context) -> Services:
        """Both services with the settings and the set-up.

        :raises SetupError: the set-up is missing, because its task did not succeed
        """
        return Services(
            harvest=self.harvest_hook.client,
            upsales=self.upsales_hook.client,
            account_id=self.harvest_hook.account_id,
            settings=self.read_settings(),
            setup=self._read_setup(context),
        )

    def has_setup(self, context: Context) -> bool:
        """Whether the set-up was checked."""
        return isinstance(self._found_setup(context), Mapping)

    def _found_setup(self, context: Context) -> object:
        return self.setup if self.setup is not None else context["ti"].xcom_pull(task_ids=self.setup_task_id)

    def _read_setup(self, context: Context) -> Setup:
        if not self.has_setup(context):
            msg = (
                "There is no checked set-up: pass the output of CheckSetupOperator as setup, or see that the task "
                f"{self.setup_task_id} succeeded."
            )
            raise SetupError(msg)
        return msgspec.convert(self._found_setup(context), Setup, strict=False)


def to_xcom(value: Any) -> Any:
    """Plain JSON values for XCom; a ``Decimal`` becomes text, so that no digit is lost.

    By way of JSON, for Airflow wraps a tuple in its own notation, which then stands in the UI and the REST API.
    """
    return msgspec.json.decode(msgspec.json.encode(value))


def truth(value: bool | str | None) -> bool:
    """A flag that may have come out of a template."""
    if isinstance(value, str):
        return value.strip().casefold() in {"true", "1", "yes"}
    return bool(value)

"""What all operators share: both hooks, the settings, what the set-up check found."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec
from airflow.sdk import BaseOperator, Variable
from airflow.sdk.definitions.context import Context

from harvest_upsales.domain.xcom_keys import FAILURE_KEY
from harvest_upsales.errors import HarvestUpsalesError, ParamsError, SetupError
from harvest_upsales.flows.services import Services, Setup
from harvest_upsales.operators.lineage import datasets, operator_lineage
from harvest_upsales.operators.link_buttons import Places
from harvest_upsales.operators.retry_policy import RecoveryRetryPolicy
from harvest_upsales.operators.staging import leave_count, take_over_count
from harvest_upsales.settings import SETTINGS_VARIABLE, Settings, parse_settings

if TYPE_CHECKING:
    from harvest_upsales.hooks.harvest_hook import HarvestHook
    from harvest_upsales.hooks.upsales_hook import UpsalesHook

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
    :param trial_settings: settings to plan with instead of the Variable's, as JSON text (templated); a run that
        writes refuses them
    """

    template_fields: Sequence[str] = (
        "harvest_conn_id",
        "upsales_conn_id",
        "settings_variable",
        "plan_only",
        "trial_settings",
    )
    ui_color = "#e6f2ef"
    # Datasets of operators/lineage.py. A task that only plans writes none.
    reads: Sequence[str] = ()
    writes: Sequence[str] = ()

    def __init__(
        self,
        *,
        harvest_conn_id: str = "harvest_default",
        upsales_conn_id: str = "upsales_default",
        settings_variable: str = SETTINGS_VARIABLE,
        plan_only: bool | str = False,
        trial_settings: str | None = None,
        **kwargs: Any,
    ) -> None:
        # Airflow hands on what the DAG says here; a value of ours in its place would overrule the DAG.
        said = kwargs.get("default_args") or {}
        for name, value in RETRIES.items():
            if name not in said:
                kwargs.setdefault(name, value)
        super().__init__(**kwargs)
        self.harvest_conn_id = harvest_conn_id
        self.upsales_conn_id = upsales_conn_id
        self.settings_variable = settings_variable
        self.plan_only = plan_only
        self.trial_settings = trial_settings

    @cached_property
    def harvest_hook(self) -> HarvestHook:
        """The hook to Harvest."""
        # Airflow's HTTP hook takes half of all the time that imports take; the DAG file is parsed without it.
        from harvest_upsales.hooks.harvest_hook import HarvestHook

        return HarvestHook(self.harvest_conn_id)

    @cached_property
    def upsales_hook(self) -> UpsalesHook:
        """The hook to Upsales."""
        from harvest_upsales.hooks.upsales_hook import UpsalesHook

        return UpsalesHook(self.upsales_conn_id)

    @property
    def is_dry_run(self) -> bool:
        """Whether nothing may be written."""
        return truth(self.plan_only)

    def read_settings(self) -> Settings:
        """The settings as the Variable has them now, or those that a plan tries.

        :raises SettingsError: names the key to correct
        :raises ParamsError: settings were given to a run that writes
        """
        if self.trial_settings not in (None, "", "None", "null"):
            if not self.is_dry_run:
                msg = "Settings can be given to a dry run only. Save them in the Variable, or set dry_run."
                raise ParamsError(msg)
            return parse_settings(self.trial_settings, variable=self.settings_variable)
        return parse_settings(self.stored_settings(), variable=self.settings_variable)

    def stored_settings(self) -> str | None:
        """The Variable's text, ``None`` where it does not exist."""
        text: str | None = Variable.get(self.settings_variable, default=None)
        return text

    def digest_of(self, settings: Settings) -> str:
        """Tells whether the settings or one of the connections were changed; nothing can be read out of it."""
        connections = f"{self.harvest_hook.fingerprint} {self.upsales_hook.fingerprint}"
        encoded = msgspec.json.encode(settings, order="deterministic")
        return hashlib.sha256(encoded + connections.encode()).hexdigest()

    @contextmanager
    def failure_told(self, context: Context, **about: Any) -> Iterator[None]:
        """Leave the message of a failure in XCom, where reconcile and the page find it.

        :param about: what failed, such as an order's id
        """
        try:
            yield
        except HarvestUpsalesError as error:
            if "ti" in context:
                context["ti"].xcom_push(key=FAILURE_KEY, value={**about, "message": error.message})
            raise

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> Any:
        """What the task read and wrote. The OpenLineage provider asks for it, in the task's process.

        :param task_instance: the one that has ended
        """
        base_urls = {"harvest": self.harvest_hook.service_url, "upsales": self.upsales_hook.service_url}
        account_id = self.harvest_hook.account_id
        return operator_lineage(
            datasets(self.reads, base_urls, account_id),
            datasets(() if self.is_dry_run else self.writes, base_urls, account_id),
        )

    def take_over_counts(self) -> None:
        """Go on counting requests where the task before stopped; before the first request of this one."""
        for hook in (self.harvest_hook, self.upsales_hook):
            take_over_count(hook.client.transport, hook.fingerprint)

    def log_requests(self) -> None:
        """One line per service: what this task asked of it, and how long it waited for it."""
        for hook in (self.__dict__.get("harvest_hook"), self.__dict__.get("upsales_hook")):
            if hook is not None and "client" in hook.__dict__:
                self.log.info("%s", hook.client.transport.stats)
                leave_count(hook.client.transport, hook.fingerprint)


class ServicesOperator(HarvestUpsalesOperator):
    """An operator that works on a checked set-up.

    :param setup: what :class:`CheckSetupOperator` returned; ``None`` takes it from ``setup_task_id`` (templated)
    :param setup_task_id: the task of this run that checked the set-up
    """

    template_fields: Sequence[str] = (*HarvestUpsalesOperator.template_fields, "setup")
    places = Places()

    def __init__(self, *, setup: Any = None, setup_task_id: str = "check_setup", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.setup = setup
        self.setup_task_id = setup_task_id

    def services(self, context: Context, *, as_checked: bool = True) -> Services:
        """Both services with the settings and the set-up.

        :param as_checked: the settings and connections have to be those that were checked, as for all that leads to a
            write: what the check of this run has shown is not true of others
        :raises SetupError: the set-up is missing, because its task did not succeed; or it is another by now
        """
        settings, setup = self.read_settings(), self._read_setup(context)
        # Without a digest it was passed by hand, or by an older release.
        if as_checked and setup.digest and setup.digest != self.digest_of(settings):
            msg = (
                "The settings (or a connection) were changed since check_setup. Nothing was written. Clear check_setup "
                "with all that follows; the next run checks them again by itself."
            )
            raise SetupError(msg)
        self.take_over_counts()
        return Services(
            harvest=self.harvest_hook.client,
            upsales=self.upsales_hook.client,
            account_id=self.harvest_hook.account_id,
            settings=settings,
            setup=setup,
        )

    def show_places(self, context: Context, **ids: int | None) -> None:
        """Say what this task instance works on, for its links.

        :param ids: ``project_id``, ``invoice_id``, ``order_id``
        """
        self.places = Places(self._read_setup(context).web, **ids)

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

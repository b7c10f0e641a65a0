"""``check_setup``."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
from airflow.sdk.definitions.context import Context
from airflow.sdk.exceptions import AirflowSkipException
from msgspec.structs import replace

from harvest_upsales.domain.links import WebAddresses
from harvest_upsales.domain.window import Window
from harvest_upsales.flows.check_setup import check_setup
from harvest_upsales.flows.services import Setup
from harvest_upsales.flows.setup_memory import still_good
from harvest_upsales.operators.base_operator import HarvestUpsalesOperator, to_xcom
from harvest_upsales.operators.run_window import run_type_of, window_of_run


class CheckSetupOperator(HarvestUpsalesOperator):
    """Check settings, rights and custom fields before anything is written; create missing custom fields.

    One run a day, and every run without a data interval, looks closer: at the billing app, ``company_map``, and whether
    Upsales' own Harvest app is still active. So does an account's first run. An hourly run right after one that went
    well takes over what that one checked, for up to a day; ``extract_time`` asks again before anything is written.

    Returns what the other operators take as ``setup``. It writes to Upsales, so run it in the pool of the writers.
    """

    def execute(self, context: Context) -> dict[str, Any]:
        """Check, and return the set-up.

        :raises AirflowSkipException: the run was made by the schedule, and no settings were saved yet
        :raises SettingsError: names the setting to correct
        :raises SetupError: names what to correct in Harvest or Upsales
        """
        if (
            run_type_of(context) == "scheduled"
            and self.stored_settings() is None
            and self._earlier(context) is None
        ):
            # So that a DAG may be switched on, and a plan looked at, before anything can be written. Settings that
            # existed before and are gone are an error: nobody would notice that runs are skipped.
            msg = (
                f"No settings yet (Variable {self.settings_variable}): fill in the form on the page Harvest."
            )
            raise AirflowSkipException(msg)
        window = window_of_run(context)
        with self.failure_told(context):
            setup = self._remembered(context, window) or self._check(
                thorough=window.everything or window.whole_history
            )
        for warning in setup.warnings:
            self.log.warning("%s", warning)
        if setup.remembered:
            self.log.info(
                "The set-up was checked at %s; asked again before anything is written", setup.checked_at
            )
        self.log.info("The set-up is complete: Harvest account %s", self.harvest_hook.account_id)
        self.log_requests()
        returned: dict[str, Any] = to_xcom(setup)
        return returned

    def _check(self, *, thorough: bool) -> Setup:
        began, settings = dt.datetime.now(dt.UTC), self.read_settings()
        self.take_over_counts()
        checked = check_setup(
            self.harvest_hook.client,
            self.upsales_hook.client,
            settings,
            dry_run=self.is_dry_run,
            thorough=thorough,
            web=WebAddresses(self.harvest_hook.web_address, self.upsales_hook.web_address),
        )
        return replace(
            checked, digest=self.digest_of(settings), checked_at=None if self.is_dry_run else began
        )

    def _remembered(self, context: Context, window: Window) -> Setup | None:
        """What the run right before this one took as checked, where this is an hourly run like it."""
        is_hourly = window.updated_since is not None and not window.whole_history
        if not is_hourly or self.is_dry_run or context["ti"].try_number > 1:
            return None
        # After a run that failed, or was left out, everything is checked again.
        if context.get("prev_data_interval_end_success") != context["data_interval_start"]:
            return None
        try:
            setup = msgspec.convert(self._earlier(context), Setup, strict=False)
        except msgspec.ValidationError:
            return None
        return still_good(setup, self.digest_of(self.read_settings()), dt.datetime.now(dt.UTC))

    def _earlier(self, context: Context) -> Any:
        """What this task of the newest run that had one found."""
        return context["ti"].xcom_pull(task_ids=self.task_id, include_prior_dates=True)

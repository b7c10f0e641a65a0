"""``check_setup``."""

from __future__ import annotations

from typing import Any

from airflow.sdk.definitions.context import Context

from harvest_upsales.flows.check_setup import check_setup
from harvest_upsales.operators.base_operator import HarvestUpsalesOperator, to_xcom
from harvest_upsales.operators.extract_time_operator import window_of


class CheckSetupOperator(HarvestUpsalesOperator):
    """Check settings, rights and custom fields before anything is written; create missing custom fields.

    One run a day, and every run without a data interval, looks closer: at the billing app, ``company_map``, and whether
    Upsales' own Harvest app is still active. So does an account's first run.

    Returns what the other operators take as ``setup``. It writes to Upsales, so run it in the pool of the writers.
    """

    def execute(self, context: Context) -> dict[str, Any]:
        """Check, and return the set-up.

        :raises SettingsError: names the setting to mend
        :raises SetupError: names what to mend in Harvest or Upsales
        """
        window = window_of(context, None, None)
        setup = check_setup(
            self.harvest_hook.client,
            self.upsales_hook.client,
            self.read_settings(),
            dry_run=self.only_plans,
            thorough=window.everything or window.whole_history,
        )
        for warning in setup.warnings:
            self.log.warning("%s", warning)
        self.log.info("The set-up is complete: Harvest account %s", self.harvest_hook.account_id)
        self.log_requests()
        returned: dict[str, Any] = to_xcom(setup)
        return returned

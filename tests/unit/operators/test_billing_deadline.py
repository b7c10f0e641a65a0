"""How long the billing app is waited for comes from the setting, as a moment that no restart puts off."""

import datetime as dt

import pytest

from harvest_upsales.domain.billing import AnswerBeforeSave
from harvest_upsales.operators.sync_billing_operator import SyncBillingOperator
from tests.flows.conftest import bench as bench
from tests.flows.run_harness import BILLED, Bench


@pytest.mark.parametrize("minutes", [5, 90])
def test_the_deadline_is_the_setting_s_minutes_from_now(bench: Bench, minutes: int) -> None:
    services = bench.services(**BILLED, billing_timeout_minutes=minutes)
    operator = SyncBillingOperator(task_id="sync", order={"order_id": 7, "won": True})

    trigger = operator._trigger(services, 7, AnswerBeforeSave())

    left = dt.datetime.fromisoformat(trigger.deadline) - services.now()
    assert dt.timedelta(minutes=minutes - 1) < left <= dt.timedelta(minutes=minutes)

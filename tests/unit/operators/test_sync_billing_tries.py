"""When ``sync_billing`` may have the billing app called again: once a person cleared it, not on mere retries."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from harvest_upsales.operators.sync_billing_operator import SyncBillingOperator

pytestmark = pytest.mark.airflow
RETRIES = 2


@pytest.mark.parametrize(
    ("try_number", "max_tries", "since"),
    [
        (1, RETRIES, 0),
        (3, RETRIES, 0),
        (2, 1 + RETRIES, 1),
        (3, 1 + RETRIES, 2),
        (5, 4 + RETRIES, 1),
        (1, 2 + RETRIES, 0),
    ],
    ids=[
        "first",
        "Airflow's second retry",
        "cleared",
        "cleared, then lost",
        "cleared twice",
        "retries lowered meanwhile",
    ],
)
def test_tries_are_counted_from_the_last_clearing(try_number: int, max_tries: int, since: int) -> None:
    operator = SyncBillingOperator(task_id="sync_billing", order={}, retries=RETRIES)
    context = {"ti": SimpleNamespace(try_number=try_number, max_tries=max_tries)}
    assert operator._tries_since_cleared(cast("Any", context)) == since

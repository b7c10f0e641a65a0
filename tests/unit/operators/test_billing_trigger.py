"""The trigger's arguments survive the database, and its events are understood or refused."""

import json
from typing import Any

import pytest

from harvest_upsales.errors import BillingFailedError, BillingSilentError, UnexpectedAnswerError
from harvest_upsales.operators.sync_billing_operator import SyncBillingOperator
from harvest_upsales.triggers.billing_trigger import BillingTrigger

ARGUMENTS: dict[str, Any] = {
    "upsales_conn_id": "upsales_default",
    "order_id": 7,
    "integration_id": 284,
    "reference_alias": "FORTNOX_ID",
    "reference_field": 5,
    "answered_at": "2026-11-22T09:00:00+00:00",
    "deadline": "2026-11-22T10:00:00+00:00",
    "poll_interval_s": 2.0,
}
SETTLED = {"order_id": 7, "won": True, "project": "Fjord: Webb"}


def test_the_trigger_is_made_again_from_plain_json() -> None:
    path, arguments = BillingTrigger(**ARGUMENTS).serialize()
    assert path == "harvest_upsales.triggers.billing_trigger.BillingTrigger"
    assert json.loads(json.dumps(arguments)) == ARGUMENTS
    assert BillingTrigger(**arguments).serialize() == (path, arguments)


def sync() -> SyncBillingOperator:
    return SyncBillingOperator(task_id="sync", order=SETTLED)


def test_success_is_told() -> None:
    told = sync().resume({}, {"state": "done", "detail": "document 4711"})
    assert told == {"order_id": 7, "project": "Fjord: Webb", "billing": "document 4711"}


def test_a_refusal_carries_the_apps_words() -> None:
    with pytest.raises(BillingFailedError, match=r"Fjord: Webb, order 7.*Customer number is missing"):
        sync().resume({}, {"state": "failed", "detail": "Customer number is missing"})


def test_silence_says_what_to_do() -> None:
    with pytest.raises(BillingSilentError, match=r"did not answer in time.*triggers nothing"):
        sync().resume({}, {"state": "waiting", "detail": ""})


@pytest.mark.parametrize("event", [None, {}, {"status": "done"}, {"state": "perhaps"}, {"state": "error"}])
def test_an_unknown_event_fails_loudly(event: dict[str, Any] | None) -> None:
    with pytest.raises(UnexpectedAnswerError):
        sync().resume({}, event)

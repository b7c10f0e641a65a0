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
SETTLED = {
    "order_id": 7,
    "won": True,
    "project": "Fjord: Webb",
    "key": "1:9:2026-11",
    "invoice_id": 8,
    "invoice_number": "1001",
    "hours": "2.5",
    "amount": "3250",
    "currency": "SEK",
    "covered": {"entry_ids": [636708574, 636708575]},
}
SETUP = {
    "key_field": 1,
    "invoice_field": 2,
    "billing_field": 3,
    "stage_probability": "90",
    "web": {"harvest": "https://nordlys.example", "upsales": "https://crm.example"},
}


def test_the_trigger_is_made_again_from_plain_json() -> None:
    path, arguments = BillingTrigger(**ARGUMENTS).serialize()
    assert path == "harvest_upsales.triggers.billing_trigger.BillingTrigger"
    assert json.loads(json.dumps(arguments)) == ARGUMENTS
    assert BillingTrigger(**arguments).serialize() == (path, arguments)


def sync() -> SyncBillingOperator:
    return SyncBillingOperator(task_id="sync", order=SETTLED, setup=SETUP)


def test_success_is_told() -> None:
    event = {
        "state": "done",
        "detail": "document 4711",
        "billing_app": 284,
        "document": "4711",
        "answered_at": "2026-11-22T09:30:00+00:00",
    }
    assert sync().resume({}, event) == {
        "order_id": 7,
        "project": "Fjord: Webb",
        "key": "1:9:2026-11",
        "invoice_id": 8,
        "invoice_number": "1001",
        "billing_app": 284,
        "document": "4711",
        "status": "done",
        "billing": "document 4711",
        "answered_at": "2026-11-22T09:30:00Z",
        "entries": 2,
        "hours": "2.5",
        "amount": "3250",
        "currency": "SEK",
    }


def test_its_links_are_there_after_the_wait() -> None:
    waited = sync()
    waited.resume({}, {"state": "done", "detail": "document 4711"})

    assert {link.name: link.get_link(waited, ti_key=None) for link in waited.operator_extra_links} == {
        "Harvest project": "https://nordlys.example/projects/9",
        "Harvest invoice": "https://nordlys.example/invoices/8",
        "Upsales order": "https://crm.example/#/orders/7",
    }


def test_without_a_place_there_is_no_link() -> None:
    for link in sync().operator_extra_links:
        assert link.get_link(sync(), ti_key=None) == ""


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

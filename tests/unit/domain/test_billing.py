"""Has the billing app taken the order?"""

import datetime as dt
from typing import Any

import pytest
from msgspec.structs import replace

from harvest_upsales.domain.billing import (
    AnswerBeforeSave,
    Billing,
    BillingApp,
    BillingState,
    billing_since,
    has_taken,
    may_have_taken,
    read_before_save,
)
from harvest_upsales.records.upsales_records import Order
from tests.unit.domain.builders import APP, FIELDS, order, settings

BY_STATUS = BillingApp(APP)
BY_FIELD = BillingApp(APP, "FORTNOX_ID", 13)
WON_AT = "2026-11-20T09:00:00.000Z"


def answer(
    at: str | None = "2026-11-20T09:00:30.000Z", status: int | None = 1, **changes: Any
) -> dict[str, Any]:
    known = {"integrationId": APP, "callbackDate": at, "callbackStatus": status, "callbackMessage": '""'}
    return known | changes


def won(*answers: dict[str, Any], modified: str | None = WON_AT, **changes: Any) -> Order:
    known: dict[str, Any] = {"probability": 100, "closeDate": "2026-11-20", "modDate": modified}
    return order(**(known | {"lastIntegrationStatus": list(answers)} | changes))


def test_the_app_is_named_by_the_settings() -> None:
    wanted = settings(billing_integration_id=APP, billing_reference_field="FORTNOX_ID")

    assert BillingApp.of(wanted, FIELDS) == BY_FIELD


def test_without_an_app_there_is_nothing_to_wait_for() -> None:
    none = BillingApp(None)

    assert has_taken(won(answer()), none) is False
    assert billing_since(won(answer()), none, AnswerBeforeSave()).state is BillingState.OFF


@pytest.mark.parametrize(
    "answers", [(), (answer(status=2),), (answer(integrationId=19),), (answer(at=None),)]
)
def test_an_order_without_a_success_of_the_app_is_not_taken(answers: tuple[dict[str, Any], ...]) -> None:
    assert has_taken(won(*answers), BY_STATUS) is False


def test_no_statuses_at_all_are_no_answer() -> None:
    given = won(lastIntegrationStatus=None)

    assert has_taken(given, BY_STATUS) is False
    assert billing_since(given, BY_STATUS, AnswerBeforeSave()).state is BillingState.WAITING


def test_only_a_won_order_can_be_taken() -> None:
    assert has_taken(won(answer(), probability=90), BY_STATUS) is False
    assert has_taken(won(reference="F-1", probability=90), BY_FIELD) is False


@pytest.mark.parametrize(
    ("answered", "taken"),
    [
        ("2026-11-20T09:00:30.000Z", True),
        ("2026-11-20T12:00:00.000Z", True),
        # The recorded answer's clock was an hour behind; in summer it would be two.
        ("2026-11-20T08:00:01.000Z", True),
        ("2026-11-20T07:00:01.000Z", True),
        ("2026-11-20T08:05:00.000Z", True),
        # Between the clocks: an answer to an earlier save.
        ("2026-11-20T08:30:00.000Z", False),
        ("2026-11-20T06:30:00.000Z", False),
        ("2026-11-19T09:00:00.000Z", False),
        ("2026-11-20T09:00:30.000", True),
        ("2026-11-20T08:30:00.000", False),
    ],
)
def test_a_success_counts_only_where_it_answers_the_order_as_it_stands(answered: str, taken: bool) -> None:
    assert has_taken(won(answer(answered)), BY_STATUS) is taken


def test_the_newest_answer_of_the_app_decides() -> None:
    success, failure = answer(), answer("2026-11-20T09:05:00.000Z", 2)

    assert has_taken(won(failure, success), BY_STATUS) is False
    assert has_taken(won(answer(None), success), BY_STATUS) is True
    assert has_taken(won(answer("2026-11-20T09:05:00.000", 2), success), BY_STATUS) is False


def test_with_a_reference_field_the_field_alone_decides() -> None:
    assert has_taken(won(reference="F-1"), BY_FIELD) is True
    assert has_taken(won(answer()), BY_FIELD) is False
    assert has_taken(won(answer(), reference="  "), BY_FIELD) is False
    assert billing_since(won(reference="F-1"), BY_FIELD, AnswerBeforeSave()) == Billing(
        BillingState.DONE, "document F-1", document="F-1"
    )


def test_a_success_without_the_document_number_is_still_waited_for() -> None:
    now = billing_since(won(answer()), BY_FIELD, AnswerBeforeSave())

    assert now.state is BillingState.WAITING
    assert "FORTNOX_ID is still empty" in now.detail


def test_what_was_taken_before_is_done_and_not_waited_for() -> None:
    before = read_before_save(won(answer()), BY_STATUS)

    assert before.synced
    saved_since = won(answer(), modified="2026-11-22T12:00:00.000Z")
    assert billing_since(saved_since, BY_STATUS, before).state is BillingState.DONE


@pytest.mark.parametrize("status", [1, 2])
def test_an_answer_from_before_our_save_is_none_to_it(status: int) -> None:
    old = answer("2026-11-20T08:30:00.000Z", status)
    before = read_before_save(won(old), BY_STATUS)
    assert before == AnswerBeforeSave(False, dt.datetime(2026, 11, 20, 8, 30, tzinfo=dt.UTC))

    assert billing_since(won(old), BY_STATUS, before).state is BillingState.WAITING


def test_an_answer_since_our_save_decides() -> None:
    before = read_before_save(won(answer("2026-11-20T08:30:00.000Z", 2)), BY_STATUS)

    assert (
        billing_since(won(answer("2026-11-20T09:10:00.000Z")), BY_STATUS, before).state is BillingState.DONE
    )
    refused = answer("2026-11-20T09:10:00.000Z", 2, callbackMessage='"Kund\\nsaknas"')
    assert in_words(billing_since(won(refused), BY_STATUS, before)) == (BillingState.FAILED, "Kund saknas")


@pytest.mark.parametrize("status", [1, 2])
def test_an_answer_from_before_the_day_of_the_win_never_counts(status: int) -> None:
    given = won(answer("2026-11-18T09:00:00.000Z", status))

    assert billing_since(given, BY_STATUS, AnswerBeforeSave()).state is BillingState.WAITING


def test_an_answer_shortly_before_midnight_may_be_of_the_day_of_the_win() -> None:
    given = won(answer("2026-11-19T22:30:00.000Z"))

    assert billing_since(given, BY_STATUS, AnswerBeforeSave()).state is BillingState.DONE


@pytest.mark.parametrize("changes", [{"at": None}, {"status": None}, {"integrationId": 19}])
def test_an_answer_without_date_or_status_or_of_another_app_is_none(changes: dict[str, Any]) -> None:
    assert billing_since(won(answer(**changes)), BY_STATUS, AnswerBeforeSave()).state is BillingState.WAITING


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ('"Kund saknas"', "Kund saknas"),
        ("Kund saknas", "Kund saknas"),
        ('{"code": 1}', '{"code": 1}'),
        ('""', "status 2 without a message"),
        ("", "status 2 without a message"),
        (None, "status 2 without a message"),
        ('"a\\n\\tb"', "a b"),
        ("x" * 900, "x" * 500),
        ("[" * 100_000, "[" * 500),
    ],
)
def test_a_failure_comes_with_the_app_s_own_words(message: str | None, words: str) -> None:
    given = won(answer(status=2, callbackMessage=message))

    assert in_words(billing_since(given, BY_STATUS, AnswerBeforeSave())) == (BillingState.FAILED, words)


def test_a_failure_behind_a_success_does_not_undo_it() -> None:
    """Where Upsales keeps more than an app's last answer."""
    success, refusal = won(answer("2026-11-20T09:10:00.000Z")), won(answer("2026-11-20T09:12:00.000Z", 2))
    both = replace(success, statuses=[*(success.statuses or []), *(refusal.statuses or [])])

    assert billing_since(both, BY_STATUS, AnswerBeforeSave()).state is BillingState.DONE
    assert may_have_taken(both, BY_STATUS)


def in_words(billing: Billing) -> tuple[BillingState, str]:
    """The state and what is said of it."""
    return billing.state, billing.detail

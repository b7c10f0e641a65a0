"""Which failures Airflow tries again."""

from datetime import timedelta

import pytest
from airflow.sdk import RetryAction

from harvest_upsales.errors import (
    AnswerLostError,
    AuthenticationError,
    HarvestUpsalesError,
    PartialFailureError,
    PermissionDeniedError,
    ProjectError,
    RateLimitedError,
    Recovery,
    ServiceUnavailableError,
    SettingsError,
    SettlementHeldError,
)
from harvest_upsales.operators.retry_policy import RecoveryRetryPolicy

CALL = {"service": "Upsales", "call": "GET /orders"}


def decide(error: BaseException) -> tuple[RetryAction, timedelta | None]:
    decision = RecoveryRetryPolicy().evaluate(error, try_number=1, max_tries=3)
    return decision.action, decision.retry_delay


@pytest.mark.parametrize(
    "error",
    [
        SettingsError("the key default_stage_id"),
        AuthenticationError("401", **CALL),
        PermissionDeniedError("403", **CALL),
        ProjectError("no company"),
        SettlementHeldError("a timer runs"),
    ],
)
def test_what_a_person_has_to_mend_fails_at_once(error: HarvestUpsalesError) -> None:
    assert decide(error) == (RetryAction.FAIL, None)


def test_what_passes_is_tried_again_after_the_tasks_own_delay() -> None:
    assert decide(ServiceUnavailableError("503", **CALL)) == (RetryAction.RETRY, None)


def test_a_limit_is_waited_out_as_long_as_the_service_asks() -> None:
    error = RateLimitedError("429", **CALL, retry_after_s=90.0)
    assert decide(error) == (RetryAction.RETRY, timedelta(seconds=90))


def test_a_lost_write_is_looked_up_by_the_next_try() -> None:
    action, delay = decide(AnswerLostError("cut", **CALL))
    assert action is RetryAction.RETRY
    assert delay is not None


def test_errors_of_others_follow_the_tasks_own_rules() -> None:
    assert decide(KeyError("x")) == (RetryAction.DEFAULT, None)


def test_one_failure_that_may_pass_is_worth_another_try_of_the_batch() -> None:
    failures = [ProjectError("no company"), ServiceUnavailableError("503", **CALL)]
    assert PartialFailureError(3, failures).recovery is Recovery.WAIT_AND_RETRY
    assert decide(PartialFailureError(3, failures))[0] is RetryAction.RETRY
    assert decide(PartialFailureError(3, failures[:1]))[0] is RetryAction.FAIL


def test_a_partial_failure_names_each_one() -> None:
    error = PartialFailureError(
        3, [ProjectError("Project 1: no rate"), ProjectError("Project 2: no company")]
    )
    assert "2 failed, 3 done" in str(error)
    assert "Project 1: no rate" in str(error)
    assert "Project 2: no company" in str(error)

"""Which failures Airflow tries again, and when: each error's own recovery decides."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import RetryDecision, RetryPolicy
from airflow.sdk.definitions.context import Context

from harvest_upsales.errors import HarvestUpsalesError, RateLimitedError, Recovery

_LOOK_UP_DELAY = timedelta(minutes=1)


class RecoveryRetryPolicy(RetryPolicy):
    """Fails at once where a person has to act; waits where the service or the network is at fault.

    Errors that are not of this package follow the task's own ``retries`` and ``retry_delay``.
    """

    def evaluate(
        self, exception: BaseException, try_number: int, max_tries: int, context: Context | None = None
    ) -> RetryDecision:
        """Decide by the error's recovery."""
        if not isinstance(exception, HarvestUpsalesError):
            return RetryDecision.default()
        match exception.recovery:
            case Recovery.WAIT_AND_RETRY:
                return RetryDecision.retry(delay=_asked_for(exception), reason="the service may recover")
            case Recovery.LOOK_UP_FIRST:
                return RetryDecision.retry(
                    delay=_LOOK_UP_DELAY, reason="the next try first looks up what the lost write did"
                )
            case _:
                return RetryDecision.fail(reason="a person has to correct what the message says")

    def serialize(self) -> dict[str, Any]:
        """Nothing to keep: the policy has no options."""
        return {}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> RecoveryRetryPolicy:
        """The policy again."""
        return cls()


def _asked_for(error: HarvestUpsalesError) -> timedelta | None:
    """What the service asked to wait, else ``None``: the task's own delay."""
    if isinstance(error, RateLimitedError) and error.retry_after_s is not None:
        return timedelta(seconds=error.retry_after_s)
    return None

"""The retry rules in tenacity's terms, for the blocking and the asynchronous client alike.

A try returns its result or a ``Failure``; a call that is given up returns its last ``Failure``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, cast

import tenacity

from harvest_upsales.api.call_errors import Call
from harvest_upsales.api.retry_rules import MAX_TRIES, Failure, gives_up, should_retry, wait_s


def retry_plan(
    call: Call, rng: Callable[[], float], before_sleep: Callable[[tenacity.RetryCallState], None]
) -> dict[str, Any]:
    """Arguments of ``tenacity.Retrying`` or ``AsyncRetrying`` for one call.

    :param call: the first argument of every try
    :param rng: random number from 0 to 1, for jitter
    :param before_sleep: told of every try that failed and will be repeated
    """

    def failure(state: tenacity.RetryCallState) -> Failure:
        return cast(Failure, cast(tenacity.Future, state.outcome).result())

    def pause_s(state: tenacity.RetryCallState) -> float:
        return wait_s(state.attempt_number, failure(state).retry_after_s, rng)

    return {
        "retry": tenacity.retry_if_result(
            lambda outcome: isinstance(outcome, Failure) and should_retry(outcome, is_write=call.is_write)
        ),
        "wait": pause_s,
        "stop": lambda state: gives_up(state.attempt_number, state.idle_for, state.upcoming_sleep),
        "before_sleep": before_sleep,
        "retry_error_callback": failure,
    }


def report_retry(log: logging.Logger, service: str, state: tenacity.RetryCallState) -> None:
    """One line about a request that is sent again."""
    call, failure = cast(Call, state.args[0]), cast(Failure, cast(tenacity.Future, state.outcome).result())
    log.warning(
        "%s %s: %s%s%s; try %d of %d in %.1f s",
        service,
        call,
        failure.kind,
        f" ({failure.status})" if failure.status else "",
        f" (request {failure.request_id})" if failure.request_id else "",
        state.attempt_number + 1,
        MAX_TRIES,
        state.upcoming_sleep,
    )

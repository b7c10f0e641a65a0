"""A write whose answer was lost: look for its effect, wait for it, and never send it again on a guess."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from harvest_upsales.errors import AnswerLostError

Written = TypeVar("Written")

# The service is done with the request; a list may lag behind by seconds.
DONE_WAITS_S = (1.0, 4.0)
# The service may still be working on the request, which nothing can cancel: the looks reach beyond the minute that
# common gateways and the connection's own time-out give a request. All that time the one slot for writes stays taken,
# so that no other task sends the same write meanwhile; the next try comes a minute later and looks first.
UNDER_WAY_WAITS_S = (1.0, 4.0, 10.0, 20.0, 30.0)
# With this status the service itself says that it failed. Any other answer may hide that it did what was asked, or come
# from a gateway before it.
_FAILED_STATUS = 500


def write_once(
    send: Callable[[], Written],
    look_up: Callable[[], Written | None],
    sleep: Callable[[float], None] = time.sleep,
) -> Written:
    """Send a write; where its answer is lost, look whether it took effect before anything else.

    It is sent a second time only where the service itself said that it failed, and nothing shows that it did not.

    :param send: sends the write, once
    :param look_up: finds what the write would have made, by its key
    :param sleep: waits before each look
    :raises AnswerLostError: it can't be found and may still be under way, or it failed twice; the next try looks first
    """
    try:
        return send()
    except AnswerLostError as lost:
        found = _found(look_up, lost, sleep)
        if found is not None:
            return found
        if lost.may_still_arrive or lost.status != _FAILED_STATUS:
            raise
    try:
        return send()
    except AnswerLostError as lost:
        found = _found(look_up, lost, sleep)
        if found is None:
            raise
        return found


def _found(
    look_up: Callable[[], Written | None], lost: AnswerLostError, sleep: Callable[[float], None]
) -> Written | None:
    for wait_s in UNDER_WAY_WAITS_S if lost.may_still_arrive else DONE_WAITS_S:
        sleep(wait_s)
        found = look_up()
        if found is not None:
            return found
    return None

"""Every error of the package, each with the recovery that fits it.

The recovery is what the tasks' retry policy acts on. One project's failure is set aside until the others are done,
unless it is one of ``CONCERN_EVERY_PROJECT``. Messages say what happened, to which project or
order, and what to do next; they never hold a token, a response body or a person's name.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Recovery(StrEnum):
    """What to do about an error."""

    FAIL_NOW = "fail now"
    """A person has to correct something; trying again changes nothing."""
    WAIT_AND_RETRY = "wait and retry"
    """The service or the network is at fault; the same call may go through later."""
    LOOK_UP_FIRST = "look up before retrying"
    """A write may or may not have taken effect; ask the service before sending it again."""
    REPORT = "skip and report"
    """Only this project or order is concerned; the others go on."""


class HarvestUpsalesError(Exception):
    """Root of all errors of this package.

    :param message: what happened, to what, and what to do next
    """

    recovery = Recovery.FAIL_NOW

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class SettingsError(HarvestUpsalesError, ValueError):
    """A setting is unknown, missing, of the wrong type, or names something that Upsales does not have."""


class SetupError(HarvestUpsalesError):
    """A connection or an account is not ready for the integration (rights, invoicing, custom fields)."""


class ParamsError(HarvestUpsalesError, ValueError):
    """A parameter of a run is not a day or not a list of ids, or the window ends before it begins."""


class RunFailedError(HarvestUpsalesError):
    """Tasks of the run failed, or the two services differ: the run is not green, whatever its last task did."""


# --- answers of the two services -----------------------------------------------------------------------------


class ApiError(HarvestUpsalesError):
    """A service did not do what was asked.

    :param message: names the service, the call and what to do next
    :param service: ``Harvest`` or ``Upsales``
    :param call: method and path without query, for example ``GET /time_entries``
    :param status: HTTP status, ``None`` where no answer came
    :param request_id: the service's own id of the request, where it sent one
    """

    def __init__(
        self,
        message: str,
        *,
        service: str,
        call: str,
        status: int | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.service = service
        self.call = call
        self.status = status
        self.request_id = request_id


class AuthenticationError(ApiError, PermissionError):
    """401: the token, key or account id is wrong. Correct the connection."""


class PermissionDeniedError(ApiError, PermissionError):
    """403: the token's owner lacks a right, or the account lacks a feature."""


CONCERN_EVERY_PROJECT = (SettingsError, SetupError, AuthenticationError, PermissionDeniedError)
"""With one of these, no other project can go well either."""


class NotFoundError(ApiError, LookupError):
    """404: the record is gone, or the base URL is wrong."""

    recovery = Recovery.REPORT


class RejectedError(ApiError, ValueError):
    """Another 4xx: the service refuses this request as it stands."""

    recovery = Recovery.REPORT


class RateLimitedError(ApiError):
    """429 for longer than the transport was willing to wait.

    :param retry_after_s: seconds the service asked to wait, where it said so
    """

    recovery = Recovery.WAIT_AND_RETRY

    def __init__(
        self,
        message: str,
        *,
        service: str,
        call: str,
        retry_after_s: float | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, service=service, call=call, status=429, request_id=request_id)
        self.retry_after_s = retry_after_s


class ServiceUnavailableError(ApiError, ConnectionError):
    """5xx, a time-out, a cut connection or a broken answer to a read, also after the transport's own tries."""

    recovery = Recovery.WAIT_AND_RETRY


class AnswerLostError(ApiError, ConnectionError):
    """A write was sent and no usable answer came: it may have taken effect.

    :param may_still_arrive: the service itself did not answer, so it may still be working on the request
    """

    recovery = Recovery.LOOK_UP_FIRST

    def __init__(
        self,
        message: str,
        *,
        service: str,
        call: str,
        status: int | None = None,
        request_id: str | None = None,
        may_still_arrive: bool = False,
    ) -> None:
        super().__init__(message, service=service, call=call, status=status, request_id=request_id)
        self.may_still_arrive = may_still_arrive


class UnexpectedAnswerError(ApiError, ValueError):
    """The service answered in a shape this package does not know; the answer was not used."""


class IncompleteListError(UnexpectedAnswerError):
    """A list changed each time that it was read, or its pages don't lead to its end. A later try may succeed."""

    recovery = Recovery.WAIT_AND_RETRY


# --- one project or one order --------------------------------------------------------------------------------


class ProjectError(HarvestUpsalesError):
    """One project can't be synced; the others go on. The message names the project and what to correct."""

    recovery = Recovery.REPORT


class SettlementHeldError(HarvestUpsalesError):
    """A won order must wait for a person. The next run, or a retry, takes it up again."""

    recovery = Recovery.REPORT


class BillingFailedError(HarvestUpsalesError):
    """The billing app refused the order; the message carries the app's own words."""

    recovery = Recovery.REPORT


class BillingSilentError(HarvestUpsalesError, TimeoutError):
    """The billing app did not answer in time. A retry waits again and triggers nothing."""

    recovery = Recovery.REPORT


class BillingBusyError(HarvestUpsalesError, TimeoutError):
    """The billing app may still be busy with the person's move. Nothing was written; a later try goes on."""

    recovery = Recovery.WAIT_AND_RETRY


class PartialFailureError(HarvestUpsalesError):
    """Some projects of a task failed after all others were done.

    :param done: how many went well
    :param failures: the errors, one a project
    """

    def __init__(self, done: int, failures: Iterable[HarvestUpsalesError]) -> None:
        self.failures = tuple(failures)
        lines = "\n".join(f"  - {failure.message}" for failure in self.failures)
        super().__init__(f"{len(self.failures)} failed, {done} done. A retry takes up what is left:\n{lines}")
        self.recovery = most_retryable(failure.recovery for failure in self.failures)


_MOST_RETRYABLE_FIRST = (Recovery.WAIT_AND_RETRY, Recovery.LOOK_UP_FIRST, Recovery.REPORT, Recovery.FAIL_NOW)


def most_retryable(recoveries: Iterable[Recovery]) -> Recovery:
    """The recovery of a task with several failures: retry as long as one of them may go away by itself."""
    return min(recoveries, key=_MOST_RETRYABLE_FIRST.index)

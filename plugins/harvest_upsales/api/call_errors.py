"""From a failed request to the error that callers act on, in words that say what to do next."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import msgspec

from harvest_upsales import errors
from harvest_upsales.api.retry_rules import EFFECT_UNKNOWN, Failure, Kind
from harvest_upsales.records.bounds import one_line

T = TypeVar("T")
LONGEST_DETAIL = 200
GATEWAY_FAILURES = frozenset({408, 502, 503, 504, 520, 521, 522, 523, 524})
"""A gateway, not the service, may have given up; the service behind it may still be working on the request.

Also 503: some gateways answer it when the service behind them is slow, and it looks the same as the service's own.
"""

_NEXT_STEP = {
    Kind.UNAUTHORIZED: "Check the token in the {connection} connection.",
    Kind.FORBIDDEN: "The token's owner needs administrator rights, and the account needs this feature.",
    Kind.REDIRECTED: "Check the base URL in the {connection} connection: {base_url}.",
    Kind.MISSHAPEN: "The answer was not used. Check the base URL {base_url}; if it is right, report a bug.",
    Kind.CERTIFICATE_INVALID: "Check the base URL {base_url}, or set the {connection} connection's extra 'verify'.",
    Kind.NOT_CONNECTED: "Check the network, the proxy and the base URL {base_url} if this lasts.",
}


_REQUEST_ID = re.compile(r"[A-Za-z0-9._:=/+-]{1,100}")


@dataclass(frozen=True)
class Call:
    """What was asked of whom, for messages: never a query, a body or a token.

    :param service: ``Harvest`` or ``Upsales``
    :param method: HTTP method
    :param path: below the base URL, without query
    :param base_url: of the connection
    """

    service: str
    method: str
    path: str
    base_url: str

    @property
    def is_write(self) -> bool:
        """Whether it changes something."""
        return self.method != "GET"

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def error_of(failure: Failure, call: Call) -> errors.HarvestUpsalesError:
    """The error that a failed call ends in.

    :param failure: how its last try failed
    :param call: what was asked
    """
    if call.is_write and failure.kind in EFFECT_UNKNOWN:
        return errors.AnswerLostError(
            _message(failure, call, "It may have taken effect: look it up before sending it again."),
            service=call.service,
            call=str(call),
            status=failure.status,
            request_id=failure.request_id,
            may_still_arrive=failure.status is None or failure.status in GATEWAY_FAILURES,
        )
    if failure.kind is Kind.RATE_LIMITED:
        wait = "" if failure.retry_after_s is None else f" It asks to wait {failure.retry_after_s:.0f} s."
        message = _message(failure, call, f"Too many requests for now.{wait} A later retry goes through.")
        return errors.RateLimitedError(
            message,
            service=call.service,
            call=str(call),
            retry_after_s=failure.retry_after_s,
            request_id=failure.request_id,
        )
    if failure.kind is Kind.CERTIFICATE_INVALID:
        return errors.SetupError(_message(failure, call, _next_step(failure, call)))
    return _ERROR_OF_KIND.get(failure.kind, errors.ServiceUnavailableError)(
        _message(failure, call, _next_step(failure, call)),
        service=call.service,
        call=str(call),
        status=failure.status,
        request_id=failure.request_id,
    )


_ERROR_OF_KIND: dict[Kind, type[errors.ApiError]] = {
    Kind.UNAUTHORIZED: errors.AuthenticationError,
    Kind.FORBIDDEN: errors.PermissionDeniedError,
    Kind.NOT_FOUND: errors.NotFoundError,
    Kind.REJECTED: errors.RejectedError,
    Kind.REDIRECTED: errors.UnexpectedAnswerError,
    Kind.MISSHAPEN: errors.UnexpectedAnswerError,
}


def _next_step(failure: Failure, call: Call) -> str:
    if failure.kind is Kind.NOT_FOUND:
        return (
            f"The record is gone, or the base URL {call.base_url} in the {call.service} connection is wrong."
        )
    if failure.kind is Kind.REJECTED:
        return "Correct what it names, then retry."
    step = _NEXT_STEP.get(failure.kind, "A later retry may go through.")
    return step.format(connection=call.service, base_url=call.base_url)


def _message(failure: Failure, call: Call, next_step: str) -> str:
    status = "" if failure.status is None else f" ({failure.status})"
    detail = f": {failure.detail}" if failure.detail else ""
    request = f" (request {failure.request_id})" if failure.request_id else ""
    return f"{call.service} {call}{status}: {failure.kind}{detail}{request}. {next_step}"


# --- the service's own words ------------------------------------------------------------------------------


def with_request_id(outcome: T | Failure, headers: Mapping[str, str], secrets: Iterable[str]) -> T | Failure:
    """A failure with the service's own id of the request, by which its support finds it; anything else as it is.

    A header is text that a service chose: what does not look like an id is left out.

    :param headers: of the answer
    :param secrets: an id that holds one of them is left out, too
    """
    if isinstance(outcome, Failure):
        request_id = scrub(headers.get("X-Request-Id", ""), secrets)
        return replace(outcome, request_id=request_id if _REQUEST_ID.fullmatch(request_id) else None)
    return outcome


class _UpsalesWords(msgspec.Struct):
    key: str | None = None
    msg: Any = None
    error_code: Any = msgspec.field(name="errorCode", default=None)


class _Words(msgspec.Struct):
    message: Any = None
    error: _UpsalesWords | str | None = None
    error_description: Any = None


def service_words(body: bytes, secrets: Iterable[str]) -> str:
    """The short text with which a service explains a refusal: Harvest's ``message``, Upsales' ``error``.

    Sources: Harvest's 422 ``{"message": ..}`` and 401 ``{"error", "error_description"}``; Upsales'
    ``{"error": {"key", "msg", "errorCode"}}``.

    :param body: of the refusal
    :param secrets: removed, should the service repeat them
    :return: at most 200 characters on one line; empty where the body says nothing in those places
    """
    try:
        words = msgspec.json.decode(body, type=_Words)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    parts: list[Any] = [words.message]
    if isinstance(words.error, _UpsalesWords):
        parts += [words.error.key, words.error.msg, words.error.error_code]
    else:
        parts += [words.error, words.error_description]
    text = " ".join(one_line(str(part)) for part in parts if isinstance(part, str | int) and part != "")
    return scrub(text, secrets)[:LONGEST_DETAIL]


def scrub(text: str, secrets: Iterable[str]) -> str:
    """``text`` without any of the secrets."""
    for secret in secrets:
        text = text.replace(secret, "***") if secret else text
    return text


def shape_words(error: msgspec.ValidationError) -> str:
    """What a decoder expected and where, without the value found there, which msgspec quotes."""
    return re.sub(r"""(['"]).*\1""", "a value", str(error), flags=re.DOTALL)[:LONGEST_DETAIL]

"""The error of a failed call: its class says what to do, its text leaks nothing."""

import msgspec
import pytest

from harvest_upsales import errors
from harvest_upsales.api.answers import decoded
from harvest_upsales.api.call_errors import Call, error_of, service_words, shape_words
from harvest_upsales.api.retry_rules import Failure, Kind
from harvest_upsales.records.upsales_records import OrderRow

SECRET = "very-secret-token"
READ = Call("Harvest", "GET", "/time_entries", "https://harvest.example/v2")
WRITE = Call("Upsales", "PUT", "/orders/7", "https://upsales.example/api/v2")


class Named(msgspec.Struct):
    name: str
    kind: msgspec.UnsetType | int = msgspec.UNSET


@pytest.mark.parametrize(
    ("kind", "of_read", "of_write"),
    [
        (Kind.RATE_LIMITED, errors.RateLimitedError, errors.RateLimitedError),
        (Kind.NOT_CONNECTED, errors.ServiceUnavailableError, errors.ServiceUnavailableError),
        (Kind.UNAVAILABLE, errors.ServiceUnavailableError, errors.AnswerLostError),
        (Kind.TIMED_OUT, errors.ServiceUnavailableError, errors.AnswerLostError),
        (Kind.CONNECTION_LOST, errors.ServiceUnavailableError, errors.AnswerLostError),
        (Kind.BROKEN, errors.ServiceUnavailableError, errors.AnswerLostError),
        (Kind.MISSHAPEN, errors.UnexpectedAnswerError, errors.AnswerLostError),
        (Kind.CERTIFICATE_INVALID, errors.SetupError, errors.SetupError),
        (Kind.REDIRECTED, errors.UnexpectedAnswerError, errors.UnexpectedAnswerError),
        (Kind.UNAUTHORIZED, errors.AuthenticationError, errors.AuthenticationError),
        (Kind.FORBIDDEN, errors.PermissionDeniedError, errors.PermissionDeniedError),
        (Kind.NOT_FOUND, errors.NotFoundError, errors.NotFoundError),
        (Kind.REJECTED, errors.RejectedError, errors.RejectedError),
    ],
)
def test_each_kind_ends_in_one_error(kind: Kind, of_read: type, of_write: type) -> None:
    assert type(error_of(Failure(kind), READ)) is of_read
    assert type(error_of(Failure(kind), WRITE)) is of_write


def test_every_kind_of_failure_is_covered() -> None:
    for kind in Kind:
        assert "Harvest GET /time_entries" in error_of(Failure(kind), READ).message


@pytest.mark.parametrize(
    ("failure", "may_still_arrive"),
    [
        (Failure(Kind.TIMED_OUT), True),
        (Failure(Kind.CONNECTION_LOST), True),
        (Failure(Kind.UNAVAILABLE, 504), True),
        (Failure(Kind.UNAVAILABLE, 502), True),
        (Failure(Kind.UNAVAILABLE, 500), False),
        (Failure(Kind.UNAVAILABLE, 503), True),
        (Failure(Kind.BROKEN, 200), False),
        (Failure(Kind.MISSHAPEN, 200), False),
    ],
)
def test_a_write_may_still_arrive_where_the_service_itself_did_not_answer(
    failure: Failure, may_still_arrive: bool
) -> None:
    lost = error_of(failure, WRITE)

    assert isinstance(lost, errors.AnswerLostError)
    assert lost.may_still_arrive is may_still_arrive


def test_a_rate_limit_carries_the_wait_that_was_asked() -> None:
    refused = error_of(Failure(Kind.RATE_LIMITED, 429, retry_after_s=300), READ)

    assert isinstance(refused, errors.RateLimitedError)
    assert refused.retry_after_s == 300


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"message": "Project is archived"}', "Project is archived"),
        (b'{"error": "invalid_token", "error_description": "expired"}', "invalid_token expired"),
        (
            b'{"error": {"key": "FailedValidation", "errorCode": 26, "msg": "No such attribute: id"}}',
            "FailedValidation No such attribute: id 26",
        ),
        (b'{"message": "bad token very-secret-token here"}', "bad token *** here"),
        (b'{"message": "a\\nb\\tc"}', "a b c"),
        (b'{"message": {"name": "Ann"}}', ""),
        (b"Unauthorized", ""),
        (b"<html>Ann</html>", ""),
        (b"", ""),
        (b'{"message": "' + b"x" * 500 + b'"}', "x" * 200),
    ],
)
def test_a_services_own_words_are_short_and_without_secrets(body: bytes, words: str) -> None:
    assert service_words(body, [SECRET]) == words


def test_a_wrong_shape_names_the_field_and_not_its_value() -> None:
    failure = decoded(b'{"name": 12345}', "application/json", 200, Named)

    assert isinstance(failure, Failure)
    assert failure.kind is Kind.MISSHAPEN
    assert "$.name" in failure.detail
    assert "12345" not in failure.detail


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "application/json"),
        (b"{}", "application/json"),
        (b"null", "application/json"),
        (b'{"name": "An', "application/json"),
        (b'{"name": "Ann"} {', "application/json"),
        (b'{"name": "\xff"}', "application/json"),
        (b"<html></html>", ""),
        (b'{"name": "Ann"}', "text/html"),
        # It looks wrong only because the rest is missing.
        (b'{"kind": "x", "na', "application/json"),
    ],
)
def test_a_broken_body_is_told_from_a_wrong_shape(body: bytes, content_type: str) -> None:
    failure = decoded(body, content_type, 200, Named)

    assert isinstance(failure, Failure)
    assert failure.kind is Kind.BROKEN


def test_a_good_body_decodes() -> None:
    assert decoded(b'{"name": "Ann", "more": 1}', "application/json; charset=utf-8", 200, Named) == Named(
        "Ann"
    )


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (rb'"a\ud83d"', "a\ufffd"),
        (rb'"\ude00b"', "\ufffdb"),
        (rb'"\ud83d\ud83d\ude00"', "\ufffd\U0001f600"),
        (rb'"\\ud83d \ud83d"', "\\ud83d \ufffd"),
        (rb'"\ud83d\ude00"', "\U0001f600"),
    ],
)
def test_half_a_character_spoils_no_answer(sent: bytes, read: str) -> None:
    assert decoded(sent, "application/json", 200, str) == read


@pytest.mark.parametrize("text", [b'"NaN"', b'"sNaN"', b'"-Infinity"', b"1e19", b"1e-61", b"1" * 12_000])
def test_a_number_that_nothing_can_be_reckoned_with_is_named_and_not_shown(text: bytes) -> None:
    body = b'{"quantity": %b, "price": 1}' % text
    failure = decoded(body, "application/json", 200, OrderRow)

    assert isinstance(failure, Failure)
    assert failure.kind is Kind.MISSHAPEN
    assert "quantity" in failure.detail
    assert len(failure.detail) < 100


def test_depth_is_a_failure_like_any_other() -> None:
    body = b'{"quantity": 1, "price": 1, "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    failure = decoded(body, "application/json", 200, OrderRow)

    assert isinstance(failure, Failure)


def test_no_value_is_quoted_whatever_quotes_it_holds() -> None:
    problem = msgspec.ValidationError('Invalid enum value "Ann\'s Berg" - at `$.state`')

    assert shape_words(problem) == "Invalid enum value a value - at `$.state`"

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from providers.errors import (
    BadKey,
    BadRequest,
    BadStream,
    Blocked,
    ContextTooLong,
    ModelNotFound,
    NoCredit,
    Overloaded,
    ProviderError,
    RateLimited,
    VendorFailed,
)
from providers.wire import failures

SECRET = "sk-abc123"


def refuse(status: int, body: object, headers: dict[str, str] | None = None) -> ProviderError:
    raw = body if isinstance(body, str) else json.dumps(body)
    return failures.before_stream("Vendor", status, headers or {}, failures.read_report(raw))


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, {"error": {"message": "Incorrect API key", "code": "invalid_api_key"}}, BadKey),
        (400, {"code": "invalid-argument", "error": "Incorrect API key provided: xx."}, BadKey),
        (
            400,
            {"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT",
                       "details": [{"reason": "API_KEY_INVALID"}]}},
            BadKey,
        ),
        (401, {"detail": "Invalid API Key"}, BadKey),
        (403, {"error": {"message": "Forbidden"}}, BadKey),
        (402, {"error": {"message": "Insufficient Balance"}}, NoCredit),
        (429, {"error": {"message": "quota", "code": "insufficient_quota"}}, NoCredit),
        (400, {"type": "error", "error": {"type": "invalid_request_error",
                                          "message": "Your credit balance is too low"}}, NoCredit),
        (429, {"error": {"code": 429, "message": "You exceeded your current quota",
                         "status": "RESOURCE_EXHAUSTED"}}, RateLimited),
        (400, {"error": {"message": "too long", "code": "context_length_exceeded"}}, ContextTooLong),
        (400, {"error": {"type": "invalid_request_error", "message": "prompt is too long"}}, ContextTooLong),
        (400, {"error": {"message": "The input token count (9) exceeds the maximum number of tokens"}},
         ContextTooLong),
        (413, "", ContextTooLong),
        (429, {"error": {"message": "Request too large for gpt-4o", "type": "tokens"}}, ContextTooLong),
        (400, {"error": {"code": "content_filter", "message": "filtered"}}, Blocked),
        (403, {"error": {"code": 403, "message": "Your input was flagged"}}, Blocked),
        (404, {"error": {"message": "model: nope", "type": "not_found_error"}}, ModelNotFound),
        (400, {"error": {"message": "Model Not Exist"}}, ModelNotFound),
        (400, {"object": "error", "message": "Invalid model: nope", "type": "invalid_model"}, ModelNotFound),
        (400, {"error": {"message": "nope is not a valid model ID", "code": 400}}, ModelNotFound),
        (404, "<html>nginx</html>", BadStream),
        (422, {"object": "error", "message": {"detail": [{"loc": ["body", "x"]}]}}, BadRequest),
        (400, "", BadRequest),
        (429, "", RateLimited),
        (500, {"error": "boom"}, Overloaded),
        (529, {"type": "error", "error": {"type": "overloaded_error"}}, Overloaded),
        (503, {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}, Overloaded),
        (500, {"error": {"message": "context window of the model server crashed"}}, Overloaded),
        (408, "", Overloaded),
        (302, "", BadStream),
        (204, "", BadStream),
        (400, [{"error": {"code": 400, "message": "Bad JSON", "status": "INVALID_ARGUMENT"}}], BadRequest),
        (400, "[[[[", BadRequest),
        (400, [], BadRequest),
        (400, {"error": None, "message": 5, "code": [1]}, BadRequest),
    ],
)  # fmt: skip
def test_every_shape_of_refusal_has_its_class(status: int, body: object, kind: type[ProviderError]) -> None:
    assert type(refuse(status, body)) is kind


def test_an_error_never_holds_the_vendors_text() -> None:
    error = refuse(401, {"error": {"message": f"Incorrect API key provided: {SECRET}"}})
    assert SECRET not in repr(error) + str(error.params) + str(error.__dict__)


def test_a_deeply_nested_body_is_survived() -> None:
    assert type(refuse(400, '{"error":' * 900 + "1" + "}" * 900)) is BadRequest
    assert type(refuse(400, "[" * 60_000)) is BadRequest


@pytest.mark.parametrize(
    ("headers", "body", "delay_s"),
    [
        ({"retry-after-ms": "1964", "retry-after": "2"}, {}, 1.964),
        ({"retry-after": "0.5"}, {}, 0.5),
        ({"retry-after": "soon"}, {}, None),
        ({"retry-after": "nan"}, {}, None),
        ({"retry-after": "-1"}, {}, None),
        ({}, {"error": {"details": [{"@type": "RetryInfo", "retryDelay": "19.5s"}]}}, 19.5),
        ({}, {"error": {"message": "Please try again in 1.9s."}}, 1.9),
        ({}, {"error": {"message": "Please try again in 120ms."}}, 0.12),
        ({}, {"error": {"message": "slow down"}}, None),
    ],
)
def test_the_most_exact_delay_is_taken(headers: dict[str, str], body: Any, delay_s: float | None) -> None:
    assert refuse(429, body, headers).retry_after_s == delay_s


def test_a_date_is_a_delay_too() -> None:
    then = datetime.now(UTC) + timedelta(hours=1)
    delay_s = refuse(429, {}, {"retry-after": format_datetime(then, usegmt=True)}).retry_after_s
    assert delay_s is not None
    assert 3000 < delay_s <= 3600
    assert refuse(429, {}, {"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}).retry_after_s == 0


@pytest.mark.parametrize(
    ("status", "advice", "expected"),
    [(503, "", True), (503, "false", False), (400, "true", True), (400, "", False), (409, "", True)],
)
def test_the_vendors_advice_on_retrying_wins(status: int, advice: str, expected: bool) -> None:
    headers = {"x-should-retry": advice}
    assert failures.may_retry(status, headers, refuse(status, {}, headers)) is expected


def test_an_empty_account_is_never_retried() -> None:
    headers = {"x-should-retry": "true"}
    error = refuse(429, {"error": {"code": "insufficient_quota"}}, headers)
    assert not failures.may_retry(429, headers, error)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"error": {"type": "overloaded_error"}}, Overloaded),
        ({"error": {"code": 429, "message": "slow"}}, RateLimited),
        ({"error": {"code": "503", "message": "x"}}, Overloaded),
        ({"error": {"code": 500, "message": "failed to decode"}}, VendorFailed),
        ({"error": {"code": "tool_use_failed", "status_code": 400}}, VendorFailed),
        ({"error": {"code": 402, "message": "x"}}, NoCredit),
        ({"error": {"message": "maximum context length is 5"}}, ContextTooLong),
        ({"error": {"type": "authentication_error"}}, BadKey),
        ({"error": "text"}, VendorFailed),
        ({"object": "error", "message": "flat"}, VendorFailed),
        ({}, VendorFailed),
        (7, VendorFailed),
    ],
)
def test_an_error_inside_the_stream_has_its_class(value: object, kind: type[ProviderError]) -> None:
    assert type(failures.in_stream("Vendor", value)) is kind


@pytest.mark.parametrize(
    ("body", "name", "expected"),
    [
        ({"error": {"message": "no", "param": "temperature"}}, "temperature", True),
        ({"error": {"message": "temperature", "param": "messages"}}, "temperature", False),
        ({"message": {"detail": [{"loc": ["body", "stream_options"]}]}}, "stream_options", True),
        ({"error": {"message": "Use 'max_completion_tokens' instead"}}, "max_tokens", False),
    ],
)
def test_a_report_names_the_parameter_it_complains_of(body: object, name: str, expected: bool) -> None:
    assert failures.report_of(body).names(name) is expected

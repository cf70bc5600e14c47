"""Every error of the API is a problem document (RFC 9457) with a stable code and the request's id."""

import logging
import re

import pytest
from django.http import HttpRequest, HttpResponse
from rest_framework.test import APIClient

from accounts.models import User
from common.http.request_id import RequestIdFilter, RequestIdMiddleware
from common.process.logs import TurnFilter, logging_settings
from tests.api.problems import fields_of

pytestmark = pytest.mark.django_db
MEDIA_TYPE = "application/problem+json"


@pytest.fixture
def api() -> APIClient:
    client = APIClient()
    client.force_authenticate(User.objects.create_user("ida", "ida@example.org", "a long enough secret"))
    return client


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("get", "/api/nothing/here", 404, "not_found"),
        ("get", "/api/chat/conversations/1", 404, "conversation_not_found"),
        ("put", "/api/chat/conversations", 405, "method_not_allowed"),
        ("post", "/api/chat/send", 400, "invalid"),
    ],
)
def test_errors_are_problem_documents(api: APIClient, method: str, path: str, status: int, code: str) -> None:
    got = getattr(api, method)(path)
    assert (got.status_code, got["Content-Type"]) == (status, MEDIA_TYPE)
    said = got.json()
    assert (said["status"], said["code"]) == (status, code)
    assert said["title"]
    assert said["detail"]
    assert said["request_id"] == got["X-Request-ID"]


def test_a_foreign_host_is_told_so_in_a_problem_document(api: APIClient) -> None:
    got = api.get("/api/auth/me", headers={"Host": "evil.example"})
    assert (got.status_code, got["Content-Type"]) == (400, MEDIA_TYPE)
    assert got.json()["code"] == "unreadable_request"


def test_pages_of_the_site_stay_pages(api: APIClient) -> None:
    got = api.get("/nothing/here")
    assert (got.status_code, got["Content-Type"]) == (404, "text/html; charset=utf-8")


def test_each_wrong_place_is_pointed_at(api: APIClient) -> None:
    body = {"message": "", "selected_providers": ["openai", ""], "a/b": 1, "conversation_id": "x"}
    unknown = api.post("/api/chat/send", body, format="json").json()
    assert [error["pointer"] for error in unknown["errors"]] == ["#/a~1b"]
    del body["a/b"]
    said = api.post("/api/chat/send", body, format="json").json()
    pointers = {error["pointer"]: error["code"] for error in said["errors"]}
    assert pointers == {
        "#/message": "blank",
        "#/selected_providers/1": "blank",
        "#/conversation_id": "invalid",
    }
    assert "selected_providers.1: " in said["detail"]
    assert sorted(fields_of(said)) == ["conversation_id", "message", "selected_providers"]


def test_the_browsable_api_shows_errors_beside_its_fields(api: APIClient) -> None:
    got = api.post("/api/chat/conversations", {"title": "x" * 300}, headers={"Accept": "text/html"})
    assert (got.status_code, got["Content-Type"]) == (400, "text/html; charset=utf-8")
    assert "Ensure this field has no more than 255 characters." in got.text
    assert "has-error" in got.text


def test_a_clients_own_id_of_a_request_is_kept(api: APIClient) -> None:
    got = api.get("/api/auth/me", headers={"X-Request-ID": "build-4711_a"})
    assert got["X-Request-ID"] == "build-4711_a"


@pytest.mark.parametrize("given", ["", "short", "x" * 65, "two words", "line\nbreak", "é" * 10])
def test_an_id_that_could_harm_a_log_is_replaced(api: APIClient, given: str) -> None:
    named = api.get("/api/auth/me", headers={"X-Request-ID": given})["X-Request-ID"]
    assert named != given
    assert len(named) == 32


def test_log_lines_name_the_request() -> None:
    record = logging.LogRecord("webox", logging.INFO, __file__, 1, "said", None, None)

    def view(request: HttpRequest) -> HttpResponse:
        RequestIdFilter().filter(record)
        return HttpResponse()

    request = HttpRequest()
    request.META["HTTP_X_REQUEST_ID"] = "build-4711_a"
    RequestIdMiddleware(view)(request)
    assert record.__dict__["request_id"] == "build-4711_a"
    RequestIdFilter().filter(record)
    assert record.__dict__["request_id"] == "-"


def test_a_log_line_says_when_and_by_which_clock() -> None:
    form = logging_settings("INFO", "text")["formatters"]["text"]
    record = logging.LogRecord("webox", logging.WARNING, __file__, 1, "said", None, None)
    TurnFilter().filter(record)
    line = logging.Formatter(form["format"], form["datefmt"]).format(record)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d{4} WARNING webox \[-\] said", line)

"""The API's description: whole, committed, and true: `api_answers_as_described` checks that."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from django.http import HttpResponse, JsonResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.validation import validate_schema
from jsonschema import Draft202012Validator
from rest_framework.views import APIView

from tests import ROOT
from tests.api.openapi import DESCRIBED, UNDESCRIBED, check_answer, description

COMMITTED = ROOT / "docs" / "openapi.yaml"
Operation = dict[str, Any]


def operations() -> Iterator[tuple[str, str, Operation]]:
    for path, methods in description()["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def test_the_committed_file_is_what_the_command_writes() -> None:
    hint = "run: python3 -m webox manage spectacular --lang en --file docs/openapi.yaml"
    assert yaml.safe_load(COMMITTED.read_text("utf-8")) == description(), hint


def test_it_is_valid_openapi() -> None:
    validate_schema(description())


def test_every_operation_has_a_name_and_a_description() -> None:
    names = [operation["operationId"] for _method, _path, operation in operations()]
    assert len({*names}) == len(names)
    for method, path, operation in operations():
        assert "_" not in operation["operationId"], f"{method} {path} has no @operation"
        assert operation.get("description"), f"{method} {path} is not described"


def test_every_record_and_body_is_described() -> None:
    for name, schema in description()["components"]["schemas"].items():
        assert schema.get("description") or schema["type"] == "array", name


def views(
    patterns: list[URLPattern | URLResolver], prefix: str = ""
) -> Iterator[tuple[str, type[APIView], str]]:
    for one in patterns:
        route = prefix + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from views(one.url_patterns, route)
        elif route.startswith(DESCRIBED) and one.name not in UNDESCRIBED:
            yield route, getattr(one.callback, "cls"), str(one.name)  # noqa: B009  # Django's types know no cls


def test_every_method_of_every_view_is_described() -> None:
    implemented = {
        (name, method)
        for _route, view, name in views(get_resolver().url_patterns)
        for method in ("get", "post", "put", "patch", "delete")
        if hasattr(view, method)
    }
    assert len(implemented) == len([*operations()])


@pytest.mark.parametrize(
    "answer",
    [
        JsonResponse({}, status=418),
        JsonResponse({"id": 1}),
        HttpResponse("yes", content_type="text/plain"),
    ],
)
def test_an_answer_that_is_not_described_is_noticed(answer: HttpResponse) -> None:
    with pytest.raises(Exception, match=r"does not know|required property|described as"):
        check_answer(answer, "GET", "/api/auth/me")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/api/docs/", "/api/docs/?script=", "/api/schema/", "/api/schema/?format=json"]
)
def test_anybody_may_read_it(path: str) -> None:
    assert Client().get(path).status_code == 200


@pytest.mark.django_db
def test_the_browsable_api_names_its_pages_in_the_readers_language(as_alice: Client) -> None:
    page = as_alice.get("/api/chat/conversations", headers={"Accept": "text/html", "Accept-Language": "fr"})
    assert "<h1>Vos conversations</h1>" in page.text
    assert "Par où commencer" in page.text


def test_every_body_has_an_example_that_is_right() -> None:
    for method, path, operation in operations():
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content is None:
            continue
        examples = content.get("examples", {})
        assert examples, f"{method} {path} has no example"
        schema = content["schema"] | {"components": description()["components"]}
        for example in examples.values():
            Draft202012Validator(schema).validate(example["value"])

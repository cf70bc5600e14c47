"""Whether the API answers as its description says."""

import json
import re
from functools import cache
from typing import Any

from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve
from django.utils import translation
from jsonschema import Draft202012Validator

from common.http.schema import Generator

DESCRIBED = ("api/", "v1/")
UNDESCRIBED = ("api-schema", "api-docs", "gateway-nothing")


@cache
def description() -> dict[str, Any]:
    """The API's description, as `/api/schema/` gives it."""
    with translation.override("en"):
        made: dict[str, Any] = Generator().get_schema(public=True)
        # Lazy sentences become those of this language.
        return json.loads(json.dumps(made, default=str))  # type: ignore[no-any-return]


def check_answer(response: HttpResponseBase, method: str, path: str) -> None:
    """Fail where an answer has a status, a media type or a body that the description does not know."""
    media_type = response.headers.get("Content-Type", "").partition(";")[0]
    operation = _operation(method, path)
    if operation is None or media_type == "text/html":
        return
    where = f"{method} {path} answered {response.status_code} {media_type}"
    described = operation["responses"].get(str(response.status_code))
    assert described is not None, f"{where}, which its description does not know"
    content = described.get("content", {})
    if not content:
        assert not getattr(response, "content", b""), f"{where} with a body"
    elif "image/*" not in content:
        assert media_type in content, f"{where}, described as {[*content]}"
        if media_type.endswith("json"):
            _validator(json.dumps(content[media_type]["schema"])).validate(json.loads(response.content))  # type: ignore[attr-defined]


def _operation(method: str, path: str) -> dict[str, Any] | None:
    """What is described under this address; None for a method or an address that there is not."""
    try:
        match = resolve(path)
    except Resolver404:
        return None
    if not match.route.startswith(DESCRIBED) or match.view_name in UNDESCRIBED:
        return None
    template = "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", match.route)
    operation: dict[str, Any] | None = description()["paths"][template].get(method.lower())
    return operation


@cache
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads(schema) | {"components": description()["components"]})

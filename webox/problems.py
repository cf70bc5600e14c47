"""Problem documents: the one shape of every error of the API (RFC 9457)."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from django.http import JsonResponse
from rest_framework.exceptions import ErrorDetail
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.utils.serializer_helpers import ReturnDict

from webox.errors import Unavailable, WeBoxError
from webox.request_id import request_id

MEDIA_TYPE = "application/problem+json"


def problem(
    status: int, code: str, detail: str, errors: list[dict[str, str]] | None = None
) -> dict[str, Any]:
    """The document. `errors` say what is wrong where: of each a JSON pointer, a code and a sentence."""
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
    }
    if errors is not None:
        document["errors"] = errors
    return document | {"request_id": request_id()}


def headers_of(error: WeBoxError) -> dict[str, str]:
    """What a client is told beside the document: how to sign in, or when to try again."""
    if error.http_status == HTTPStatus.UNAUTHORIZED:
        return {"WWW-Authenticate": 'Bearer realm="api"'}
    if isinstance(error, Unavailable):
        return {"Retry-After": "2"}
    if "retry_after_s" in error.params:
        return {"Retry-After": str(error.params["retry_after_s"])}
    return {}


def problem_page(error: WeBoxError) -> JsonResponse:
    """The answer to a request that no view of the API took."""
    return JsonResponse(
        problem(error.http_status, error.code, error.detail),
        status=error.http_status,
        content_type=MEDIA_TYPE,
        headers=headers_of(error),
    )


class ProblemResponse(Response):
    """A problem document through DRF: its own media type as JSON, a page in the browsable API."""

    @property
    def rendered_content(self) -> Any:
        if self.accepted_renderer.format == "json":
            self.content_type = MEDIA_TYPE
        return super().rendered_content


def invalid(detail: Any, status: int) -> dict[str, Any]:
    """The document for what a serializer refused, from DRF's tree of errors.

    The serializer stays at hand, so that the browsable API shows the errors beside its fields.
    """
    errors = [*_flat(detail, "#")]
    places = [one["pointer"].removeprefix("#").removeprefix("/").replace("/", ".") for one in errors]
    said = [
        f"{place}: {one['detail']}" if place else one["detail"]
        for place, one in zip(places, errors, strict=True)
    ]
    document = problem(status, "invalid", " ".join(said), errors)
    return ReturnDict(document, serializer=detail.serializer) if isinstance(detail, ReturnDict) else document


def _flat(detail: Any, pointer: str) -> Iterator[dict[str, str]]:
    if isinstance(detail, ErrorDetail):
        yield {"pointer": pointer, "code": detail.code or "error", "detail": str(detail)}
    elif isinstance(detail, Mapping):
        for name, inner in detail.items():
            is_whole = name == api_settings.NON_FIELD_ERRORS_KEY
            yield from _flat(inner, pointer if is_whole else f"{pointer}/{_escaped(str(name))}")
    else:
        for number, inner in enumerate(detail):
            # A list of sentences is about one field; a list of trees is about the members of a list.
            yield from _flat(inner, pointer if isinstance(inner, ErrorDetail) else f"{pointer}/{number}")


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")

"""Problem documents: the one shape of every error of the API (RFC 9457)."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from django.http import JsonResponse
from msgspec import UNSET, Struct, UnsetType, to_builtins
from rest_framework.exceptions import ErrorDetail
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.utils.serializer_helpers import ReturnDict

from common.errors import Unavailable, WeBoxError
from common.http.request_id import request_id

MEDIA_TYPE = "application/problem+json"


class ProblemError(Struct, frozen=True):
    """What is wrong at one place of a request: `pointer` leads there in the body (RFC 6901) or the query."""

    pointer: str
    code: str
    detail: str


class Problem(Struct, frozen=True, kw_only=True):
    """An error (RFC 9457). `code` is stable; `detail` is for people, in their language."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    errors: list[ProblemError] | UnsetType = UNSET
    """Where a request is wrong, if that is what the error is about."""
    request_id: str
    """The same as in the header `X-Request-ID`, and in the server’s log."""


def problem(
    status: int, code: str, detail: str, errors: list[ProblemError] | UnsetType = UNSET
) -> dict[str, Any]:
    """The document of an error; `errors` say what is wrong where."""
    document: dict[str, Any] = to_builtins(
        Problem(
            title=HTTPStatus(status).phrase,
            status=status,
            detail=detail,
            code=code,
            errors=errors,
            request_id=request_id(),
        )
    )
    return document


API_PATHS = ("/api/", "/v1/")
"""Where programs ask: errors are documents, and nothing is stored by caches."""


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
    places = [one.pointer.removeprefix("#").removeprefix("/").replace("/", ".") for one in errors]
    said = [
        f"{place}: {one.detail}" if place else one.detail for place, one in zip(places, errors, strict=True)
    ]
    document = problem(status, "invalid", " ".join(said), errors)
    return ReturnDict(document, serializer=detail.serializer) if isinstance(detail, ReturnDict) else document


def _flat(detail: Any, pointer: str) -> Iterator[ProblemError]:
    if isinstance(detail, ErrorDetail):
        yield ProblemError(pointer, detail.code or "error", str(detail))
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

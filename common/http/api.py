"""What every REST view shares: how bodies are read, checked and refused."""

import logging
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.http import QueryDict, StreamingHttpResponse
from django.utils.translation import gettext_lazy as _
from msgspec import Struct, to_builtins
from rest_framework import exceptions, serializers, views
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response

from common.data.database import AWAY, give_back_connection
from common.errors import Unavailable, WeBoxError
from common.http.problems import ProblemResponse, headers_of, invalid, problem
from common.words.times import timestamp

log = logging.getLogger(__name__)
# What a browser's form sends beside the fields.
FORM_EXTRAS = {"csrfmiddlewaretoken"}
# What DRF's own handler sets of headers.
_KEPT = ("WWW-Authenticate", "Retry-After")


class TextField(serializers.CharField):
    """A text that came as one: a number is not turned into its digits."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class NumberField(serializers.FloatField):
    """A number: not true or false, which Python takes for 1 and 0."""

    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)


class TruthField(serializers.BooleanField):
    """true or false, and no other words for them."""

    def to_internal_value(self, data: Any) -> bool:
        # A browser's form has no truth.
        if not isinstance(data, bool) and not isinstance(getattr(self.root, "initial_data", None), QueryDict):
            self.fail("invalid", input=data)
        return bool(super().to_internal_value(data))


class MomentField(serializers.DateTimeField):
    """A moment in the one form of the API: ISO 8601 in UTC with `Z`, whatever the site's time zone is."""

    def to_representation(self, value: datetime) -> str:
        return timestamp(value)


class StrictSerializer(serializers.Serializer[Any]):
    """A serializer that refuses every key it does not let the client write."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            writable = {name for name, field in self.fields.items() if not field.read_only}
            allowed = writable | FORM_EXTRAS if isinstance(data, QueryDict) else writable
            unknown = [str(key) for key in data if key not in allowed]
            if unknown:
                raise serializers.ValidationError({key: [_("This can’t be set here.")] for key in unknown})
        return super().to_internal_value(data)


class WhateverIsAsked(DefaultContentNegotiation):
    """Errors are JSON for a client that asks for an event stream, too."""

    def select_renderer(
        self, request: Request, renderers: Iterable[Any], format_suffix: str | None = None
    ) -> tuple[Any, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type


def event_stream(text: AsyncIterator[str]) -> StreamingHttpResponse:
    """Server-sent events, for minutes: the request's database connection is given back."""
    response = StreamingHttpResponse(text, content_type="text/event-stream; charset=utf-8")
    # For nginx, which else would collect it.
    response.headers["X-Accel-Buffering"] = "no"
    give_back_connection()
    return response


def answer(record: Struct | Sequence[Struct], **options: Any) -> Response:
    """A response whose body is a record, or a list of them; `options` are Response's own."""
    return Response(to_builtins(record), **options)


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Every error a client may see, as a problem document; None for a fault of ours, which is a 500."""
    if isinstance(error, AWAY):
        log.warning("A request met an outage (%s)", type(error).__name__)
        error = Unavailable()
    if isinstance(error, WeBoxError):
        views.set_rollback()
        document = problem(error.http_status, error.code, error.detail)
        return ProblemResponse(document, status=error.http_status, headers=headers_of(error))
    refusal = views.exception_handler(error, context)
    if refusal is None:
        return None
    headers = {name: refusal[name] for name in _KEPT if name in refusal}
    detail = refusal.data.get("detail") if isinstance(refusal.data, dict) else None
    if isinstance(detail, exceptions.ErrorDetail):
        document = problem(refusal.status_code, detail.code or "error", str(detail))
    else:
        document = invalid(refusal.data, refusal.status_code)
    return ProblemResponse(document, status=refusal.status_code, headers=headers)

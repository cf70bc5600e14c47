"""What the API's description (OpenAPI) says of every operation: records, errors, how to sign in."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from inspect import cleandoc
from threading import Lock
from types import MappingProxyType
from typing import Any, TypeVar

import msgspec
from django.conf import settings
from django.utils.functional import Promise
from django.utils.html import linebreaks
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import (
    OpenApiAuthenticationExtension,
    OpenApiSerializerExtension,
    OpenApiSerializerFieldExtension,
)
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import Direction, OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.serializers import Serializer
from rest_framework.views import APIView, get_view_name

from common.http.api import StrictSerializer
from common.http.problems import MEDIA_TYPE, Problem

REFERENCE = "#/components/schemas/{name}"
SENTENCES = {
    400: _("The request can’t be read or is not right; `errors` says where."),
    401: _("Nobody is signed in, or the token is not good any more."),
    403: _("Not for this account; from a browser also: the CSRF token is missing."),
    404: _("There is no such thing, or it is somebody else’s."),
    406: _("None of the media types in `Accept` is spoken here."),
    409: _("It does not go together with what is there."),
    413: _("Larger than is taken."),
    415: _("The body is of a media type that is not read here."),
    424: _("The AI’s own server refused it, or is not there."),
    429: _("Too often: `Retry-After` says when it may be tried again."),
    500: _("A fault of WeBox itself."),
    502: _("The AI’s own server failed, or is not there."),
    503: _("The database or Redis can’t be reached; `Retry-After` says when it may be tried again."),
    504: _("The AI took too long."),
}
LOCATION = OpenApiParameter(
    "Location", str, OpenApiParameter.HEADER, description=_("Where the new one is."), response=[201, 202]
)
CODE = re.compile(r"`([^`]*)`")
_ERRORS: dict[str, tuple[int, ...]] = {}
"""The statuses that an operation can end with beside those that all can, by its name."""
_SUMMARIES: dict[Callable[..., Any], Promise] = {}
"""What each described method is for."""
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class ListOf:
    """A JSON list of records, in place of one."""

    record: type[msgspec.Struct]


@dataclass(frozen=True)
class EventsOf:
    """Server-sent events; one of `records` stands in the `data` of each, where they are not told apart."""

    records: tuple[type[msgspec.Struct], ...] = ()


def operation(
    name: str,
    summary: Promise,
    *,
    answer: Any = None,
    status: int = 200,
    media_type: str = "",
    body: Any = None,
    parameters: Iterable[OpenApiParameter | type[Serializer[Any]]] = (),
    errors: Iterable[int] = (),
    accepted: Promise | None = None,
    also: Mapping[int, Promise] = MappingProxyType({}),
    example: Mapping[str, Any] | None = None,
    events: Any = None,
) -> Callable[[View], View]:
    """Describe a view's method: its name for generated clients, what it is for, takes and answers with.

    `answer` is a record, a serializer or an OpenApiResponse; None for an empty body. The errors that every
    operation can end with are added by themselves: `errors` are the other statuses. `accepted` says what
    202 means, with the same body; `also` are statuses without a body, each with its meaning.
    `example` is a body that is right. `events` is the record in each server-sent event of an answer that can
    also be streamed.
    """
    key: Any = (status, media_type) if media_type else status

    def describe(method: View) -> View:
        described: View = extend_schema(
            operation_id=name,
            summary=summary,
            request=body,
            responses={
                key: answer if answer is not None else OpenApiResponse(description=_("Done.")),
                **({202: OpenApiResponse(answer, description=accepted)} if accepted else {}),
                **({(status, "text/event-stream"): events} if events else {}),
                **{code: OpenApiResponse(description=meaning) for code, meaning in also.items()},
            },
            parameters=[*parameters],
            examples=[OpenApiExample("Example", dict(example), request_only=True)] if example else [],
        )(method)
        _ERRORS[name] = tuple(errors)
        _SUMMARIES[method] = summary
        return described

    return describe


def view_name(view: APIView) -> str:
    """What the browsable API calls a view: as its documentation does, in the reader's language."""
    methods = (getattr(type(view), name, None) for name in ("get", "post", "put", "patch", "delete"))
    found = (str(_SUMMARIES[method]) for method in methods if method in _SUMMARIES)
    return next(found, get_view_name(view))


def view_description(view: APIView, html: bool = False) -> str:
    """What a view says of itself; for the browsable API with its paragraphs, and its code as code."""
    text = str(getattr(view, "description", ""))
    if not html:
        return text
    return mark_safe(CODE.sub(r"<code>\1</code>", linebreaks(text, autoescape=True)))  # noqa: S308  # escaped


class Generator(SchemaGenerator):
    """Makes one description at a time: what drf-spectacular finds out at the first is unsafe in threads."""

    _one_at_a_time = Lock()

    def get_schema(self, *args: Any, **kwargs: Any) -> Any:
        with self._one_at_a_time:
            return super().get_schema(*args, **kwargs)


class Schema(AutoSchema):
    """Adds to each operation the errors that it shares with the others."""

    def get_tags(self) -> list[str]:
        """The part of the API: `chat`, `auth`; of its root, `api`; `v1` is OpenAI's protocol."""
        root, *parts = [part for part in self.path.split("/") if part]
        return [parts[0] if parts and root == "api" else root]

    def get_description(self) -> str:  # type: ignore[override]  # drf-spectacular has other stubs than DRF
        """What the view says of itself, as in the browsable API."""
        return str(getattr(self.view, "description", ""))

    def _get_response_bodies(self, direction: Direction = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        record, media_type = getattr(self.view, "error_record", (Problem, MEDIA_TYPE))
        for status in sorted(self._error_statuses()):
            error = OpenApiResponse(record, description=SENTENCES[status])
            bodies[str(status)] = self._get_response_for_code(error, str(status), [media_type], direction)
        return bodies

    def _map_basic_serializer(self, serializer: Any, direction: Direction) -> Any:
        schema = super()._map_basic_serializer(serializer, direction)
        if isinstance(serializer, StrictSerializer):
            schema["additionalProperties"] = False
        return schema

    def _error_statuses(self) -> set[int]:
        statuses = {
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.NOT_ACCEPTABLE,
            HTTPStatus.TOO_MANY_REQUESTS,
            HTTPStatus.SERVICE_UNAVAILABLE,
        }
        if AllowAny not in self.view.permission_classes:
            statuses |= {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
        if "{" in self.path:
            statuses.add(HTTPStatus.NOT_FOUND)
        if self.method in ("POST", "PUT", "PATCH"):
            statuses.add(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        return {*map(int, statuses), *_ERRORS.get(self.get_operation_id(), ())}


class TextFieldExtension(OpenApiSerializerFieldExtension):
    """What a text may not be: with a NUL in it, or of spaces alone where they are cut off."""

    target_class = "common.http.api.TextField"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        field = self.target
        schema: dict[str, Any] = auto_schema._map_serializer_field(field, direction, bypass_extensions=True)
        if field.trim_whitespace and not field.allow_blank:
            return schema | {"pattern": r"^[^\u0000]*[^\s\u0000][^\u0000]*$"}
        return schema | {"pattern": r"^[^\u0000]*$"}


class StructExtension(OpenApiSerializerExtension):
    """msgspec's own JSON Schema of a record."""

    target_class = "msgspec.Struct"
    match_subclasses = True

    def get_name(self, auto_schema: AutoSchema, direction: Direction) -> str:
        name: str = self.target.__name__
        return name

    def map_serializer(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        _reference, schemas = msgspec.json.schema_components([self.target], ref_template=REFERENCE)
        for schema in schemas.values():
            schema["description"] = cleandoc(schema.get("description", ""))
        own: dict[str, Any] = schemas.pop(self.target.__name__)
        for struct in _structs_in(msgspec.inspect.type_info(self.target)):
            if schema := schemas.pop(struct.__name__, None):
                component = ResolvedComponent(struct.__name__, ResolvedComponent.SCHEMA, schema, struct)
                auto_schema.registry.register_on_missing(component)
        return own


def _structs_in(info: msgspec.inspect.Type) -> Iterator[type[msgspec.Struct]]:
    """The records that a type is made of, itself the first where it is one."""
    match info:
        case msgspec.inspect.StructType():
            yield info.cls
            inner = [one.type for one in info.fields]
        case msgspec.inspect.UnionType():
            inner = [*info.types]
        case msgspec.inspect.ListType():
            inner = [info.item_type]
        case msgspec.inspect.DictType():
            inner = [info.key_type, info.value_type]
        case _:
            inner = []
    for one in inner:
        yield from _structs_in(one)


class ListOfExtension(OpenApiSerializerExtension):
    """A list of records."""

    target_class = "common.http.schema.ListOf"

    def get_name(self, auto_schema: AutoSchema, direction: Direction) -> str:
        return f"{self.target.record.__name__}List"

    def map_serializer(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        component = auto_schema.resolve_serializer(self.target.record, direction)
        return {"type": "array", "items": component.ref}


class EventsOfExtension(OpenApiSerializerExtension):
    """One server-sent event."""

    target_class = "common.http.schema.EventsOf"

    def get_name(self, auto_schema: AutoSchema, direction: Direction) -> str:
        return f"{self.target.records[0].__name__}Event" if self.target.records else "ServerSentEvent"

    def map_serializer(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        data: dict[str, Any] = {"type": "string"}
        if self.target.records:
            refs = [auto_schema.resolve_serializer(one, direction).ref for one in self.target.records]
            data |= {"contentMediaType": "application/json", "contentSchema": {"anyOf": refs}}
        names: dict[str, Any] = {"event": {"type": "string"}, "id": {"type": "string"}, "data": data}
        return {
            "type": "object",
            "description": "One event of a stream: its fields, `data` as JSON.",
            "properties": names,
            "required": ["data"],
        }


class TokenScheme(OpenApiAuthenticationExtension):
    """How API clients sign in."""

    target_class = "accounts.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str | Promise]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": _("An access token from `POST /api/auth/token`."),
        }


class SessionScheme(OpenApiAuthenticationExtension):
    """How the pages sign in."""

    target_class = "rest_framework.authentication.SessionAuthentication"
    name = "session"
    priority = 1

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}

"""`/api/chat/line-ups`: AIs that a person asks together, under a name."""

from typing import Any, cast

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from msgspec import Struct, to_builtins
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import PersonalToken, User
from chat import limits
from chat.ais import line_ups
from chat.api.pagination import PAGING, LinkPagination
from chat.events import TargetObject, parse
from chat.models import LineUp
from common.http.api import StrictSerializer, TextField, answer
from common.http.schema import LOCATION, ListOf, operation
from common.words.times import timestamp

EXAMPLE: dict[str, Any] = {
    "name": "Code review",
    "targets": ["anthropic", {"target": "openai:gpt-5.4-mini", "settings": {"temperature": 1.2}}],
}


class LineUpRecord(Struct, frozen=True, kw_only=True):
    """A line-up. Each target is `provider` or `provider:model`, with its own settings if it has any."""

    id: int
    name: str
    targets: list[TargetObject]
    created_at: str
    updated_at: str


@extend_schema_field(
    {
        "anyOf": [
            {"type": "string", "minLength": 1, "maxLength": limits.TARGET_CHARS},
            {"$ref": "#/components/schemas/TargetObject"},
        ]
    }
)
class TargetField(serializers.Field):  # type: ignore[type-arg]  # its type parameters are for mypy alone
    """`provider`, `provider:model`, or an object with settings."""

    def to_internal_value(self, data: Any) -> TargetObject:
        given = {"target": data} if isinstance(data, str) else data
        try:
            return parse(given, TargetObject)
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from error

    def to_representation(self, value: Any) -> Any:
        return value


class LineUpSerializer(StrictSerializer):
    """A line-up: its name, and whom it asks, in order."""

    name = TextField(max_length=limits.LINE_UP_CHARS)
    targets = serializers.ListField(
        child=TargetField(), allow_empty=False, max_length=limits.TARGETS_PER_TURN
    )


def line_up_record(line_up: LineUp) -> LineUpRecord:
    return LineUpRecord(
        id=line_up.pk,
        name=line_up.name,
        targets=line_ups.targets_of(line_up),
        created_at=timestamp(line_up.created_at),
        updated_at=timestamp(line_up.updated_at),
    )


class LineUpsView(APIView):
    description = _(
        "Your line-ups, by name; each is also a model of OpenAI’s protocol (`/v1`), under its name."
    )

    token_scope = PersonalToken.Scope.CHAT
    serializer_class = LineUpSerializer

    @operation("listLineUps", _("Your line-ups"), answer=ListOf(LineUpRecord), parameters=PAGING)
    def get(self, request: Request) -> Response:
        pagination = LinkPagination()
        theirs = LineUp.objects.for_user(cast("User", request.user))
        page = pagination.paginate_queryset(theirs, request, view=self) or []
        return pagination.get_paginated_response(to_builtins([line_up_record(one) for one in page]))

    @operation(
        "createLineUp",
        _("Keep a line-up"),
        body=LineUpSerializer,
        answer=LineUpRecord,
        status=201,
        parameters=[LOCATION],
        errors=(409,),
        example=EXAMPLE,
    )
    def post(self, request: Request) -> Response:
        body = LineUpSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        made = line_ups.make(cast("User", request.user), **body.validated_data)
        location = request.build_absolute_uri(f"/api/chat/line-ups/{made.pk}")
        return answer(line_up_record(made), status=201, headers={"Location": location})


class LineUpView(APIView):
    description = _(
        "One line-up: read, change or remove it. Questions that were asked with it stay as they are."
    )

    token_scope = PersonalToken.Scope.CHAT
    serializer_class = LineUpSerializer

    @operation("getLineUp", _("One line-up"), answer=LineUpRecord)
    def get(self, request: Request, line_up_id: int) -> Response:
        return answer(line_up_record(line_ups.find(cast("User", request.user), line_up_id)))

    @operation(
        "changeLineUp",
        _("Change a line-up"),
        body=LineUpSerializer,
        answer=LineUpRecord,
        errors=(409,),
        example=EXAMPLE,
    )
    def patch(self, request: Request, line_up_id: int) -> Response:
        user = cast("User", request.user)
        found = line_ups.find(user, line_up_id)
        body = LineUpSerializer(data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        return answer(line_up_record(line_ups.change(user, found, **body.validated_data)))

    @operation("deleteLineUp", _("Remove a line-up"), status=204)
    def delete(self, request: Request, line_up_id: int) -> Response:
        line_ups.find(cast("User", request.user), line_up_id).delete()
        return Response(status=204)

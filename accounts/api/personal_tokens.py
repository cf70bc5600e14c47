"""`/api/auth/tokens`: a person's access tokens for programs, which no such token may make or see."""

from django.utils.translation import gettext_lazy as _
from msgspec import UNSET, Struct, UnsetType
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.views import AuthView, signed_in
from accounts.errors import TokenNotFound
from accounts.models import PersonalToken
from accounts.signing_in import personal_tokens
from common.http.api import StrictSerializer, TextField, answer
from common.http.schema import LOCATION, ListOf, operation
from common.words.times import timestamp

MOST_DAYS = 366


class PersonalTokenSerializer(StrictSerializer):
    """A new access token: a name to know it by, how far it reaches, for how many days it is good."""

    name = TextField(max_length=100)
    scope = serializers.ChoiceField(choices=PersonalToken.Scope.values)
    days = serializers.IntegerField(min_value=1, max_value=MOST_DAYS, default=90)


class PersonalTokenRecord(Struct, frozen=True, kw_only=True):
    """An access token; its text comes once, in the answer to its making."""

    id: int
    name: str
    scope: str
    last4: str
    created_at: str
    expires_at: str
    last_used_at: str | None
    token: str | UnsetType = UNSET


def token_record(row: PersonalToken, text: str | UnsetType = UNSET) -> PersonalTokenRecord:
    return PersonalTokenRecord(
        id=row.pk,
        name=row.name,
        scope=row.scope,
        last4=row.last4,
        created_at=timestamp(row.created_at),
        expires_at=timestamp(row.expires_at),
        last_used_at=timestamp(row.last_used_at) if row.last_used_at else None,
        token=text,
    )


class PersonalTokensView(AuthView):
    description = _(
        "Your access tokens for programs, the newest first; POST makes one and shows it this once.\n\n"
        "It goes into `Authorization: Bearer webox_…`. A token can `read` conversations, AIs and figures, "
        "or also `chat`, or also `manage` keys, servers and the account. All end when you change your "
        "password."
    )

    token_scope = None
    serializer_class = PersonalTokenSerializer

    @operation("listTokens", _("Your access tokens"), answer=ListOf(PersonalTokenRecord))
    def get(self, request: Request) -> Response:
        return answer([token_record(row) for row in signed_in(request).personal_tokens.all()])

    @operation(
        "createToken",
        _("Make an access token"),
        body=PersonalTokenSerializer,
        answer=PersonalTokenRecord,
        status=201,
        parameters=[LOCATION],
        errors=(409,),
        example={"name": "My script", "scope": "chat", "days": 90},
    )
    def post(self, request: Request) -> Response:
        row, text = personal_tokens.make(signed_in(request), **self.read(request))
        location = request.build_absolute_uri(f"/api/auth/tokens/{row.pk}")
        return answer(token_record(row, text), status=status.HTTP_201_CREATED, headers={"Location": location})


class PersonalTokenView(APIView):
    description = _("One access token: what uses it is signed out at once.")

    token_scope = None

    @operation("revokeToken", _("Revoke an access token"), status=204)
    def delete(self, request: Request, token_id: int) -> Response:
        deleted, _rows = signed_in(request).personal_tokens.filter(pk=token_id).delete()
        if not deleted:
            raise TokenNotFound
        return Response(status=204)

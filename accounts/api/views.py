"""`/api/auth/…`: accounts and tokens for API clients."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.core import ratelimit
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from msgspec import Struct
from rest_framework import serializers, status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.serializers import (
    AccountSerializer,
    CredentialsSerializer,
    MeSerializer,
    RefreshSerializer,
    RegisterSerializer,
)
from accounts.errors import TooManyAttempts
from accounts.models import TokenFamily, User
from accounts.signing_in.adapter import REQUEST_PAUSE_S
from accounts.signing_in.second_step import check_otp
from accounts.signing_in.signup import sign_up
from accounts.signing_in.tokens import TICKET_LIFE_S, TokenPair, issue_ticket, issue_tokens, refresh_tokens
from common.http.api import StrictSerializer, answer
from common.http.schema import operation


class Ticket(Struct, frozen=True, kw_only=True):
    """Opens one socket, as `?ticket=`, within so many seconds."""

    ticket: str
    expires_in_s: int


class AuthView(APIView):
    """A view with one serializer for what it reads."""

    serializer_class: type[StrictSerializer]

    def get_serializer(self, *args: Any, **kwargs: Any) -> StrictSerializer:
        # The browsable API finds its form's fields by this name.
        return self.serializer_class(*args, **kwargs)

    def read(self, request: Request) -> dict[str, Any]:
        """The request's fields. Raises DRF's ValidationError."""
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        fields: dict[str, Any] = serializer.validated_data
        return fields


class PublicAuthView(AuthView):
    """For who has no token yet: what the request carries to sign in with is not looked at."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


class RegisterView(PublicAuthView):
    description = _("Make an account.")

    serializer_class = RegisterSerializer

    @operation(
        "register",
        _("Make an account"),
        body=RegisterSerializer,
        answer=AccountSerializer,
        status=201,
        errors=(403,),
        example={"email": "ada@example.org", "username": "ada", "password": "a long enough passphrase"},
    )
    def post(self, request: Request) -> Response:
        _count(request, "signup")
        fields = self.read(request)
        try:
            user = sign_up(**fields)
        except ValidationError as error:
            raise serializers.ValidationError(error.message_dict) from error
        return Response(AccountSerializer(user).data, status=status.HTTP_201_CREATED)


class TokenView(PublicAuthView):
    description = _(
        "Sign in: an access token and a refresh token for a login and its password.\n\n"
        "An account with two-factor sign-in takes a code of its authenticator app, or a recovery code, as "
        "`otp`: without one the answer is 401 with the code `otp_required`, with a wrong one `otp_wrong`."
    )

    serializer_class = CredentialsSerializer

    @operation(
        "signIn",
        _("Sign in"),
        body=CredentialsSerializer,
        answer=TokenPair,
        errors=(401, 403),
        example={"username": "ada", "password": "a long enough passphrase"},
    )
    def post(self, request: Request) -> Response:
        _count(request, "login")
        fields = self.read(request)
        login = fields.get("username") or fields["email"]
        user = get_adapter().sign_in(request._request, login, fields["password"])
        step = check_otp(user, fields.get("otp", ""))
        return answer(issue_tokens(user, step=str(step.type) if step else ""))


class RefreshView(PublicAuthView):
    description = _("A new pair for a refresh token, which is good once.")

    serializer_class = RefreshSerializer

    @operation(
        "refreshTokens",
        _("Exchange a refresh token for a new pair"),
        body=RefreshSerializer,
        answer=TokenPair,
        errors=(401,),
        example={"refresh": "eyJhbGciOiJIUzI1NiJ9.…"},
    )
    def post(self, request: Request) -> Response:
        return answer(refresh_tokens(self.read(request)["refresh"]))


class SocketTicketView(AuthView):
    description = _("A ticket that opens one WebSocket (`?ticket=`) in the next seconds.")

    token_scope = None
    serializer_class = StrictSerializer

    @operation("issueSocketTicket", _("A ticket that opens one socket"), answer=Ticket, status=201)
    def post(self, request: Request) -> Response:
        self.read(request)
        user = signed_in(request)
        if isinstance(request.auth, TokenFamily):
            ticket = issue_ticket(user, family=request.auth)
        else:
            ticket = issue_ticket(user, session_key=request.session.session_key or "")
        return answer(Ticket(ticket=ticket, expires_in_s=TICKET_LIFE_S), status=status.HTTP_201_CREATED)


class MeView(AuthView):
    description = _("The signed-in person’s own account.")

    serializer_class = MeSerializer

    @operation("getAccount", _("Your account"), answer=AccountSerializer)
    def get(self, request: Request) -> Response:
        return Response(AccountSerializer(signed_in(request)).data)

    @operation(
        "changeAccount",
        _("Change your username or preferences"),
        body=MeSerializer,
        answer=AccountSerializer,
        example={"preferences": {"theme": "dark"}},
    )
    def patch(self, request: Request) -> Response:
        user = signed_in(request)
        serializer = MeSerializer(user, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        user = serializer.save()
        try:
            user.save_checked(update_fields=list(serializer.validated_data))
        except ValidationError as error:
            raise serializers.ValidationError(error.message_dict) from error
        return Response(AccountSerializer(user).data)


def signed_in(request: Request) -> User:
    # IsAuthenticated let nobody else this far.
    assert isinstance(request.user, User)
    return request.user


def _count(request: Request, action: str) -> None:
    if not ratelimit.consume(request._request, action=action):
        raise TooManyAttempts(retry_after_s=REQUEST_PAUSE_S)

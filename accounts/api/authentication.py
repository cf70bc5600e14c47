"""`Authorization: Bearer <access token>` for REST."""

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.errors import TokenRefused
from accounts.models import PersonalToken, TokenFamily, User
from accounts.one_time import hash_token
from accounts.signing_in import personal_tokens
from accounts.signing_in.tokens import check_access_token


class TokenAuthentication(BaseAuthentication):
    """Signs a request in by a token; `request.auth` is then the TokenFamily or the PersonalToken.

    What a personal token may not do is refused here, where no view can forget it.
    """

    def authenticate(self, request: Request) -> tuple[User, TokenFamily | PersonalToken] | None:
        scheme, _space, token = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            return None
        text = token.strip()
        try:
            if not personal_tokens.is_one(text):
                family = check_access_token(text)
                return family.user, family
            personal = personal_tokens.check(hash_token(text))
        except TokenRefused as error:
            raise AuthenticationFailed(error.detail, code=error.code) from error
        personal_tokens.demand_scope(personal, request.method or "", request.parser_context["view"])
        return personal.user, personal

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'

"""`Authorization: Bearer <access token>` for REST."""

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.errors import TokenRefused
from accounts.models import TokenFamily, User
from accounts.tokens import check_access_token


class TokenAuthentication(BaseAuthentication):
    """Signs a request in by its access token; `request.auth` is then the TokenFamily."""

    def authenticate(self, request: Request) -> tuple[User, TokenFamily] | None:
        scheme, _space, token = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            return None
        try:
            family = check_access_token(token.strip())
        except TokenRefused as error:
            raise AuthenticationFailed(error.detail, code=error.code) from error
        return family.user, family

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'

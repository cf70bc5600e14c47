"""Who is behind a socket, asked again at every command, and what closes it."""

import logging
from dataclasses import dataclass
from http.cookies import SimpleCookie
from importlib import import_module
from typing import Any, Protocol, cast
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.utils.translation import get_language_from_request

from accounts.errors import TokenRefused
from accounts.models import PersonalToken, User
from accounts.one_time import hash_token
from accounts.signing_in import personal_tokens
from accounts.signing_in.tokens import (
    ShownToken,
    family_person,
    find_person,
    read_access_token,
    redeem_ticket,
)

log = logging.getLogger(__name__)
MAX_COOKIE_CHARS = 16_384


class Credential(Protocol):
    """What let a socket in; `user()` reads it again, so that a revoked one is noticed at once."""

    @property
    def session_key(self) -> str | None: ...

    def user(self) -> User | None: ...


@dataclass(frozen=True, slots=True)
class SessionCredential:
    """The session cookie; a sign-out or a password change elsewhere ends it."""

    session_key: str | None

    def user(self) -> User | None:
        engine = import_module(settings.SESSION_ENGINE)
        request = HttpRequest()
        request.session = cast("SessionBase", engine.SessionStore(self.session_key))
        user = get_user(request)
        return user if isinstance(user, User) and user.is_active else None


@dataclass(frozen=True, slots=True)
class TokenCredential:
    """A JWT in the Authorization header, read once; it runs out while the socket is open, too."""

    token: ShownToken
    session_key: None = None

    def user(self) -> User | None:
        return find_person(self.token)


@dataclass(frozen=True, slots=True)
class PersonalCredential:
    """A personal access token in the Authorization header that reaches as far as this scope."""

    token_hash: str
    scope: str
    session_key: None = None

    def user(self) -> User | None:
        try:
            token = personal_tokens.check(self.token_hash)
        except TokenRefused:
            return None
        return token.user if token.reaches(self.scope) else None


@dataclass(frozen=True, slots=True)
class TicketCredential:
    """A ticket, redeemed when the socket opened; it stands as long as the sign-in that asked for it."""

    session_key: str | None
    family_id: UUID | None

    def user(self) -> User | None:
        if self.session_key:
            return SessionCredential(self.session_key).user()
        return family_person(self.family_id) if self.family_id else None


def request_credential(request: HttpRequest) -> Credential:
    """What let an HTTP request in, to be read again while its answer is still being sent."""
    token = _bearer_token(request.headers.get("Authorization", ""))
    if token is None:
        return SessionCredential(request.session.session_key)
    return _token_credential(token, PersonalToken.Scope.READ)


def _token_credential(token: str, scope: str) -> Credential:
    """Raises TokenRefused."""
    if personal_tokens.is_one(token):
        return PersonalCredential(hash_token(token), scope)
    return TokenCredential(read_access_token(token))


def _bearer_token(header: str) -> str | None:
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


class Handshake:
    """The opening request of a socket, read once."""

    def __init__(self, scope: dict[str, Any]) -> None:
        self._scope = scope
        self._headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        self.subprotocols: list[str] = scope.get("subprotocols", [])

    def credential(self) -> Credential | None:
        """The credential it carries, if it may be one; a ticket is used up. Runs in a database thread."""
        token = _bearer_token(self._headers.get("authorization", ""))
        if token is not None:
            try:
                # A socket is there to ask.
                return _token_credential(token, PersonalToken.Scope.CHAT)
            except TokenRefused:
                return None
        query = parse_qs(self._scope.get("query_string", b"").decode("latin-1"))
        if "ticket" in query:
            ticket = redeem_ticket(query["ticket"][0])
            if ticket is None:
                return None
            return TicketCredential(ticket.session_key or None, ticket.token_family_id)
        session_key = self._cookies().get(settings.SESSION_COOKIE_NAME)
        return SessionCredential(session_key) if session_key else None

    def has_foreign_origin(self, credential: Credential | None) -> bool:
        """Whether another site's page opened it: a browser sends the cookie there too.

        A cookie needs an Origin that is this site's, scheme and port included; a token or a ticket, which
        no browser sends by itself, may do without.
        """
        origin = self._headers.get("origin")
        if origin is None:
            return isinstance(credential, SessionCredential)
        if origin in settings.CSRF_TRUSTED_ORIGINS:
            return False
        secure = settings.HTTPS or self._scope.get("scheme") == "wss"
        host = self._headers.get("host", "").lower()
        is_ours = origin.lower() == f"{'https' if secure else 'http'}://{host}"
        return not is_ours or not _is_allowed_host(host)

    def language(self) -> str:
        """The language of the page behind it, else of the browser."""
        request = HttpRequest()
        request.COOKIES = self._cookies()
        request.META["HTTP_ACCEPT_LANGUAGE"] = self._headers.get("accept-language", "")
        return get_language_from_request(request)

    def _cookies(self) -> dict[str, str]:
        cookies: SimpleCookie = SimpleCookie()
        cookies.load(self._headers.get("cookie", "")[:MAX_COOKIE_CHARS])
        return {name: morsel.value for name, morsel in cookies.items()}


def _is_allowed_host(host: str) -> bool:
    name = urlsplit(f"//{host}").hostname or ""
    bracketed = f"[{name}]" if ":" in name else name
    return any(
        allowed == "*"
        or bracketed == allowed.lower()
        or (allowed.startswith(".") and f".{name}".endswith(allowed))
        for allowed in settings.ALLOWED_HOSTS
    )

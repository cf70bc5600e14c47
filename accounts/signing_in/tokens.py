"""JWT for API clients and tickets for their sockets: the only module that knows simplejwt.

A sign-in is one TokenFamily row. Its access tokens and its one good refresh token name it; deleting the
row, closing the account or changing the password ends them all at once.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from msgspec import Struct
from rest_framework_simplejwt.exceptions import ExpiredTokenError, TokenError
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, Token

from accounts import audit
from accounts.errors import TokenExpired, TokenRefused
from accounts.models import SocketTicket, TokenFamily, User, find_user
from common.data.prepared import prepared

FAMILY_CLAIM = "family"
TICKET_LIFE_S = int(SocketTicket.lifetime.total_seconds())


class TokenPair(Struct, frozen=True, kw_only=True):
    """An access token for the `Authorization` header, and a refresh token, which is good once."""

    access: str
    refresh: str


@dataclass(frozen=True, slots=True)
class ShownToken:
    """What a good access token says: which sign-in it belongs to, and until when it is good."""

    family_id: UUID
    expires_at: datetime


def issue_tokens(user: User, *, step: str = "") -> TokenPair:
    """Start an API sign-in for a person whose password was just checked, and by `step` what else."""
    refresh = RefreshToken()
    user.token_families.filter(expires_at__lte=timezone.now()).delete()
    family = TokenFamily.objects.create(
        user=user,
        refresh_id=refresh["jti"],
        password_mark=user.get_session_auth_hash(),
        expires_at=_expiry(refresh),
    )
    audit.record(audit.Action.SIGNED_IN, person=user, by=user, over="API", **({"step": step} if step else {}))
    return _pair(family, refresh)


def refresh_tokens(raw: str) -> TokenPair:
    """Exchange a refresh token for a new pair; it is good once.

    Raises TokenExpired and TokenRefused. A token that was already exchanged ends its whole sign-in:
    somebody else may hold a copy.
    """
    shown = _decode(RefreshToken, raw)
    family = _living_family(UUID(shown[FAMILY_CLAIM]))
    fresh = RefreshToken()
    still_newest = TokenFamily.objects.filter(pk=family.pk, refresh_id=shown["jti"])
    moved = still_newest.update(refresh_id=fresh["jti"], expires_at=_expiry(fresh))
    if not moved:
        family.delete()
        raise TokenRefused
    return _pair(family, fresh)


def check_access_token(raw: str) -> TokenFamily:
    """The sign-in, with its user, that an access token belongs to. Raises TokenExpired and TokenRefused."""
    return _living_family(read_access_token(raw).family_id)


def read_access_token(raw: str) -> ShownToken:
    """What an access token says; whether its sign-in still stands is another question.

    Raises TokenExpired and TokenRefused.
    """
    token = _decode(AccessToken, raw)
    return ShownToken(UUID(token[FAMILY_CLAIM]), _expiry(token))


def find_person(shown: ShownToken) -> User | None:
    """The person a token lets in now; None where it lets nobody in any more."""
    try:
        return _living_family(shown.family_id).user if timezone.now() < shown.expires_at else None
    except TokenRefused:
        return None


def issue_ticket(user: User, *, session_key: str = "", family: TokenFamily | None = None) -> str:
    """A ticket that opens one socket within TICKET_LIFE_S; it ends with the sign-in that asks for it."""
    user.socket_tickets.filter(expires_at__lte=timezone.now()).delete()
    ticket = SocketTicket(
        user=user,
        password_mark=user.get_session_auth_hash(),
        session_key=session_key,
        token_family=family,
    )
    return ticket.issue()


def family_person(family_id: UUID) -> User | None:
    """The person of an API sign-in that still stands."""
    try:
        return _living_family(family_id).user
    except TokenRefused:
        return None


def redeem_ticket(ticket: str) -> SocketTicket | None:
    """Use up a ticket: what it says of its sign-in, once; None ever after, and for what is no ticket."""
    with transaction.atomic():
        row = SocketTicket.unexpired(ticket).select_related("user").first()
        if row is None:
            return None
        # Of two sockets with the same ticket, only one deletes the row.
        deleted, _rows = SocketTicket.objects.filter(pk=row.pk).delete()
    if not deleted or not _still_lets_in(row.user, row.password_mark):
        return None
    return row


def _pair(family: TokenFamily, refresh: RefreshToken) -> TokenPair:
    refresh[FAMILY_CLAIM] = str(family.pk)
    return TokenPair(access=str(refresh.access_token), refresh=str(refresh))


def _expiry(token: Token) -> datetime:
    return datetime.fromtimestamp(token["exp"], tz=UTC)


def _decode(kind: type[Token], raw: str) -> Token:
    try:
        # simplejwt's annotation says Token; what it takes is the text.
        return kind(raw)  # type: ignore[arg-type]
    except ExpiredTokenError as error:
        raise TokenExpired from error
    except (TokenError, UnicodeError) as error:
        raise TokenRefused from error


def _living_family(family_id: UUID) -> TokenFamily:
    for family in _families(family_id):
        user = find_user(family.user_id)
        if user and family.expires_at > timezone.now() and _still_lets_in(user, family.password_mark):
            family.user = user
            return family
    raise TokenRefused


@prepared
def _families(family_id: UUID) -> QuerySet[TokenFamily]:
    return TokenFamily.objects.filter(pk=family_id)


def _still_lets_in(user: User, password_mark: str) -> bool:
    return user.is_active and constant_time_compare(password_mark, user.get_session_auth_hash())

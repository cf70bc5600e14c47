"""Personal access tokens: keys for programs, named, limited in what they may do and in time, revocable."""

import secrets
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts import audit
from accounts.errors import ScopeMissing, TokenRefused, TooManyTokens
from accounts.models import PersonalToken, User, find_user
from accounts.one_time import hash_token
from common.data.prepared import prepared

PREFIX = "webox_"
"""So that people, and those who look for leaked secrets, know one when they see it."""
TOKENS_PER_PERSON = 50
USED_EVERY = timedelta(minutes=1)
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


def make(user: User, *, name: str, scope: str, days: int) -> tuple[PersonalToken, str]:
    """A new token, good for so many days: its row, and the text, which nobody can read again.

    Raises TooManyTokens.
    """
    text = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        # Held until the row is there, so that many at once do not pass the limit together.
        User.objects.select_for_update(no_key=True).filter(pk=user.pk).first()
        user.personal_tokens.filter(expires_at__lte=timezone.now()).delete()
        if user.personal_tokens.count() >= TOKENS_PER_PERSON:
            raise TooManyTokens(limit=TOKENS_PER_PERSON)
        row = user.personal_tokens.create(
            name=name,
            scope=scope,
            token_hash=hash_token(text),
            last4=text[-4:],
            expires_at=timezone.now() + timedelta(days=days),
        )
        audit.record(audit.Action.TOKEN_MADE, name, person=user, scope=scope, days=days)
    return row, text


def is_one(text: str) -> bool:
    """Whether a bearer token means to be one of these."""
    return text.startswith(PREFIX)


def check(token_hash: str) -> PersonalToken:
    """The token with this hash, with its person, as things stand now. Raises TokenRefused."""
    for token in _tokens(token_hash):
        user = find_user(token.user_id)
        if user and user.is_active and token.expires_at > timezone.now():
            token.user = user
            _mark_used(token)
            return token
    raise TokenRefused


def demand_scope(token: PersonalToken, method: str, view: Any) -> None:
    """Raise ScopeMissing where the token does not reach as far as this method of a view.

    A view says in `token_scope` what it takes to change something there; where it says nothing that is
    `manage`, and None is out of reach of every token.
    """
    needed = getattr(view, "token_scope", PersonalToken.Scope.MANAGE)
    if needed is not None and method in SAFE_METHODS:
        needed = PersonalToken.Scope.READ
    if needed is None or not token.reaches(needed):
        raise ScopeMissing(scope=needed or "")


@prepared
def _tokens(token_hash: str) -> QuerySet[PersonalToken]:
    return PersonalToken.objects.filter(token_hash=token_hash)


def _mark_used(token: PersonalToken) -> None:
    """Remember when it was last used, to the minute."""
    now = timezone.now()
    if token.last_used_at is None or token.last_used_at < now - USED_EVERY:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - USED_EVERY)
        PersonalToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)

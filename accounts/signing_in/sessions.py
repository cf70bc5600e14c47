"""Where a person is signed in: their browsers' sessions and their programs' API sign-ins."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from accounts.models import SocketTicket, User
from accounts.one_time import hash_token
from common.signals import sockets_must_close

SEEN_EVERY_S = 600
# Each contains the words of those below it.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("Windows", "Windows"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS X", "macOS"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class Place:
    """A browser that is signed in, as its person knows it."""

    row: UserSession
    device: str
    is_current: bool


class SessionsAdapter(DefaultUserSessionsAdapter):  # type: ignore[misc]  # allauth has no types
    def end_sessions(self, sessions: Iterable[UserSession]) -> None:
        for session in sessions:
            session.end()
            end_what_it_opened(session.user_id, session.session_key)


def note(request: HttpRequest) -> None:
    """Remember that this session is in use, once in ten minutes: not every request is worth a write."""
    if is_due(request.session.session_key or ""):
        UserSession.objects.create_from_request(request)


def is_due(session_key: str) -> bool:
    """Whether nobody has asked this for ten minutes; with Redis away nobody is told yes."""
    try:
        return bool(cache.add(f"seen:{hash_token(session_key)}", True, timeout=SEEN_EVERY_S))
    except RedisError:
        return False


def places(request: HttpRequest, user: User) -> list[Place]:
    """Where this person is signed in with a browser: this one first, then the last seen."""
    found = [
        Place(row, device(row.user_agent), row.session_key == request.session.session_key)
        for row in UserSession.objects.purge_and_list(user)
    ]
    return sorted(found, key=lambda place: (place.is_current, place.row.last_seen_at), reverse=True)


def end_others(request: HttpRequest, user: User) -> None:
    """End every session but this one, and every API sign-in. Access tokens have their own page."""
    rows = UserSession.objects.filter(user=user).exclude(session_key=request.session.session_key)
    SessionsAdapter().end_sessions(rows)
    deleted, _rows = user.token_families.all().delete()
    if deleted:
        # Which sockets those opened nobody knows: all are closed, and those of this browser open again.
        transaction.on_commit(
            partial(sockets_must_close.send, sender=User, user_id=user.pk, session_key=None)
        )


def end_all(user: User) -> None:
    """End every session, API sign-in, access token and socket of this person; their password stays."""
    SessionsAdapter().end_sessions(UserSession.objects.filter(user=user))
    user.end_access()


def programs(user: User) -> int:
    """How many programs are signed in with this person's password."""
    return user.token_families.filter(expires_at__gt=timezone.now()).count()


def end_what_it_opened(user_id: int, session_key: str) -> None:
    """Refuse the tickets of a session that is over and, after the commit, close its sockets."""
    SocketTicket.objects.filter(session_key=session_key).delete()
    transaction.on_commit(
        partial(sockets_must_close.send, sender=User, user_id=user_id, session_key=session_key)
    )


def device(user_agent: str) -> str:
    """What a browser calls itself, in words: “Firefox on Linux”."""
    browser = next((name for sign, name in BROWSERS if sign in user_agent), "")
    system = next((name for sign, name in SYSTEMS if sign in user_agent), "")
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("Unknown browser")

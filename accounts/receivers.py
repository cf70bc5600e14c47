"""What follows from a person signing in, signing out or being deleted."""

from functools import partial
from typing import Any

from allauth.account.signals import user_logged_in
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.signals import user_logged_out
from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts import preferences
from accounts.models import User
from accounts.sessions import end_what_it_opened
from webox.signals import sockets_must_close


@receiver(user_logged_in)
def follow_preferences(response: HttpResponseBase, user: AbstractBaseUser, **_kwargs: Any) -> None:
    """From here on this browser has the person’s theme and language, also once they are signed out."""
    if isinstance(user, User) and user.preferences:
        preferences.remember(response, preferences.of(user))


@receiver(user_logged_out)
def end_session_access(request: HttpRequest, user: AbstractBaseUser | None, **_kwargs: Any) -> None:
    """End what the session opened; Django flushes it right after this signal."""
    if user is not None and request.session.session_key:
        end_what_it_opened(user.pk, request.session.session_key)


@receiver(post_delete, sender=User)
def end_deleted_access(instance: User, **_kwargs: Any) -> None:
    """Close what a deleted person left open; their tokens went with the row."""
    transaction.on_commit(
        partial(sockets_must_close.send, sender=User, user_id=instance.pk, session_key=None)
    )

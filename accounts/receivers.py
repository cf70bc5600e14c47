"""What follows from a person signing out or being deleted: tickets and sockets end."""

from functools import partial
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.signals import user_logged_out
from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.models import SocketTicket, User
from webox.signals import sockets_must_close


@receiver(user_logged_out)
def end_session_access(request: HttpRequest, user: AbstractBaseUser | None, **_kwargs: Any) -> None:
    """End what the session opened; Django flushes it right after this signal."""
    session_key = request.session.session_key
    if user is None or not session_key:
        return
    SocketTicket.objects.filter(session_key=session_key).delete()
    _close_sockets(user.pk, session_key)


@receiver(post_delete, sender=User)
def end_deleted_access(instance: User, **_kwargs: Any) -> None:
    """Close what a deleted person left open; their tokens went with the row."""
    _close_sockets(instance.pk, None)


def _close_sockets(user_id: int, session_key: str | None) -> None:
    transaction.on_commit(
        partial(sockets_must_close.send, sender=User, user_id=user_id, session_key=session_key)
    )

"""How a person's account ends: closed at once, deleted for good some days later unless they come back."""

import logging
from datetime import datetime, timedelta

from allauth.usersessions.models import UserSession
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit
from accounts.audit import Action
from accounts.errors import OwnerStays
from accounts.models import SitePolicy, User
from accounts.signing_in import sessions

log = logging.getLogger(__name__)
SESSION_KEY = "closed_account"
RETURN_S = 900
"""So long after they have shown their password a person may take their account back."""


def close(user: User) -> datetime | None:
    """Close an account and sign it out everywhere; return when it is deleted, None if that is done.

    Raises OwnerStays for the last owner, without whom nobody could run this WeBox.
    """
    days = SitePolicy.current().grace_days
    with transaction.atomic():
        _check_that_an_owner_stays(user)
        audit.record(Action.DELETION_ASKED, person=user, by=user, days=days)
        if not days:
            # By another object: the session still needs this one.
            User.objects.get(pk=user.pk).delete()
            return None
        user.is_active, user.deletes_at = False, timezone.now() + timedelta(days=days)
        # Saving is what ends tokens and sockets.
        user.save(update_fields=["is_active", "deletes_at"])
        sessions.SessionsAdapter().end_sessions(UserSession.objects.filter(user=user))
    return user.deletes_at


def come_back(user: User) -> None:
    """Open an account again that its own person had closed."""
    with transaction.atomic():
        user.is_active, user.deletes_at = True, None
        user.save(update_fields=["is_active", "deletes_at"])
        audit.record(Action.DELETION_WITHDRAWN, person=user, by=user)


def delete_due() -> int:
    """Delete the accounts whose days are over, with everything in them; return how many."""
    deleted = 0
    for user in User.objects.filter(deletes_at__lte=timezone.now()):
        try:
            with transaction.atomic():
                _check_that_an_owner_stays(user)
                user.delete()
        except OwnerStays:
            log.warning("The only owner's account is not deleted, though its days are over.")
            continue
        deleted += 1
    return deleted


def remember_visitor(request: HttpRequest, user: User) -> None:
    """Whoever has just shown the password of a closed account may take it back for a quarter of an hour."""
    request.session[SESSION_KEY] = [user.pk, timezone.now().timestamp()]


def visitor(request: HttpRequest) -> User | None:
    """Whose closed account this visitor may take back."""
    number, shown_at = request.session.get(SESSION_KEY) or (None, 0.0)
    if number is None or timezone.now().timestamp() - shown_at > RETURN_S:
        return None
    return User.objects.filter(pk=number, deletes_at__isnull=False).first()


def _check_that_an_owner_stays(user: User) -> None:
    if not user.is_superuser:
        return
    # Held, so that two owners who leave at once do not both find the other.
    owners = User.objects.select_for_update().filter(is_superuser=True, is_active=True)
    if not [owner for owner in owners if owner.pk != user.pk]:
        raise OwnerStays

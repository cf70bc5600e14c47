"""The audit log: one line for what is done to accounts, keys, servers and settings, with no word of it."""

from datetime import timedelta

from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import AuditEvent, SitePolicy, User
from common.http.request_id import current_request, request_id

Action = AuditEvent.Action


def record(
    action: AuditEvent.Action,
    subject: str = "",
    *,
    person: User | None = None,
    by: User | None = None,
    **details: str | int | bool,
) -> None:
    """Add a line, in the transaction of what it tells.

    `person`: whose account it concerns; `by`: who did it, else whoever is signed in where the request comes
    from; both None for a command. `details` hold names and numbers, never secrets or what people wrote.
    """
    request = current_request()
    actor = by or _signed_in(request)
    AuditEvent.objects.create(
        action=action,
        actor_number=actor.pk if actor else None,
        actor_name=actor.username if actor else "",
        person_number=person.pk if person else None,
        subject=(subject or (person.username if person else ""))[:250],
        details=details,
        ip_address=_address(request),
        request_id=request_id(),
    )


def expire() -> int:
    """Remove the lines that are older than the owner keeps them; return how many."""
    until = timezone.now() - timedelta(days=SitePolicy.current().audit_days)
    return AuditEvent.objects.all().expire(until)


def _signed_in(request: HttpRequest | None) -> User | None:
    user = getattr(request, "user", None)
    return user if isinstance(user, User) and user.is_authenticated else None


def _address(request: HttpRequest | None) -> str | None:
    if request is None:
        return None
    try:
        return str(get_adapter().get_client_ip(request))
    except PermissionDenied:
        # A socket of the file system has no address.
        return None

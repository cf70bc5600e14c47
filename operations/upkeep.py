"""What is done from time to time without anybody asking: what is over goes, prices follow the calendar."""

from collections.abc import Callable
from importlib import import_module

from django.conf import settings
from django.utils import timezone

from accounts import audit
from accounts.models import SocketTicket, TokenFamily
from accounts.plans import premium
from accounts.signing_in import deletion
from chat.ais import catalogue
from chat.store import erasing, uploads


def tidy() -> None:
    """Remove what is over; renew prices; end what is over. Safe to repeat."""
    remove_what_is_over()
    catalogue.fill()
    premium.end_due()


def remove_what_is_over() -> dict[str, int]:
    """Delete for good what nobody can or should have back; how much of each, by name. Safe to repeat."""
    return {name: remove() for name, remove in REMOVALS.items()}


def _end_sign_ins() -> int:
    """Sessions, API sign-ins and tickets whose time is over."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    over = {"expires_at__lte": timezone.now()}
    families = TokenFamily.objects.filter(**over).delete()[1].get(TokenFamily._meta.label, 0)
    SocketTicket.objects.filter(**over).delete()
    return families


REMOVALS: dict[str, Callable[[], int]] = {
    "unused images": uploads.sweep,
    "erased conversations": erasing.erase_left,
    "deleted conversations": erasing.purge_deleted,
    "expired conversations": erasing.purge_expired,
    "closed accounts": deletion.delete_due,
    "ended API sign-ins": _end_sign_ins,
    "old lines of the audit log": audit.expire,
}

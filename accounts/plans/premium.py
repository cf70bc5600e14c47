"""Premium, given and taken: by whom, why, and until when. Every change leaves a line in the history."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import PremiumChange, User


def give(user: User, *, by: User | None, until: datetime | None = None, reason: str = "") -> None:
    """Make a person premium, until a moment or for good."""
    _change(user, is_premium=True, until=until, by=by, reason=reason)


def take(user: User, *, by: User | None, reason: str = "") -> None:
    """End a person's premium now."""
    _change(user, is_premium=False, until=None, by=by, reason=reason)


def end_due() -> int:
    """Note in the history whose premium has ended by its date; it has not held since then. How many."""
    due = User.objects.filter(is_premium=True, premium_until__lte=timezone.now())
    ended = list(due)
    for user in ended:
        take(user, by=None)
    return len(ended)


def _change(user: User, *, is_premium: bool, until: datetime | None, by: User | None, reason: str) -> None:
    with transaction.atomic():
        user.is_premium, user.premium_until = is_premium, until
        user.save(update_fields=["is_premium", "premium_until"])
        PremiumChange.objects.create(
            user=user, is_premium=is_premium, until=until, reason=reason, changed_by=by
        )

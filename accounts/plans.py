"""What free and premium accounts may do here."""

from django.conf import settings

from accounts.models import User


def may_use_server_keys(user: User) -> bool:
    """Whether this person's questions may be paid with the keys of the server's own environment."""
    if not user.is_active:
        return False
    if settings.SERVER_KEYS == "everyone":
        return True
    return user.is_superuser or (settings.SERVER_KEYS == "premium" and user.is_premium)


def may_use_premium(user: User) -> bool:
    """Whether this person may use the AIs that the owner keeps for premium accounts."""
    return user.is_active and (user.is_premium or user.is_superuser)

"""Who an administrator is: the owner, or somebody the owner has let in."""

from django.http import HttpRequest

from accounts.models import User


def is_owner(request: HttpRequest) -> bool:
    """Whether an owner of this WeBox asks."""
    return isinstance(request.user, User) and request.user.is_superuser

"""How the owner's account is made: by a one-time link, or from the environment. Never by who comes first."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.errors import LinkInvalid
from accounts.identity import USERNAME_CHARS
from accounts.models import OwnerLink, User
from accounts.signing_in.signup import make_account


def has_owner() -> bool:
    return User.objects.filter(is_superuser=True).exists()


def make_owner_link(base_url: str) -> str | None:
    """A link, good for 24 hours, that makes the owner's account; None where there is an owner.

    Of several, the first that is used ends the others: two servers that start at once show one each.
    """
    if has_owner():
        return None
    token = OwnerLink().issue()
    return base_url.rstrip("/") + reverse("accounts:owner", args=[token])


def is_owner_link(token: str) -> bool:
    """Whether this token can make the owner's account now."""
    return OwnerLink.unexpired(token).exists() and not has_owner()


def claim_ownership(token: str, *, email: str, username: str, password: str) -> User:
    """Use up the link and make the owner's account. Raises LinkInvalid, and ValidationError by field."""
    with transaction.atomic():
        # Of two at once, the row is deleted by one alone; a ValidationError brings it back.
        used, _rows = OwnerLink.unexpired(token).delete()
        if not used or has_owner():
            raise LinkInvalid
        return make_account(email=email, username=username, password=password, is_owner=True)


def ensure_owner() -> User | None:
    """Make the owner's account of WEBOX_OWNER_EMAIL and WEBOX_OWNER_PASSWORD unless it is there.

    None where they are not set. Raises ValidationError: one without the other, a weak password, or an
    address that already belongs to an account which is not the owner's (no one may become the owner by
    having signed up with it).
    """
    email, password = settings.OWNER_EMAIL, settings.OWNER_PASSWORD
    if not email and not password:
        return None
    if not email or not password:
        raise ValidationError(_("Set WEBOX_OWNER_EMAIL and WEBOX_OWNER_PASSWORD both, or neither."))
    user = User.objects.by_login(email)
    if user is None:
        return make_account(
            email=email, username=_free_username(email.partition("@")[0]), password=password, is_owner=True
        )
    if not user.is_superuser:
        raise ValidationError(_("The account with WEBOX_OWNER_EMAIL’s address is not the owner’s."))
    return user


def _free_username(wanted: str) -> str:
    base = wanted[: USERNAME_CHARS - 10]
    name, number = base, 1
    while User.objects.by_login(name):
        number += 1
        name = f"{base}{number}"
    return name

"""How an account comes to be: sign-up, open or by invitation. The owner's own account: owner.py."""

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.errors import InvitationNeeded, LinkInvalid, SignupClosed
from accounts.identity import identity_key
from accounts.models import Invitation, User

INVITATION_SESSION_KEY = "invitation"


def make_account(*, email: str, username: str, password: str, is_owner: bool = False) -> User:
    """Save and return a new account. Raises ValidationError by field: email, username, password."""
    user = User(email=email, username=username)
    if is_owner:
        user.is_staff = user.is_superuser = user.is_premium = True
    errors: dict[str, list[str]] = {}
    try:
        user.clean()
    except ValidationError as error:
        errors = error.message_dict
    try:
        validate_password(password, user)
    except ValidationError as error:
        errors["password"] = error.messages
    if errors:
        raise ValidationError(errors)
    user.set_password(password)
    user.save_checked()
    return user


def sign_up(*, email: str, username: str, password: str, invitation: Invitation | None = None) -> User:
    """Make an account if sign-up is open to this person, and use up their invitation.

    Raises SignupClosed, LinkInvalid and ValidationError by field.
    """
    check_open(invitation)
    with transaction.atomic():
        if invitation and invitation.email and identity_key(invitation.email) != identity_key(email):
            raise ValidationError({"email": _("This invitation is for another email address.")})
        user = make_account(email=email, username=username, password=password)
        if invitation:
            _use_up(invitation, user)
    return user


def check_open(invitation: Invitation | None) -> None:
    """Raises SignupClosed where this person can't make an account."""
    if settings.SIGNUP == "closed":
        raise SignupClosed
    if settings.SIGNUP == "invite" and invitation is None:
        raise InvitationNeeded


def find_invitation(token: str) -> Invitation | None:
    """The invitation of this token, if it can still be used."""
    return Invitation.unexpired(token).filter(used_at=None).first()


def invitation_in(request: HttpRequest) -> Invitation | None:
    """The invitation whose link this visitor opened, if it can still be used."""
    return find_invitation(request.session.get(INVITATION_SESSION_KEY, ""))


def _use_up(invitation: Invitation, user: User) -> None:
    unused = Invitation.objects.filter(pk=invitation.pk, used_at=None, expires_at__gt=timezone.now())
    if not unused.update(used_by=user, used_at=timezone.now()):
        raise LinkInvalid

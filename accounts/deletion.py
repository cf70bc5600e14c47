"""How a person's account ends for good."""

from django.db import transaction

from accounts.errors import OwnerStays
from accounts.models import User


def delete_account(user: User) -> None:
    """Delete a person with everything of theirs: conversations, keys, tokens, sessions. There is no way back.

    Raises OwnerStays for the last owner, without whom nobody could run this WeBox.
    """
    with transaction.atomic():
        if user.is_superuser:
            # Held, so that two owners who leave at once do not both find the other.
            owners = User.objects.select_for_update().filter(is_superuser=True, is_active=True)
            if not [owner for owner in owners if owner.pk != user.pk]:
                raise OwnerStays
        # By another object: the session still needs this one.
        User.objects.get(pk=user.pk).delete()

"""What the audit log keeps of keys and servers that go, however they go."""

from typing import Any

from django.db.models.signals import post_delete
from django.dispatch import receiver

from accounts import audit
from accounts.models import User
from chat.models import Provider, ProviderKey


@receiver(post_delete, sender=ProviderKey)
def note_forgotten_key(instance: ProviderKey, **_kwargs: Any) -> None:
    slug = Provider.objects.filter(pk=instance.provider_id).values_list("slug", flat=True).first()
    audit.record(audit.Action.KEY_FORGOTTEN, slug or "", person=_person(instance.owner_id))


@receiver(post_delete, sender=Provider)
def note_removed_server(instance: Provider, **_kwargs: Any) -> None:
    audit.record(
        audit.Action.DELETED,
        instance.slug,
        person=_person(instance.owner_id),
        kind=instance._meta.label_lower,
    )


def _person(user_id: int | None) -> User | None:
    return User.objects.filter(pk=user_id).first() if user_id else None

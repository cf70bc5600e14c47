"""Tags: a person's own words on conversations, made when they are first used and gone with their last use."""

from collections.abc import Collection

from django.db import transaction
from django.db.models import Count, Q

from accounts.models import User
from chat import limits
from chat.errors import TooManyTags
from chat.models import Conversation, Tag, hold_tags, sorting_key
from chat.models.conversation import visible_to

# The table between the two: its rows are written many at once.
Tagged = Conversation.tags.through


@transaction.atomic
def set_tags(conversation: Conversation, names: Collection[str]) -> None:
    """Give a conversation these tags and no others. Raises TooManyTags."""
    hold_tags(conversation.owner_id)
    keys = {sorting_key(name) for name in names}
    Tagged.objects.filter(conversation=conversation).exclude(tag__name_key__in=keys).delete()
    add([conversation.pk], conversation.owner_id, names)
    Tag.objects.drop_unused(conversation.owner_id)


@transaction.atomic
def change(
    conversation_ids: Collection[int], owner_id: int, added: Collection[str], removed: Collection[str]
) -> None:
    """Put tags on an owner's conversations and take others off them.

    Raises TooManyTags; then nothing is changed.
    """
    hold_tags(owner_id)
    keys = {sorting_key(name) for name in removed}
    Tagged.objects.filter(conversation__in=conversation_ids, tag__name_key__in=keys).delete()
    add(conversation_ids, owner_id, added)
    Tag.objects.drop_unused(owner_id)


def add(conversation_ids: Collection[int], owner_id: int, names: Collection[str]) -> None:
    """Put tags on an owner's conversations; the caller holds the owner's tags. Raises TooManyTags."""
    by_key = {sorting_key(name): name for name in reversed([*names])}
    for key, name in by_key.items():
        tag, _made = Tag.objects.get_or_create(owner_id=owner_id, name_key=key, defaults={"name": name})
        Tagged.objects.bulk_create(
            [Tagged(conversation_id=pk, tag=tag) for pk in conversation_ids], ignore_conflicts=True
        )
    counted = Conversation.objects.filter(pk__in=conversation_ids).annotate(count=Count("tags"))
    if counted.filter(count__gt=limits.TAGS_OF_A_CONVERSATION).exists():
        raise TooManyTags(limit=limits.TAGS_OF_A_CONVERSATION)


def counts(user: User) -> list[tuple[str, int]]:
    """A person's tags by name, each with how many listed conversations have it; 0 where all are archived."""
    seen = Tag.objects.for_user(user).filter(visible_to(user, "conversations__"))
    listed = Q(conversations__is_archived=False)
    counted = seen.annotate(count=Count("conversations", filter=listed)).order_by("name_key")
    return list(counted.values_list("name", "count"))

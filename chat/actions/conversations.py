"""What a person can do to whole conversations: find, make and change them, delete them and have them back."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from chat import limits
from chat.actions import stopping
from chat.engine import process
from chat.errors import ConversationNotFound, NothingToUndo
from chat.folding import fold
from chat.models import Answer, Conversation, Folder
from chat.store import tags


def search(conversations: QuerySet[Conversation], words: str) -> QuerySet[Conversation]:
    """Those whose title holds all these words, in any case, with or without accents."""
    for word in fold(words).split(" "):
        conversations = conversations.filter(title_key__contains=word)
    return conversations


@transaction.atomic
def make(user: User, values: Mapping[str, Any]) -> Conversation:
    """Start an empty one with these values of its fields, and `tags` by their names. Raises TooManyTags."""
    fields = {name: value for name, value in values.items() if name != "tags"}
    made = Conversation.objects.create(owner=user, updated_at=timezone.now(), **fields)
    if values.get("tags"):
        tags.set_tags(made, values["tags"])
    return made


@transaction.atomic
def change(conversation: Conversation, values: Mapping[str, Any]) -> None:
    """Give it these values of its fields, and these `tags` in place of its own. Raises TooManyTags."""
    fields = [name for name in values if name != "tags"]
    for name in fields:
        setattr(conversation, name, values[name])
    # Not `updated_at`: renaming an old conversation must not move it to the top of the list.
    conversation.save(update_fields=fields)
    if "tags" in values:
        tags.set_tags(conversation, values["tags"])


@transaction.atomic
def change_all(
    user: User,
    ids: Collection[int],
    values: Mapping[str, Any],
    added_tags: Collection[str] = (),
    removed_tags: Collection[str] = (),
) -> list[Conversation]:
    """Change several in the same way: fields without a title, tags to put on and to take off.

    Returns them in the order of their ids. Raises ConversationNotFound where one is not the user's, and
    TooManyTags; then nothing is changed.
    """
    _require_all(user, ids)
    if "folder" in values:
        values = {**values, "folder": Folder.objects.hold(user.pk, values["folder"])}
    if values:
        Conversation.objects.filter(pk__in=ids).update(**values)
    if added_tags or removed_tags:
        tags.change(ids, user.pk, added_tags, removed_tags)
    return _read(user, ids)


def delete(conversation: Conversation) -> None:
    """Hide it everywhere at once and stop what runs in it; it can be had back for a while."""
    _hide([conversation.pk])


@transaction.atomic
def delete_all(user: User, ids: Collection[int]) -> None:
    """Delete several. Raises ConversationNotFound where one is not the user's; then none is deleted."""
    _require_all(user, ids)
    _hide(ids)


def undo_delete(user: User, conversation_id: int) -> Conversation:
    """Have a deleted conversation back as it was; what ran in it stays stopped. Raises NothingToUndo."""
    if not _deleted_lately(user).filter(pk=conversation_id).update(deleted_at=None):
        raise NothingToUndo
    return Conversation.objects.get(pk=conversation_id)


@transaction.atomic
def undo_delete_all(user: User, ids: Collection[int]) -> list[Conversation]:
    """Have several back, in the order of their ids. Raises NothingToUndo where one can't be had back."""
    if _deleted_lately(user).filter(pk__in=ids).update(deleted_at=None) != len({*ids}):
        raise NothingToUndo
    return _read(user, ids)


def _deleted_lately(user: User) -> QuerySet[Conversation]:
    since = timezone.now() - timedelta(seconds=limits.UNDO_S)
    return Conversation.objects.filter(owner_id=user.pk, is_temporary=False, deleted_at__gt=since)


@transaction.atomic
def _hide(ids: Collection[int]) -> None:
    hidden = Conversation.objects.filter(pk__in=ids, deleted_at=None)
    if not hidden.update(deleted_at=timezone.now()):
        return
    running = Answer.objects.filter(message__conversation__in=ids, status__in=Answer.UNFINISHED)
    for conversation_id in running.values_list("message__conversation", flat=True).distinct():
        stopping.stop_running(conversation_id, None)
    for conversation_id in ids:
        tell = partial(process.tell, type="conversation.gone", conversation_id=conversation_id)
        transaction.on_commit(tell)


def _require_all(user: User, ids: Collection[int]) -> None:
    """Hold them until the transaction ends. Raises ConversationNotFound where one is not the user's."""
    held = Conversation.objects.for_user(user).filter(pk__in=ids).order_by("pk").select_for_update()
    if len(held.only("pk")) != len({*ids}):
        raise ConversationNotFound


def _read(user: User, ids: Collection[int]) -> list[Conversation]:
    found = Conversation.objects.for_user(user).prefetch_related("tags").in_bulk([*ids])
    return [found[conversation_id] for conversation_id in dict.fromkeys(ids)]

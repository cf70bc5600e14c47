"""What a person can do to a whole conversation: find it, delete it and have it back."""

from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from chat import dispatch, limits, turns
from chat.errors import NothingToUndo
from chat.folding import fold
from chat.models import Conversation


def search(conversations: QuerySet[Conversation], words: str) -> QuerySet[Conversation]:
    """Those whose title holds all these words, in any case, with or without accents."""
    for word in fold(words).split(" "):
        conversations = conversations.filter(title_key__contains=word)
    return conversations


def delete(conversation: Conversation) -> None:
    """Hide it everywhere at once and stop what runs in it; it can be had back for a while."""
    hidden = Conversation.objects.filter(pk=conversation.pk, deleted_at=None)
    if not hidden.update(deleted_at=timezone.now()):
        return
    turns.stop_running(conversation.pk, None)
    dispatch.tell(type="conversation.gone", conversation_id=conversation.pk)


def undo_delete(user: User, conversation_id: int) -> Conversation:
    """Have a deleted conversation back as it was; what ran in it stays stopped. Raises NothingToUndo."""
    since = timezone.now() - timedelta(seconds=limits.UNDO_S)
    deleted = Conversation.objects.filter(
        pk=conversation_id, owner_id=user.pk, is_temporary=False, deleted_at__gt=since
    )
    if not deleted.update(deleted_at=None):
        raise NothingToUndo
    return Conversation.objects.get(pk=conversation_id)

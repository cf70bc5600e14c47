"""A user's conversations, found and locked."""

from django.db.models import QuerySet

from accounts.models import User
from chat.errors import ConversationNotFound
from chat.models import Conversation
from common.data.prepared import prepared


def owns(user: User, conversation_id: int) -> bool:
    """Whether the conversation exists and is theirs."""
    return Conversation.objects.for_user(user).filter(pk=conversation_id).exists()


def find_conversation(user: User, conversation_id: int) -> Conversation:
    conversation = Conversation.objects.for_user(user).filter(pk=conversation_id).first()
    if conversation is None:
        raise ConversationNotFound
    return conversation


def lock_conversation(user: User, conversation_id: int) -> Conversation:
    """The conversation, held until the transaction ends, so that two tabs can't fork it unawares."""
    locked = _locked_conversation(user.pk, conversation_id)
    if not locked:
        raise ConversationNotFound
    return locked[0]


@prepared
def _locked_conversation(user_id: int, conversation_id: int) -> QuerySet[Conversation]:
    theirs = Conversation.objects.for_user(User(pk=user_id)).filter(pk=conversation_id)
    return theirs.select_for_update()

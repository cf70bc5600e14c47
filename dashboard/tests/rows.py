"""Rows as the chat makes them, for the dashboard's tests."""

from datetime import datetime

from accounts.models import User
from chat.models import Answer, Conversation, Message


def make_conversation(owner: User, at: datetime) -> Conversation:
    """An empty conversation begun at that moment."""
    conversation = Conversation.objects.create(owner=owner, title="Made up", updated_at=at)
    Conversation.objects.filter(pk=conversation.pk).update(created_at=at)
    return conversation


def make_turn(
    conversation: Conversation, at: datetime, *providers: str, status: str = Answer.Status.DONE
) -> Message:
    """A question of that moment, asked of each provider once; returns the assistant message."""
    question = Message.objects.create(conversation=conversation, role=Message.Role.USER, content="Why?")
    assistant = Message.objects.create(
        conversation=conversation, role=Message.Role.ASSISTANT, parent=question
    )
    Message.objects.filter(pk__in=[question.pk, assistant.pk]).update(created_at=at)
    for position, provider in enumerate(providers):
        Answer.objects.create(
            message=assistant,
            position=position,
            target=provider,
            name=f"{provider}#{position}",
            provider=provider,
            model="any",
            status=status,
        )
    return assistant

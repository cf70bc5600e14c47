"""Rows as the chat makes them, for the dashboard's tests."""

from collections.abc import Sequence
from datetime import datetime

from accounts.models import LedgerEntry, User
from chat.models import Answer, Conversation, Message


def make_conversation(owner: User, at: datetime, folder: str = "Général") -> Conversation:
    """An empty conversation begun at that moment."""
    conversation = Conversation.objects.create(owner=owner, title="Made up", updated_at=at, folder=folder)
    Conversation.objects.filter(pk=conversation.pk).update(created_at=at)
    return conversation


def make_turn(
    conversation: Conversation, at: datetime, *providers: str, status: str = "done", cost_usd: float = 0.0
) -> Message:
    """A question of that moment, asked of each provider once; returns the assistant message."""
    question = Message.objects.create(conversation=conversation, role=Message.Role.USER, content="Why?")
    assistant = Message.objects.create(
        conversation=conversation, role=Message.Role.ASSISTANT, parent=question
    )
    Message.objects.filter(pk__in=[question.pk, assistant.pk]).update(created_at=at)
    answers = [
        Answer.objects.create(
            message=assistant,
            position=position,
            target=provider,
            name=f"{provider}#{position}",
            provider=provider,
            model="any",
            status=status,
        )
        for position, provider in enumerate(providers)
    ]
    book(conversation.owner, answers, at, cost_usd)
    return assistant


def book(owner: User, answers: Sequence[Answer], at: datetime, cost_usd: float = 0.0) -> None:
    """The ledger's entries of a turn's answers, settled unless they are being written."""
    seen: set[str] = set()
    for position, answer in enumerate(answers):
        is_open = answer.status in Answer.UNFINISHED
        LedgerEntry.objects.create(
            user=owner,
            answer_id=answer.pk,
            message_id=answer.message_id,
            conversation_id=answer.message.conversation_id,
            provider=answer.provider,
            model=answer.model,
            payer="server",
            is_first=position == 0,
            is_first_of_provider=answer.provider not in seen,
            asked_at=at,
            outcome="" if is_open else answer.status,
            input_tokens=None if is_open else 100,
            output_tokens=None if is_open else 50,
            nanousd=None if is_open else round(cost_usd * 1_000_000_000),
            first_token_ms=None if is_open else 400,
            total_ms=None if is_open else 2_400,
        )
        seen.add(answer.provider)

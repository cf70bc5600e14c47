"""Asks the AIs of ended answers again."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from chat.actions import starting
from chat.actions.announcing import NOBODY, Asked, Asker, accepted_event, announce_on_commit
from chat.errors import AnswerNotFound
from chat.models import Answer, Conversation
from chat.store import booking
from chat.store.finding import lock_conversation
from chat.store.records import answer_record
from chat.store.saving import ask_again


def retry(user: User, conversation_id: int, answer_ids: list[int], asker: Asker = NOBODY) -> list[Asked]:
    """Ask the AIs of these ended answers again; each gets a new answer, the old ones stay.

    Raises ConversationNotFound, AnswerNotFound, AnswerStillRunning, or what the user's plan refuses; then
    nothing is saved.
    """
    starting.prepare()
    with transaction.atomic():
        conversation = lock_conversation(user, conversation_id)
        answers = Answer.objects.filter(message__conversation=conversation, pk__in=answer_ids)
        by_message: dict[int, list[Answer]] = {}
        for answer in answers.select_related("message", "provider_row").order_by("message_id", "position"):
            by_message.setdefault(answer.message_id, []).append(ask_again(answer))
        if sum(map(len, by_message.values())) != len(set(answer_ids)):
            raise AnswerNotFound
        Conversation.objects.filter(pk=conversation.pk).update(updated_at=timezone.now(), is_indexed=False)
        retried = []
        for message_id, again in by_message.items():
            _reserve_again(user, conversation.pk, again)
            accepted = accepted_event(conversation, [answer_record(answer) for answer in again])
            retried.append(announce_on_commit(message_id, accepted, asker, is_new=True))
    return retried


def _reserve_again(user: User, conversation_id: int, again: Sequence[Answer]) -> None:
    columns = [
        booking.Column(
            answer_id=answer.pk,
            name=answer.name,
            slug=answer.provider,
            provider=answer.provider_row,
            model=answer.model,
            settings=answer.settings,
        )
        for answer in again
    ]
    message = again[0].message
    booking.reserve(
        user,
        columns,
        conversation_id=conversation_id,
        message_id=message.pk,
        context=message.context,  # type: ignore[arg-type]  # written from the same words
        is_again=True,
    )

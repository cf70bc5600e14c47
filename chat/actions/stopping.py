"""Stopping answers: the rows first, then whoever writes them."""

from collections.abc import Collection
from functools import partial

from django.db import transaction
from django.db.models.functions import Now

from accounts.models import User
from accounts.plans import ledger
from accounts.plans.ledger import Settlement
from chat import events
from chat.engine import process
from chat.models import Answer
from chat.store.finding import find_conversation


def stop(user: User, conversation_id: int, answer_ids: list[int] | None) -> None:
    """Stop these answers, or all that run in the conversation; what is already ended stays as it is.

    Raises ConversationNotFound.
    """
    stop_running(find_conversation(user, conversation_id).pk, answer_ids)


def stop_running(conversation_id: int, answer_ids: Collection[int] | None) -> None:
    """Stop what runs in a conversation, whoever asks for it."""
    running = Answer.objects.filter(message__conversation=conversation_id, status__in=Answer.UNFINISHED)
    if answer_ids is not None:
        running = running.filter(pk__in=answer_ids)
    with transaction.atomic():
        stopped = [
            answer
            for answer in running.order_by("pk")
            if Answer.objects.filter(pk=answer.pk, status=answer.status).update(
                status=Answer.Status.STOPPED, finished_at=Now()
            )
        ]
        # Whoever writes an answer knows what it has taken, and settles it; nobody writes these.
        ledger.settle(
            {
                answer.pk: Settlement(outcome=Answer.Status.STOPPED)
                for answer in stopped
                if answer.status == Answer.Status.QUEUED
            }
        )
    transaction.on_commit(partial(_announce_stop, conversation_id, stopped))


def _announce_stop(conversation_id: int, stopped: list[Answer]) -> None:
    engine = process.engine_of_process()
    # Whoever writes an answer announces its end, with the text it still holds; the others end here.
    elsewhere = [one for one in stopped if engine.running_answer(one.message_id, one.pk) is None]
    process.stop([answer.pk for answer in stopped])
    for answer in elsewhere:
        event = events.AnswerChanged(
            id=answer.pk,
            status="stopped",
            text_length=len(answer.text),
            reasoning_length=len(answer.reasoning),
            first_token_ms=answer.first_token_ms,
        )
        engine.hub.publish(conversation_id, event)
    for message_id in {answer.message_id for answer in elsewhere}:
        if not Answer.objects.filter(message_id=message_id, status__in=Answer.UNFINISHED).exists():
            engine.hub.publish(conversation_id, events.TurnChanged(state="complete", message_id=message_id))

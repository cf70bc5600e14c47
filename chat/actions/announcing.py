"""Telling everybody that a turn was saved, once it is committed, and starting it."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial

from django.db import transaction

from chat import events
from chat.actions import starting
from chat.engine.process import engine_of_process
from chat.models import Conversation

OnAccepted = Callable[[events.Accepted], object]


@dataclass
class Asked:
    """A turn that is saved; `running` ends with it where this process runs it."""

    conversation_id: int
    message_id: int
    running: Future[None] | None = None


def accepted_event(
    conversation: Conversation, records: list[events.MessageRecord], client_id: str | None
) -> events.Accepted:
    return events.Accepted(
        client_id=client_id,
        conversation_id=conversation.pk,
        title=conversation.title,
        messages=records,
        answers=records[-1].answers,
    )


def announce_on_commit(
    accepted: events.Accepted, on_accepted: OnAccepted | None, skip_id: str, *, is_new: bool
) -> Asked:
    asked = Asked(accepted.conversation_id, accepted.messages[-1].id)
    transaction.on_commit(partial(announce, asked, accepted, on_accepted, skip_id, is_new=is_new))
    return asked


def announce(
    asked: Asked, accepted: events.Accepted, on_accepted: OnAccepted | None, skip_id: str, *, is_new: bool
) -> None:
    """In this order: the asker knows the ids before anybody can send it a delta of them."""
    if on_accepted:
        on_accepted(accepted)
    if not is_new:
        if any(answer.status == "queued" for answer in accepted.answers):
            # Whoever saved it may have died before it told the workers; to start it twice does no harm.
            asked.running = starting.start(asked.message_id)
        return
    started = events.TurnChanged(
        state="started",
        message_id=asked.message_id,
        title=accepted.title,
        messages=accepted.messages,
        answers=accepted.answers,
    )
    engine_of_process().hub.publish(asked.conversation_id, started, skip_id=skip_id)
    asked.running = starting.start(asked.message_id)

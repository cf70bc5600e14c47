"""Announces a saved turn to its clients after the commit, and starts it."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial

from django.db import transaction

from chat import events
from chat.actions import starting
from chat.engine.process import engine_of_process
from chat.models import Conversation


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """How the client that asks learns what was saved; every other socket gets the event `turn` instead."""

    on_accepted: Callable[[events.Accepted], object] | None = None
    """Called after the commit and before the turn starts, in the thread that saved it."""
    socket_id: str = ""
    """The hub's id of the socket that asks."""


NOBODY = Asker()
"""For callers that read the saved turn by themselves."""


@dataclass
class Asked:
    """A turn that is saved; `running` ends with it where this process runs it."""

    conversation_id: int
    message_id: int
    running: Future[None] | None = None


def accepted_event(
    conversation: Conversation,
    answers: list[events.AnswerRecord],
    messages: Sequence[events.MessageRecord] = (),
    client_id: str | None = None,
) -> events.Accepted:
    """What the asker gets: the new answers, with their messages where these are new too."""
    return events.Accepted(
        client_id=client_id,
        conversation_id=conversation.pk,
        title=conversation.title,
        messages=[*messages],
        answers=answers,
    )


def announce_on_commit(message_id: int, accepted: events.Accepted, asker: Asker, *, is_new: bool) -> Asked:
    """Announce and start the turn once the transaction commits."""
    asked = Asked(accepted.conversation_id, message_id)
    transaction.on_commit(partial(_announce, asked, accepted, asker, is_new=is_new))
    return asked


def _announce(asked: Asked, accepted: events.Accepted, asker: Asker, *, is_new: bool) -> None:
    """The order matters: the asker knows the ids before anybody can send it a delta of them."""
    if asker.on_accepted:
        asker.on_accepted(accepted)
    if not is_new:
        if any(answer.status == "queued" for answer in accepted.answers):
            # The process that saved it may have died before it told the workers; starting twice is safe.
            asked.running = starting.start(asked.message_id)
        return
    started = events.TurnChanged(
        state="started",
        message_id=asked.message_id,
        title=accepted.title,
        messages=accepted.messages,
        answers=accepted.answers,
    )
    engine_of_process().hub.publish(asked.conversation_id, started, skip_id=asker.socket_id)
    asked.running = starting.start(asked.message_id)

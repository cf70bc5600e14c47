"""A program's question as a turn: saved, asked like any other, and gone afterwards unless it is kept."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from itertools import pairwise

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from chat import events
from chat.actions import asking, starting, stopping, waiting
from chat.ais.targets import Target
from chat.engine.loop import NOT_FOUND, SIGN_IN
from chat.engine.process import engine_of_process
from chat.engine.saving.writer import DATABASE_AWAY
from chat.errors import ConversationNotFound, EngineStopping, SignInAgain
from chat.live.credentials import Credential
from chat.live.following import TurnEvents
from chat.live.outbox import Ended
from chat.models import Answer, Attachment, Conversation, Message
from chat.store import erasing, uploads
from chat.store.records import newest
from chat.store.saving import Question, title_of
from common.errors import WeBoxError
from gateway.body import Said, Wanted

ERASE_WITHIN_S = 30
ERASE_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class Asked:
    """A turn that a program has begun. `answers` are as they were saved: queued."""

    conversation_id: int
    message_id: int
    answers: list[Answer]
    is_kept: bool
    created: int = field(default_factory=lambda: int(timezone.now().timestamp()))


def ask(user: User, wanted: Wanted, targets: Sequence[Target]) -> Asked:
    """Save the conversation as the program tells it, and start its last turn.

    Raises NotAnImage, TooManyPixels, or what the person's plan refuses; then nothing is saved.
    """
    starting.prepare()
    images = [[uploads.remade(user, data) for data in said.images] for said in wanted.past]
    own_images = [uploads.remade(user, data) for data in wanted.question.images]
    with transaction.atomic():
        first = next(said for said in [*wanted.past, wanted.question] if said.role == "user")
        conversation = Conversation.objects.create(
            owner=user,
            title=title_of(first.text.strip()) if wanted.is_kept else "",
            updated_at=timezone.now(),
            is_temporary=not wanted.is_kept,
        )
        for message, seen in zip(_save_past(conversation, wanted.past), images, strict=True):
            _save_images(message, seen)
        _save_images(None, own_images)
        begun = asking.begin(
            user, conversation, Question(message=wanted.question.text, targets=targets), own_images
        )
    answers = Answer.objects.filter(message_id=begun.message_id).order_by("position")
    return Asked(conversation.pk, begun.message_id, list(answers), wanted.is_kept)


def _save_past(conversation: Conversation, past: Sequence[Said]) -> list[Message]:
    """The messages before the question, each the child of the one before."""
    messages = Message.objects.bulk_create(
        Message(conversation=conversation, role=said.role, content=said.text) for said in past
    )
    for before, message in pairwise(messages):
        message.parent = before
    Message.objects.bulk_update(messages[1:], ["parent"], batch_size=200)
    return messages


def _save_images(message: Message | None, images: Sequence[Attachment]) -> None:
    for position, image in enumerate(images):
        image.message, image.position = message, position
        image.save(force_insert=True)


class Following:
    """A program that waits for its turn: when it goes away, what nobody keeps is stopped and erased."""

    def __init__(self, user: User, credential: Credential, asked: Asked) -> None:
        self._user = user
        self._asked = asked
        self._engine = engine_of_process()
        marks = {answer.pk: (0, 0) for answer in asked.answers}
        who = (user.pk, credential.session_key)
        self.turn = TurnEvents(
            asked.conversation_id, asked.message_id, who, marks, lambda: credential.user() is not None
        )

    async def wait(self) -> None:
        """Return when the turn is complete.

        Raises SignInAgain, ConversationNotFound or EngineStopping where it is over before that.
        """
        is_whole = False
        try:
            async with aclosing(self.turn.follow()) as coming:
                async for event in coming:
                    is_whole = is_complete(event)
        except (Ended, *DATABASE_AWAY) as error:
            raise over(error) from error
        finally:
            if not is_whole:
                self.leave(is_whole=False)

    def leave(self, *, is_whole: bool) -> None:
        """The program has what it gets: stop what it does not wait for, and erase what it does not keep."""
        if not self._asked.is_kept:
            self._engine.call_soon(self._erase(is_whole=is_whole))

    async def _erase(self, *, is_whole: bool) -> None:
        if not is_whole:
            await self._engine.serve(self._stop)
        for _ in range(int(ERASE_WITHIN_S / ERASE_EVERY_S)):
            if await self._engine.serve(self._erase_now):
                return
            await asyncio.sleep(ERASE_EVERY_S)

    def _stop(self) -> None:
        stopping.stop_running(self._asked.conversation_id, None)

    def _erase_now(self) -> bool:
        if waiting.being_written(self._asked.message_id).exists():
            return False
        erasing.erase(self._asked.conversation_id)
        return True


def over(error: Exception) -> WeBoxError:
    """Why a turn is followed no longer, in a program's words."""
    code = error.code if isinstance(error, Ended) else 0
    if code == SIGN_IN:
        return SignInAgain()
    return ConversationNotFound() if code == NOT_FOUND else EngineStopping()


def is_complete(event: events.AnyEvent | None) -> bool:
    """Whether this is a turn's last event."""
    return isinstance(event, events.TurnChanged) and event.state == "complete"


def read_answers(asked: Asked) -> list[Answer]:
    """The turn's answers as the rows have them now, one for each target."""
    return newest(Answer.objects.filter(message_id=asked.message_id))

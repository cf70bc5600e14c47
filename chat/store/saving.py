"""Saves a question as rows: both messages of its turn and one queued answer per target."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Max, QuerySet
from django.utils import timezone
from msgspec import UNSET, UnsetType

from chat import events, limits
from chat.ais.targets import Target
from chat.errors import AnswerStillRunning, BadParent, MessageNotFound
from chat.models import Answer, Attachment, Conversation, Message
from chat.store import uploads
from chat.store.branches import siblings
from chat.store.records import message_record
from common.data.prepared import prepared

ParentId = int | None | UnsetType
"""The message that a question follows: None is the beginning, UNSET the end of the shown branch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question to several AIs, as the client sends it."""

    message: str
    targets: Sequence[Target]
    attachments: Sequence[UUID] = ()
    """Images that the user has uploaded."""
    client_id: str | None = None
    """The client's own id: the same id with the same content is the same turn."""
    parent_id: ParentId = UNSET
    """Where another question already follows this message, the new one begins a branch."""
    context: events.Context = "own"
    """What each AI is told of the earlier turns."""

    @property
    def content_hash(self) -> str:
        """Tells apart different questions that arrive under the same client id."""
        content: list[object] = [
            self.message,
            [[target.name, target.provider.slug, target.model, target.settings] for target in self.targets],
            [str(image) for image in self.attachments],
        ]
        if not isinstance(self.parent_id, UnsetType):
            content.append(self.parent_id)
        if self.context != "own":
            content.append(self.context)
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def save_turn(
    conversation: Conversation, question: Question, images: Sequence[Attachment]
) -> list[events.MessageRecord]:
    """Save the question and one queued answer per target; return both messages without another read.

    Raises MessageNotFound or BadParent for a `parent_id` that no question can follow.
    """
    is_branch = False
    if isinstance(question.parent_id, UnsetType):
        parent_id = _end_of(conversation)
    else:
        parent_id = question.parent_id
        is_branch = _is_branch(conversation, parent_id)
    asked = Message.objects.create(
        conversation=conversation,
        parent_id=parent_id,
        role=Message.Role.USER,
        content=question.message,
        client_id=question.client_id,
        client_hash=question.content_hash if question.client_id is not None else "",
    )
    uploads.attach(asked, images)
    assistant = Message.objects.create(
        conversation=conversation, parent=asked, role=Message.Role.ASSISTANT, context=question.context
    )
    answers = Answer.objects.bulk_create(
        Answer(
            message=assistant,
            position=position,
            target=target.text,
            name=target.name,
            provider=target.provider.slug,
            provider_row=target.provider,
            label=target.provider.label,
            mark=target.provider.mark,
            model=target.model,
            settings=target.settings,
        )
        for position, target in enumerate(question.targets)
    )
    if parent_id is None and not conversation.title:
        conversation.title = title_of(question.message)
    conversation.updated_at = timezone.now()
    if is_branch or conversation.head_id is not None:
        conversation.head = assistant
    conversation.save(update_fields=["title", "updated_at", "head"])
    beside = siblings(conversation.pk).get(asked.pk, []) if is_branch else []
    return [message_record(asked, [], images, beside), message_record(assistant, answers, [])]


def _end_of(conversation: Conversation) -> int | None:
    """The message after which the next question goes: the last one that is shown."""
    if conversation.head_id is not None:
        return conversation.head_id
    last = _last_message(conversation.pk)
    return last[0].pk if last else None


def _is_branch(conversation: Conversation, parent_id: int | None) -> bool:
    """Whether a question stands after this message already. Raises MessageNotFound or BadParent."""
    messages = Message.objects.filter(conversation=conversation)
    if parent_id is not None:
        parent = messages.filter(pk=parent_id).first()
        if parent is None:
            raise MessageNotFound
        if parent.role == Message.Role.USER:
            raise BadParent
    return messages.filter(parent=parent_id).exists()


@prepared
def _last_message(conversation_id: int) -> QuerySet[Message]:
    return Message.objects.filter(conversation=conversation_id).only("pk").order_by("-pk")[:1]


def title_of(message: str) -> str:
    """The guide's title: the first 50 characters, and three dots where there are more."""
    return message[: limits.TITLE_CHARS] + ("..." if len(message) > limits.TITLE_CHARS else "")


def ask_again(answer: Answer) -> Answer:
    """Save the next version of an answer, queued. Raises AnswerStillRunning."""
    column = Answer.objects.filter(message_id=answer.message_id, position=answer.position)
    if column.filter(status__in=Answer.UNFINISHED).exists():
        raise AnswerStillRunning
    newest = column.aggregate(version=Max("version"))["version"]
    return Answer.objects.create(
        message=answer.message,
        position=answer.position,
        version=newest + 1,
        target=answer.target,
        name=answer.name,
        provider=answer.provider,
        provider_row=answer.provider_row,
        label=answer.label,
        mark=answer.mark,
        model=answer.model,
        settings=answer.settings,
    )

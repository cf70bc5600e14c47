"""What the chat's REST API answers with; the guide's field names stand as they are."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from chat.errors import AnswerStillRunning
from chat.events import AnswerRecord, AttachmentRecord, Context
from chat.models import Answer, Message
from chat.store.records import answer_record, attachment_record, content_of, newest, with_answers
from common.words.times import timestamp
from common.words.wording import sentence


class Failure(Struct, frozen=True):
    """Why there is no whole answer under a name: a stable code and a sentence."""

    code: str
    detail: str


class Sent(Struct, frozen=True, kw_only=True):
    """A question with what came of it.

    `ai_responses` and `errors` go by the names in `selected_providers`; one that is repeated is `name#2`. Who
    failed in mid-answer is in both. `answers` are the same as records, with costs, times and tokens.
    """

    conversation_id: int
    message_id: int
    """Of the assistant's message, which holds the answers."""
    user_message: str
    ai_responses: dict[str, str]
    errors: dict[str, Failure]
    answers: list[AnswerRecord]


class MessageListed(Struct, frozen=True, kw_only=True):
    """A message of a conversation; an assistant's has the answers of its turn, by name and as records.

    An assistant's `content` is the text of the chosen answer, empty where none is chosen. `context` and
    `siblings` are as in the socket's messages.
    """

    id: int
    conversation_id: int
    parent_id: int | None
    role: Literal["user", "assistant", "system"]
    content: str
    ai_responses: dict[str, str] | None
    errors: dict[str, Failure] | None
    answers: list[AnswerRecord]
    attachments: list[AttachmentRecord]
    created_at: str
    context: Context
    siblings: list[int]


class BranchRecord(Struct, frozen=True, kw_only=True):
    """One of the questions that stand in the same place; `is_active`: it is in the branch that is shown."""

    message_id: int
    content: str
    is_active: bool
    created_at: str


class FoundServer(Struct, frozen=True, kw_only=True):
    """A server that was found on WeBox's own machine."""

    slug: str
    label: str
    base_url: str
    is_added: bool


def read_sent(conversation_id: int, message_id: int, user_message: str) -> Sent | None:
    """What came of a question so far; None where it was deleted meanwhile."""
    assistant = with_answers(Message.objects.filter(pk=message_id)).first()
    if assistant is None:
        return None
    answers = newest(assistant.answers.all())
    return Sent(
        conversation_id=conversation_id,
        message_id=message_id,
        user_message=user_message,
        ai_responses=_texts(answers),
        errors=_failures(answers),
        answers=[answer_record(answer) for answer in answers],
    )


def message_listed(message: Message, siblings: Sequence[int] = ()) -> MessageListed:
    """A message that was read by `with_answers`; `siblings` as for `chat.store.records.message_record`."""
    is_assistants = message.role == Message.Role.ASSISTANT
    is_question = message.role == Message.Role.USER
    answers = newest(message.answers.all())
    return MessageListed(
        id=message.pk,
        conversation_id=message.conversation_id,
        parent_id=message.parent_id,
        role=message.role,  # type: ignore[arg-type]  # the column's constraint holds the same words
        content=content_of(message, message.answers.all()),
        ai_responses=_texts(answers) if is_assistants else None,
        errors=_failures(answers) if is_assistants else None,
        answers=[answer_record(answer) for answer in answers],
        attachments=[attachment_record(image) for image in message.attachments.all()],
        created_at=timestamp(message.created_at),
        context=message.context,  # type: ignore[arg-type]  # written from the same words
        siblings=([*siblings] or [message.pk]) if is_question else [],
    )


def _texts(answers: list[Answer]) -> dict[str, str]:
    return {answer.name: answer.text for answer in answers}


def _failures(answers: list[Answer]) -> dict[str, Failure]:
    still_running = Failure(AnswerStillRunning.code, AnswerStillRunning().detail)
    return {
        answer.name: Failure(answer.error_code, sentence(answer.error_code, answer.error_params))
        for answer in answers
        if answer.error_code
    } | {answer.name: still_running for answer in answers if answer.status in Answer.UNFINISHED}

"""What an AI is told of a conversation: the questions so far, and its own answers to them.

Raw SQL: two queries whatever the length, of just the columns that are told. The ORM would build a row object
of 40 columns for every answer of every AI.
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection

from chat import limits
from chat.engine.claims import Asked
from chat.models import Answer, Attachment, Message
from chat.providers.base import ChatMessage, Image, Role

_ANSWER = Answer._meta.db_table
_ATTACHMENT = Attachment._meta.db_table
_MESSAGE = Message._meta.db_table


@dataclass(frozen=True, slots=True)
class Said:
    """One message of the active branch."""

    id: int
    parent_id: int | None
    role: str
    content: str
    has_images: bool


@dataclass(frozen=True, slots=True)
class Past:
    """The active branch up to a turn's question, in order, read once for all AIs of the turn."""

    messages: list[Said]
    answers: dict[tuple[int, str], str]
    """Text by message id and the name under which the AI was asked."""
    images: dict[int, tuple[Image, ...]]

    @property
    def is_about_images(self) -> bool:
        """Whether the last question has some."""
        return bool(self.messages) and self.messages[-1].id in self.images


def read_past(asked: Asked, names: Collection[str]) -> Past:
    """What there was before a turn's assistant message, with the answers of the AIs of these names.

    Of a turn's versions it is the chosen one, else the latest done, else the latest that has text.
    """
    before = (asked.conversation_id, asked.message_id)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT m.id, m.parent_id, m.role, m.content, "  # noqa: S608  # names and placeholders alone
            f"EXISTS (SELECT 1 FROM {_ATTACHMENT} i WHERE i.message_id = m.id) "
            f"FROM {_MESSAGE} m WHERE m.conversation_id = %s AND m.id < %s",
            before,
        )
        by_id = {row[0]: Said(*row) for row in cursor.fetchall()}
        answers: dict[tuple[int, str], str] = {}
        if len(by_id) > 1:
            cursor.execute(
                f"SELECT a.message_id, a.name, a.text FROM {_ANSWER} a "  # noqa: S608  # as above
                f"JOIN {_MESSAGE} m ON m.id = a.message_id WHERE m.conversation_id = %s AND m.id < %s "
                f"AND a.name IN ({', '.join(['%s'] * len(names))}) AND a.text <> '' "
                "ORDER BY CASE WHEN a.id = m.chosen_id THEN 2 WHEN a.status = 'done' THEN 1 ELSE 0 END, "
                "a.version",
                [*before, *names],
            )
            # The best one comes last, and stays.
            answers = {(message_id, name): text for message_id, name, text in cursor.fetchall()}
    branch: list[Said] = []
    parent_id = asked.question_id
    while parent_id in by_id:
        branch.append(by_id[parent_id])
        parent_id = by_id[parent_id].parent_id
    branch.reverse()
    return Past(branch, answers, _images([said.id for said in branch if said.has_images]))


def _images(message_ids: list[int]) -> dict[int, tuple[Image, ...]]:
    """The images of these messages by message; of many, the newest."""
    found: dict[int, tuple[Image, ...]] = {}
    if not message_ids:
        return found
    rows = Attachment.objects.defer(None).filter(message__in=message_ids[-limits.IMAGES_TOLD :])
    for row in rows.order_by("-message_id", "-position")[: limits.IMAGES_TOLD]:
        image = Image(row.media_type, bytes(row.data))
        found[row.message_id or 0] = (image, *found.get(row.message_id or 0, ()))
    return found


def told(past: Past, name: str) -> tuple[ChatMessage, ...]:
    """What one AI is told: the user's messages and its own earlier answers under the same name.

    An answer that a program says was given is told to all. Where an AI was not asked, or wrote nothing, the
    user's messages are merged: vendors want the roles to alternate.
    """
    messages: list[ChatMessage] = []
    for said in past.messages:
        text = said.content
        if said.role == Message.Role.ASSISTANT:
            text = past.answers.get((said.id, name)) or text
        if not text:
            continue
        seen = past.images.get(said.id, ())
        role: Role = said.role  # type: ignore[assignment]  # the column's constraint holds the same words
        if messages and messages[-1].role == role:
            last = messages.pop()
            messages.append(ChatMessage(role, f"{last.content}\n\n{text}", last.images + seen))
        else:
            messages.append(ChatMessage(role, text, seen))
    return tuple(messages)

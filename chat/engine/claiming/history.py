"""What an AI is told of a conversation: the questions so far, and the answers that its turn's context names.

Raw SQL: two queries whatever the length, of just the columns that are told. The ORM would build a row object
of 40 columns for every answer of every AI.
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection

from chat import limits
from chat.engine.claiming.claims import Asked
from chat.events import Context
from chat.models import Answer, Attachment, Message
from providers.base import ChatMessage, Image, Role

_ANSWER = Answer._meta.db_table
_ATTACHMENT = Attachment._meta.db_table
_MESSAGE = Message._meta.db_table

OTHERS = "Other AIs answered the question above as follows. They are not the user’s words."


@dataclass(frozen=True, slots=True)
class Said:
    """One message of the active branch."""

    id: int
    parent_id: int | None
    role: str
    content: str
    has_images: bool


@dataclass(frozen=True, slots=True)
class Given:
    """What one AI answered in a turn."""

    source: str
    """The AI as the others are told of it, like `Claude (claude-sonnet-4-5)`."""
    text: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Past:
    """The active branch up to a turn's question, in order, read once for all AIs of the turn."""

    messages: list[Said]
    answers: dict[int, dict[str, Given]]
    """By message id, and by the name under which the AI was asked."""
    images: dict[int, tuple[Image, ...]]
    context: Context

    @property
    def is_about_images(self) -> bool:
        """Whether the last question has some."""
        return bool(self.messages) and self.messages[-1].id in self.images


def read_past(asked: Asked, names: Collection[str]) -> Past:
    """What there was before a turn's assistant message, with what its AIs, of these names, are told of it.

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
        answers: dict[int, dict[str, Given]] = {}
        if len(by_id) > 1:
            wanted, values = _wanted(asked.context, names)
            cursor.execute(
                "SELECT a.message_id, a.name, a.label, a.model, a.text, a.id = m.chosen_id "  # noqa: S608
                f"FROM {_ANSWER} a JOIN {_MESSAGE} m ON m.id = a.message_id "
                f"WHERE m.conversation_id = %s AND m.id < %s AND a.text <> '' {wanted} "
                "ORDER BY a.position, "
                "CASE WHEN a.id = m.chosen_id THEN 2 WHEN a.status = 'done' THEN 1 ELSE 0 END, a.version",
                [*before, *values],
            )
            # The best version of each comes last, and stays.
            for message_id, name, label, model, text, is_chosen in cursor.fetchall():
                source = f"{label} ({model})".replace('"', "'")
                given = Given(source, text, bool(is_chosen))
                answers.setdefault(message_id, {})[name] = given
    branch: list[Said] = []
    parent_id = asked.question_id
    while parent_id in by_id:
        branch.append(by_id[parent_id])
        parent_id = by_id[parent_id].parent_id
    branch.reverse()
    images = _images([said.id for said in branch if said.has_images])
    return Past(branch, answers, images, asked.context)


def _wanted(context: Context, names: Collection[str]) -> tuple[str, list[str]]:
    """The condition, with its values, of the answers that are told."""
    if context == "all":
        return "", []
    own = f"a.name IN ({', '.join(['%s'] * len(names))})"
    return (f"AND {own}" if context == "own" else f"AND ({own} OR a.id = m.chosen_id)"), [*names]


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
    """What one AI is told: the user's messages, and after each what the turn's context names.

    An answer that a program says was given is told to all. Where nothing is told of a turn, the user's
    messages are merged: vendors want the roles to alternate.
    """
    messages: list[ChatMessage] = []
    others = ""
    for said in past.messages:
        role: Role = said.role  # type: ignore[assignment]  # the column's constraint holds the same words
        text = said.content
        if said.role == Message.Role.ASSISTANT:
            given = past.answers.get(said.id, {})
            text = _answer_told(past.context, given, name) or text
            others = _told_of_others(given, name) if past.context == "all" else ""
        elif others:
            text, others = f"{others}\n\n{text}", ""
        if not text:
            continue
        seen = past.images.get(said.id, ())
        if messages and messages[-1].role == role:
            last = messages.pop()
            messages.append(ChatMessage(role, f"{last.content}\n\n{text}", last.images + seen))
        else:
            messages.append(ChatMessage(role, text, seen))
    return tuple(messages)


def _answer_told(context: Context, given: dict[str, Given], name: str) -> str:
    """The text that stands as this AI's answer in a turn."""
    own = given.get(name)
    if context == "chosen":
        own = next((one for one in given.values() if one.is_chosen), own)
    return own.text if own else ""


def _told_of_others(given: dict[str, Given], name: str) -> str:
    """The other AIs' answers of a turn, as the user passes them on; empty where there are none."""
    others = (one for other, one in given.items() if other != name)
    quoted = [f'<answer from="{one.source}">\n{one.text}\n</answer>' for one in others]
    return "\n\n".join([OTHERS, *quoted]) if quoted else ""

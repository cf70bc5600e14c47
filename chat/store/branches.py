"""Branches: a question that is asked again in other words stands beside the first, with its own answers.

`Conversation.head` is the last message of the branch that is shown; without it there is one branch alone.
"""

from dataclasses import dataclass

from django.db.models import QuerySet

from chat.models import Conversation, Message


@dataclass(frozen=True, slots=True)
class Branch:
    """One way a conversation goes on from the same place."""

    question: Message
    is_active: bool


def shown(conversation: Conversation) -> QuerySet[Message]:
    """The messages of the branch that is shown; two queries more where there are several."""
    if conversation.head_id is None:
        return conversation.messages.all()
    return conversation.messages.filter(pk__in=active_ids(conversation.pk, conversation.head_id))


def head_of(conversation_id: int) -> int | None:
    """The last message of the branch that is shown; None where there is one branch alone."""
    heads = Conversation.objects.filter(pk=conversation_id).values_list("head_id", flat=True)
    return heads.first()


def active_ids(conversation_id: int, head_id: int) -> set[int]:
    """The ids of the messages from the first to this one."""
    parents = dict(Message.objects.filter(conversation=conversation_id).values_list("pk", "parent_id"))
    active: set[int] = set()
    at: int | None = head_id
    while at is not None:
        active.add(at)
        at = parents.get(at)
    return active


def siblings(conversation_id: int) -> dict[int, list[int]]:
    """By the id of each question those that stand in its place, itself among them, the oldest first."""
    questions = Message.objects.filter(conversation=conversation_id, role=Message.Role.USER).order_by("pk")
    places: dict[int | None, list[int]] = {}
    for pk, parent_id in questions.values_list("pk", "parent_id"):
        places.setdefault(parent_id, []).append(pk)
    return {pk: place for place in places.values() for pk in place}


def beside(message: Message) -> list[Branch]:
    """The questions that stand where this message's question stands, the oldest first, itself among them."""
    question = message if message.role == Message.Role.USER else message.parent or message
    same_place = Message.objects.filter(
        conversation=question.conversation_id, parent=question.parent_id, role=question.role
    )
    head_id = question.conversation.head_id
    active = None if head_id is None else active_ids(question.conversation_id, head_id)
    return [Branch(one, active is None or one.pk in active) for one in same_place.order_by("pk")]


def last_of(message: Message) -> int:
    """The id of the newest message that can be reached from this one."""
    rows = Message.objects.filter(conversation=message.conversation_id).order_by("pk")
    below = {message.pk}
    for pk, parent_id in rows.values_list("pk", "parent_id"):
        if parent_id in below:
            below.add(pk)
    return max(below)

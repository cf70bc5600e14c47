"""What the engine reads from the rows before it streams: claimed answers, each with its own history."""

from dataclasses import dataclass, field

from django.db import transaction
from django.db.models.functions import Now

from chat import access
from chat.models import Answer, Message
from chat.providers import registry
from chat.providers.base import ChatMessage, ChatRequest, Endpoint
from webox.errors import WeBoxError


@dataclass(frozen=True, slots=True)
class Job:
    """One claimed answer, ready to be streamed, or the reason why it can't be."""

    answer_id: int
    protocol: str
    request: ChatRequest
    endpoint: Endpoint | None
    obstacle: WeBoxError | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    message_id: int
    conversation_id: int
    jobs: list[Job] = field(default_factory=list)


def claim_turn(message_id: int) -> Turn | None:
    """Claim every queued answer of a turn; None where the turn was deleted.

    Claiming is a compare-and-swap, so two processes that start the same turn never both ask for one answer.
    """
    message = Message.objects.select_related("conversation__owner").filter(pk=message_id).first()
    if message is None:
        return None
    turn = Turn(message_id, message.conversation_id)
    claimed = _claim(message_id)
    before = _messages_before(message) if claimed else []
    for answer in claimed:
        vendor = registry.find(answer.provider)
        endpoint, obstacle = None, None
        try:
            endpoint = access.endpoint(message.conversation.owner, vendor) if vendor else None
        except WeBoxError as error:
            obstacle = error
        turn.jobs.append(
            Job(
                answer_id=answer.pk,
                protocol=vendor.protocol if vendor else "",
                request=ChatRequest(
                    model=answer.model,
                    messages=history(before, answer.name),
                    temperature=answer.settings.get("temperature"),
                    max_tokens=answer.settings.get("max_tokens"),
                ),
                endpoint=endpoint,
                obstacle=obstacle,
            )
        )
    return turn


def _claim(message_id: int) -> list[Answer]:
    queued = Answer.objects.filter(message_id=message_id, status=Answer.Status.QUEUED)
    started = {"status": Answer.Status.STREAMING, "started_at": Now(), "heartbeat_at": Now()}
    with transaction.atomic():
        # Held until the end of the transaction: nobody else takes one of them meanwhile.
        claimed = list(queued.select_for_update().order_by("position"))
        queued.filter(pk__in=[answer.pk for answer in claimed]).update(**started)
    return claimed


def _messages_before(message: Message) -> list[Message]:
    """The active branch up to this turn's question, in order, answers prefetched."""
    rows = Message.objects.filter(conversation_id=message.conversation_id, pk__lt=message.pk)
    by_id = {row.pk: row for row in rows.prefetch_related("answers")}
    branch: list[Message] = []
    parent_id = message.parent_id
    while parent_id in by_id:
        branch.append(by_id[parent_id])
        parent_id = by_id[parent_id].parent_id
    return branch[::-1]


def history(messages: list[Message], name: str) -> tuple[ChatMessage, ...]:
    """What one AI is told: the user's messages and its own earlier answers under the same name.

    Of a turn's versions it is the latest done one, else the latest that has text. Where the AI was not
    asked, or wrote nothing, the user's messages are merged: vendors want the roles to alternate.
    """
    told: list[ChatMessage] = []
    for message in messages:
        if message.role == Message.Role.ASSISTANT:
            text = _own_answer(message, name)
            if text:
                told.append(ChatMessage("assistant", text))
        elif told and told[-1].role == message.role:
            told[-1] = ChatMessage(told[-1].role, f"{told[-1].content}\n\n{message.content}")
        else:
            told.append(
                ChatMessage("user" if message.role == Message.Role.USER else "system", message.content)
            )
    return tuple(told)


def _own_answer(message: Message, name: str) -> str:
    own = sorted((one for one in message.answers.all() if one.name == name), key=lambda one: one.version)
    with_text = [one for one in own if one.text]
    done = [one for one in with_text if one.status == Answer.Status.DONE]
    chosen = (done or with_text)[-1:]
    return chosen[0].text if chosen else ""

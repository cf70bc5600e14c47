"""What the engine reads from the rows before it streams: claimed answers, each with its own history."""

from collections.abc import Collection
from dataclasses import dataclass, field

from chat import access, limits
from chat.access import Access
from chat.engine.claims import claim
from chat.errors import ProviderNotFound
from chat.models import Answer, Attachment, Message, Model, Provider
from chat.prices import Prices
from chat.providers.base import ChatMessage, ChatRequest, Endpoint, Image, Note, ProtocolName, Role
from webox.errors import WeBoxError


@dataclass(frozen=True, slots=True)
class Job:
    """One claimed answer, ready to be streamed, or the reason why it can't be."""

    answer_id: int
    protocol: ProtocolName
    request: ChatRequest
    endpoint: Endpoint | None
    obstacle: WeBoxError | None = None
    prices: Prices | None = None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Claimed:
    """What one turn may start now, and whether more of it waits for a free place."""

    message_id: int
    conversation_id: int
    jobs: list[Job] = field(default_factory=list)
    is_waiting: bool = False


def claim_turns(message_ids: Collection[int]) -> list[Claimed]:
    """Claim what may start of these turns; a turn with nothing queued (ended, deleted) is left out."""
    found = claim(message_ids)
    turns: dict[int, tuple[list[Answer], list[Answer]]] = {}
    for answer in found.taken:
        turns.setdefault(answer.message_id, ([], []))[0].append(answer)
    for answer in found.waiting:
        turns.setdefault(answer.message_id, ([], []))[1].append(answer)
    return [
        Claimed(message_id, (taken + waiting)[0].message.conversation_id, _jobs(taken), bool(waiting))
        for message_id, (taken, waiting) in turns.items()
    ]


def _jobs(claimed: list[Answer]) -> list[Job]:
    """The jobs of one turn's claimed answers."""
    if not claimed:
        return []
    message = claimed[0].message
    before = _messages_before(message)
    images = _images(before)
    providers = {answer.provider_row for answer in claimed if answer.provider_row}
    reach = Access(message.conversation.owner, providers)
    models = {
        (row.provider_id, row.name): row
        for row in Model.objects.filter(
            provider__in=[provider.pk for provider in providers],
            name__in={answer.model for answer in claimed},
        )
    }
    jobs, grants = [], []
    for answer in claimed:
        model = models.get((answer.provider_row_id or 0, answer.model))
        grant, obstacle = None, None
        try:
            grant = _grant(reach, answer.provider_row, model)
            grants.append(grant)
        except WeBoxError as error:
            obstacle = error
        request, notes = _request(answer, model, before, images)
        jobs.append(
            Job(
                answer_id=answer.pk,
                protocol=_protocol(answer.provider_row),
                request=request,
                endpoint=grant.endpoint if grant else None,
                obstacle=obstacle,
                prices=model.prices if model else None,
                notes=notes,
            )
        )
    access.mark_used(grants)
    return jobs


def _grant(reach: Access, provider: Provider | None, model: Model | None) -> access.Grant:
    if provider is None:
        # Removed since it was asked; a retry finds it gone.
        raise ProviderNotFound
    return reach.grant(provider, model)


def _protocol(provider: Provider | None) -> ProtocolName:
    protocol: ProtocolName = provider.protocol if provider else "demo"  # type: ignore[assignment]  # a choice
    return protocol


def _request(
    answer: Answer, model: Model | None, before: list[Message], images: dict[int, tuple[Image, ...]]
) -> tuple[ChatRequest, tuple[Note, ...]]:
    """What this AI is asked; a model that is known not to see images gets the words alone, and a note."""
    system = answer.settings.get("system_prompt")
    told = history(before, answer.name, images)
    request = ChatRequest(
        model=answer.model,
        messages=(ChatMessage("system", system), *told) if system else told,
        temperature=answer.settings.get("temperature"),
        max_tokens=answer.settings.get("max_tokens"),
        show_reasoning=bool(model and model.reasons),
    )
    if not request.has_images or model is None or model.sees_images is not False:
        return request, ()
    is_about_images = bool(before) and before[-1].pk in images
    return request.without_images(), (Note.IMAGES_LEFT_OUT,) if is_about_images else ()


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


def _images(messages: list[Message]) -> dict[int, tuple[Image, ...]]:
    """The images of these messages by message; of many, the newest."""
    rows = Attachment.objects.defer(None).filter(message__in=[message.pk for message in messages])
    found: dict[int, tuple[Image, ...]] = {}
    for row in rows.order_by("-message_id", "-position")[: limits.IMAGES_TOLD]:
        image = Image(row.media_type, bytes(row.data))
        found[row.message_id or 0] = (image, *found.get(row.message_id or 0, ()))
    return found


def history(
    messages: list[Message], name: str, images: dict[int, tuple[Image, ...]] | None = None
) -> tuple[ChatMessage, ...]:
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
            continue
        seen = (images or {}).get(message.pk, ())
        if told and told[-1].role == message.role:
            last = told.pop()
            told.append(ChatMessage(last.role, f"{last.content}\n\n{message.content}", last.images + seen))
        else:
            role: Role = "user" if message.role == Message.Role.USER else "system"
            told.append(ChatMessage(role, message.content, seen))
    return tuple(told)


def _own_answer(message: Message, name: str) -> str:
    own = sorted((one for one in message.answers.all() if one.name == name), key=lambda one: one.version)
    with_text = [one for one in own if one.text]
    done = [one for one in with_text if one.status == Answer.Status.DONE]
    chosen = (done or with_text)[-1:]
    return chosen[0].text if chosen else ""

"""What the engine reads from the rows before it streams: claimed answers, each with its own history."""

from collections.abc import Collection
from dataclasses import dataclass, field

from accounts.models import find_user
from chat.ais import access
from chat.ais.access import Access
from chat.engine.claiming.claims import Asked, claim
from chat.engine.claiming.history import Past, read_past, told
from chat.engine.metrics import OWN
from chat.errors import ProviderNotFound
from chat.models import Answer, Model, Provider
from chat.store.booking import models_named
from common.errors import WeBoxError
from providers.base import ChatMessage, ChatRequest, Endpoint, Note, ProtocolName
from providers.prices import Prices


@dataclass(frozen=True, slots=True)
class Job:
    """One claimed answer, ready to be streamed, or the reason why it can't be."""

    answer_id: int
    provider: str
    """Its slug; a person's own server has no name that others read."""
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
        Claimed(message_id, asked.conversation_id, _jobs(asked, taken), bool(waiting))
        for message_id, (taken, waiting) in turns.items()
        if (asked := found.turns.get(message_id))
    ]


def _jobs(asked: Asked, claimed: list[Answer]) -> list[Job]:
    """The jobs of one turn's claimed answers."""
    if not claimed:
        return []
    past = read_past(asked, {answer.name for answer in claimed})
    providers = {answer.provider_row for answer in claimed if answer.provider_row}
    owner = find_user(asked.owner_id)
    if owner is None:
        # The account was deleted in this moment, and the answers with it.
        return []
    reach = Access(owner, providers)
    found = models_named([provider.pk for provider in providers], {answer.model for answer in claimed})
    models = {(row.provider_id, row.name): row for row in found}
    jobs, grants = [], []
    for answer in claimed:
        model = models.get((answer.provider_row_id or 0, answer.model))
        grant, obstacle = None, None
        try:
            grant = _grant(reach, answer, model)
            grants.append(grant)
        except WeBoxError as error:
            obstacle = error
        request, notes = _request(answer, model, past)
        jobs.append(
            Job(
                answer_id=answer.pk,
                provider=_name(answer.provider_row),
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


def _grant(reach: Access, answer: Answer, model: Model | None) -> access.Grant:
    if answer.provider_row is None:
        # Removed since it was asked; a retry finds it gone.
        raise ProviderNotFound
    return reach.grant(answer.provider_row, model, answer.model)


def _name(provider: Provider | None) -> str:
    return provider.slug if provider and provider.owner_id is None else OWN


def _protocol(provider: Provider | None) -> ProtocolName:
    protocol: ProtocolName = provider.protocol if provider else "demo"  # type: ignore[assignment]  # a choice
    return protocol


def _request(answer: Answer, model: Model | None, past: Past) -> tuple[ChatRequest, tuple[Note, ...]]:
    """What this AI is asked; a model that is known not to see images gets the words alone, and a note."""
    system = answer.settings.get("system_prompt")
    messages = told(past, answer.name)
    request = ChatRequest(
        model=answer.model,
        messages=(ChatMessage("system", system), *messages) if system else messages,
        temperature=answer.settings.get("temperature"),
        max_tokens=answer.settings.get("max_tokens"),
        show_reasoning=bool(model and model.reasons),
        stop=tuple(answer.settings.get("stop", ())),
    )
    if not request.has_images or model is None or model.sees_images is not False:
        return request, ()
    return request.without_images(), (Note.IMAGES_LEFT_OUT,) if past.is_about_images else ()

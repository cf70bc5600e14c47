"""Asking vendors about themselves: whether a key is good, which models there are, which local servers run."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeVar

from django.db import transaction
from django.utils import timezone
from msgspec import Struct

from chat import limits
from chat.ais import catalogue
from chat.models import Model, Provider
from providers import registry
from providers.base import ChatMessage, ChatRequest, Endpoint, ListedModel, ProtocolName, Quirk
from providers.errors import BadStream, ModelNotFound, NoCredit, ProviderError, RateLimited
from providers.protocols import make_adapter
from providers.registry import LocalServer
from providers.wire.http import ProviderClient

T = TypeVar("T")
# A person waits for these answers: less patience than with a question, and no repeats.
SILENCE_S = 15.0
LOCAL_S = 2.0
SYNCED_MODELS = 2000
# The Responses API refuses fewer.
TEST_TOKENS = 16


class Synced(Struct, frozen=True):
    """What reading a vendor's model list changed."""

    listed: int
    added: int
    gone: int


def ask(question: Callable[[ProviderClient], Awaitable[T]]) -> T:
    """Run a question to a vendor on a loop of its own, from a thread that has none."""

    async def run() -> T:
        client = ProviderClient(retries=0)
        try:
            return await question(client)
        finally:
            await client.aclose()

    return asyncio.run(run())


def list_models(protocol: ProtocolName, endpoint: Endpoint) -> list[ListedModel]:
    """The vendor's own list of models that can chat. Raises ProviderError."""
    asked = replace(endpoint, silence_s=min(endpoint.silence_s, SILENCE_S))
    return ask(lambda client: make_adapter(protocol, client).models(asked))


def check(protocol: ProtocolName, endpoint: Endpoint, model: str) -> ProviderError | None:
    """What keeps this endpoint and key from answering, or None.

    The model list costs nothing and is asked first; where it proves nothing, a question of a few tokens.
    """
    asked = replace(endpoint, silence_s=min(endpoint.silence_s, SILENCE_S))
    return ask(lambda client: _check(client, protocol, asked, model))


async def _check(
    client: ProviderClient, protocol: ProtocolName, endpoint: Endpoint, model: str
) -> ProviderError | None:
    adapter = make_adapter(protocol, client)
    try:
        if Quirk.PUBLIC_MODEL_LIST not in endpoint.quirks:
            await adapter.models(endpoint)
            return None
    except (BadStream, ModelNotFound) as error:
        # No list here. Without a model to ask, that is all there is to know.
        if not model:
            return error
    except ProviderError as error:
        return error
    request = ChatRequest(model, (ChatMessage("user", "Hi"),), max_tokens=TEST_TOKENS)
    try:
        async with contextlib.aclosing(adapter.stream(request, endpoint)) as events:
            async for _ in events:
                break
    except RateLimited:
        # It knows the key well enough to count its requests.
        return None
    except ProviderError as error:
        return error
    return None


def sync(provider: Provider, endpoint: Endpoint) -> Synced:
    """Read the vendor's model list into the catalogue; what was edited stays. Raises ProviderError."""
    protocol: ProtocolName = provider.protocol  # type: ignore[assignment]  # a choice of the column
    listed = list_models(protocol, endpoint)[:SYNCED_MODELS]
    return save_models(provider, [model for model in listed if len(model.name) <= limits.MODEL_CHARS])


@transaction.atomic
def save_models(provider: Provider, listed: list[ListedModel]) -> Synced:
    """Save a vendor's list: new models are added, missing ones marked, the rest brought up to date."""
    rows = {row.name: row for row in provider.models.select_for_update()}
    new = [
        Model(
            provider=provider,
            position=min(1000 + at, limits.LAST_POSITION),
            **_values(provider, model),
            name=model.name,
        )
        for at, model in enumerate(listed)
        if model.name not in rows
    ]
    Model.objects.bulk_create(new)
    for model in listed:
        if row := rows.get(model.name):
            catalogue.update_unedited(row, _values(provider, model) | {"is_listed": True})
    names = {model.name for model in listed}
    gone = [row for name, row in rows.items() if name not in names and _may_go(row, names)]
    for row in gone:
        catalogue.update_unedited(row, {"is_listed": False})
    Provider.objects.filter(pk=provider.pk).update(synced_at=timezone.now())
    if not provider.default_model and listed:
        Provider.objects.filter(pk=provider.pk).update(default_model=listed[0].name)
    return Synced(len(listed), len(new), len(gone))


def _may_go(row: Model, names: set[str]) -> bool:
    """Whether a model that is not listed is gone: not one that a person named, nor one listed in full.

    claude-sonnet-5 stands for claude-sonnet-5-20260401.
    """
    return "is_listed" not in row.edited and not any(full.startswith(f"{row.name}-") for full in names)


def _values(provider: Provider, model: ListedModel) -> dict[str, Any]:
    """A listed model as columns: what the list leaves open is what WeBox knows by the name."""
    said: dict[str, Any] = {
        "label": model.label[:200],
        "context_window": model.context_window,
        "sees_images": model.sees_images,
        "reasons": model.reasons,
    }
    if model.input_price is not None and model.output_price is not None:
        said |= catalogue.price_fields_of(model.input_price, model.output_price, model.cached_price)
    known = catalogue.described(provider, model.name)
    return known | {name: value for name, value in said.items() if value is not None and value != ""}


def find_local() -> list[LocalServer]:
    """The usual servers of this machine that answer now; nothing else is asked."""

    async def look(client: ProviderClient) -> list[LocalServer]:
        answers = await asyncio.gather(*(_runs(client, server) for server in registry.LOCAL_SERVERS))
        return [server for server, runs in zip(registry.LOCAL_SERVERS, answers, strict=True) if runs]

    return ask(look)


async def _runs(client: ProviderClient, server: LocalServer) -> bool:
    endpoint = Endpoint(server.label, server.base_url, "", LOCAL_S, may_be_private=True)
    try:
        await make_adapter(server.protocol, client).models(endpoint)
    except ProviderError:
        return False
    return True


def proves_the_key(error: ProviderError | None) -> bool:
    """Whether a test says that the key itself is good, whatever else is wrong."""
    return error is None or isinstance(error, NoCredit | RateLimited)

"""Which adapter speaks which protocol: the only place that imports them all."""

from collections.abc import AsyncGenerator

from chat.providers.anthropic import AnthropicProvider
from chat.providers.base import ChatRequest, Endpoint, Provider, StreamEvent, TextDelta
from chat.providers.demo import DemoProvider
from chat.providers.errors import Unsupported
from chat.providers.gemini import GeminiProvider
from chat.providers.http import ProviderClient
from chat.providers.openai import OpenAIProvider


class UnsupportedProvider:
    """Stands in for a protocol that WeBox does not speak yet: every question to it is Unsupported."""

    async def stream(self, request: ChatRequest, endpoint: Endpoint) -> AsyncGenerator[StreamEvent, None]:
        raise Unsupported(endpoint.vendor)
        # Never reached; it makes this a generator, which fails when it is first asked.
        yield TextDelta("")


def make_provider(protocol: str, client: ProviderClient) -> Provider:
    """The adapter of a protocol; it asks through the client, which stays its owner's to close."""
    match protocol:
        case "openai":
            return OpenAIProvider(client)
        case "anthropic":
            return AnthropicProvider(client)
        case "gemini":
            return GeminiProvider(client)
        case "demo":
            return DemoProvider()
        case _:
            return UnsupportedProvider()

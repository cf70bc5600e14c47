"""Which adapter speaks which protocol: the only place that imports them all."""

from providers.adapters.anthropic import AnthropicAdapter
from providers.adapters.cohere import CohereAdapter
from providers.adapters.demo import DemoAdapter
from providers.adapters.gemini import GeminiAdapter
from providers.adapters.ollama import OllamaAdapter
from providers.adapters.openai import OpenAIAdapter
from providers.adapters.openai_responses import ResponsesAdapter
from providers.adapters.replicate import ReplicateAdapter
from providers.base import Adapter, ProtocolName
from providers.wire.http import ProviderClient


def make_adapter(protocol: ProtocolName, client: ProviderClient) -> Adapter:
    """The adapter of a protocol; it asks through the client, which stays its owner's to close."""
    match protocol:
        case "openai":
            return OpenAIAdapter(client)
        case "openai-responses":
            return ResponsesAdapter(client)
        case "anthropic":
            return AnthropicAdapter(client)
        case "gemini":
            return GeminiAdapter(client)
        case "cohere":
            return CohereAdapter(client)
        case "replicate":
            return ReplicateAdapter(client)
        case "ollama":
            return OllamaAdapter(client)
        case "demo":
            return DemoAdapter()

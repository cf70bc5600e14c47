"""Which adapter speaks which protocol: the only place that imports them all."""

from chat.providers.anthropic import AnthropicAdapter
from chat.providers.base import Adapter, ProtocolName
from chat.providers.cohere import CohereAdapter
from chat.providers.demo import DemoAdapter
from chat.providers.gemini import GeminiAdapter
from chat.providers.http import ProviderClient
from chat.providers.ollama import OllamaAdapter
from chat.providers.openai import OpenAIAdapter
from chat.providers.openai_responses import ResponsesAdapter
from chat.providers.replicate import ReplicateAdapter


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

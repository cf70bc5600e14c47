"""Anthropic's Messages."""

from collections.abc import AsyncGenerator
from typing import Any

from chat.providers import failures, payload
from chat.providers.base import ChatRequest, Endpoint, Finished, FinishReason, StreamEvent, Usage
from chat.providers.errors import CutOff
from chat.providers.http import Call, ProviderClient
from chat.providers.prose import Prose
from chat.providers.sse import SseEvent

VERSION = "2023-06-01"
# The API demands a limit; every model still served allows this one.
DEFAULT_MAX_TOKENS = 4096

_REASONS = {
    "end_turn": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP,
    "max_tokens": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.LENGTH,
    "tool_use": FinishReason.TOOL_CALL,
    "refusal": FinishReason.REFUSAL,
}


class AnthropicProvider:
    """Messages: `POST {base_url}/v1/messages`; the address may end in /v1 or not."""

    def __init__(self, client: ProviderClient) -> None:
        self._client = client

    def stream(self, request: ChatRequest, endpoint: Endpoint) -> AsyncGenerator[StreamEvent, None]:
        base = endpoint.base_url.rstrip("/").removesuffix("/messages").removesuffix("/v1")
        call = Call(
            endpoint=endpoint,
            url=f"{base}/v1/messages",
            headers={"x-api-key": endpoint.api_key.strip(), "anthropic-version": VERSION},
            body=build_body(request),
            optional=frozenset({"temperature"}),
        )
        return self._client.stream(call, lambda: AnthropicParser(endpoint.vendor))


def build_body(request: ChatRequest) -> dict[str, Any]:
    """The request's JSON: system prompt apart, roles in turn."""
    messages: list[dict[str, str]] = []
    for message in request.messages:
        if message.role == "system":
            continue
        if messages and messages[-1]["role"] == message.role:
            messages[-1]["content"] += f"\n\n{message.content}"
        else:
            messages.append({"role": message.role, "content": message.content})
    body: dict[str, Any] = {
        "model": request.model,
        "max_tokens": request.max_tokens or DEFAULT_MAX_TOKENS,
        "messages": messages,
        "stream": True,
    }
    system = "\n\n".join(message.content for message in request.messages if message.role == "system")
    if system:
        body["system"] = system
    if request.temperature is not None:
        body["temperature"] = min(request.temperature, 1.0)
    return body


class AnthropicParser:
    """Reads one stream of Messages events; types that it does not know are skipped, as Anthropic asks."""

    def __init__(self, vendor: str) -> None:
        self._vendor = vendor
        self._prose = Prose()
        self._usage: dict[str, Any] = {}
        self._reason = ""
        self._id = ""
        self.is_over = False

    @property
    def is_settled(self) -> bool:
        return bool(self._reason) or self.is_over

    def feed(self, event: SseEvent) -> list[StreamEvent]:
        value = payload.record(payload.load(event.data))
        if event.name == "error" or value.get("type") == "error" or value.get("error"):
            raise failures.in_stream(self._vendor, value)
        match value.get("type"):
            case "message_start":
                return self._message(payload.record(value.get("message")))
            case "content_block_start":
                return self._block(payload.record(value.get("content_block")))
            case "content_block_delta":
                return self._block(payload.record(value.get("delta")))
            case "message_delta":
                self._stop(payload.record(value.get("delta")))
                self._count(value)
            case "message_stop":
                self.is_over = True
        return []

    def document(self, value: object) -> list[StreamEvent]:
        message = payload.record(value)
        if message.get("type") == "error" or message.get("error"):
            raise failures.in_stream(self._vendor, value)
        return self._message(message)

    def end(self) -> list[StreamEvent]:
        if not self.is_settled:
            raise CutOff(self._vendor)
        reason = _REASONS.get(self._reason, FinishReason.OTHER) if self._reason else FinishReason.STOP
        return [*self._prose.end(), Finished(reason, self._reason, read_usage(self._usage), self._id)]

    def _message(self, message: dict[str, Any]) -> list[StreamEvent]:
        self._id = self._id or payload.text(message.get("id"))
        self._stop(message)
        self._count(message)
        events: list[StreamEvent] = []
        for block in payload.records(message.get("content")):
            events += self._block(block)
        return events

    def _block(self, block: dict[str, Any]) -> list[StreamEvent]:
        match block.get("type"):
            case "text" | "text_delta":
                return self._prose.text(payload.text(block.get("text")))
            case "thinking" | "thinking_delta":
                return self._prose.reasoning(payload.text(block.get("thinking")))
        return []

    def _stop(self, holder: dict[str, Any]) -> None:
        self._reason = payload.text(holder.get("stop_reason")) or self._reason

    def _count(self, holder: dict[str, Any]) -> None:
        """Overwrite what is given: message_delta counts from the start, and may send null for the rest."""
        usage = payload.record(holder.get("usage"))
        self._usage.update({name: value for name, value in usage.items() if value is not None})


def read_usage(usage: dict[str, Any]) -> Usage:
    """The counts of a message as WeBox counts them; Anthropic's own input excludes the cache."""
    cached = payload.count(usage.get("cache_read_input_tokens"))
    return Usage(
        input_tokens=payload.total(
            payload.count(usage.get("input_tokens")),
            payload.count(usage.get("cache_creation_input_tokens")),
            cached,
        ),
        output_tokens=payload.count(usage.get("output_tokens")),
        cached_tokens=cached,
        reasoning_tokens=payload.count(
            payload.record(usage.get("output_tokens_details")).get("thinking_tokens")
        ),
    )

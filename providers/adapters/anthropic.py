"""Anthropic's Messages."""

from collections.abc import AsyncGenerator
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from providers.base import (
    ChatMessage,
    ChatRequest,
    Endpoint,
    Finished,
    FinishReason,
    ListedModel,
    StreamEvent,
    Usage,
)
from providers.errors import BadStream, CutOff
from providers.wire import failures, payload
from providers.wire.http import Call, ProviderClient, in_words
from providers.wire.prose import Prose
from providers.wire.reader import Framing
from providers.wire.sse import SseEvent

VERSION = "2023-06-01"
# The API demands a limit; every model still served allows this one.
DEFAULT_MAX_TOKENS = 4096
MODEL_PAGES = 20

_REASONS = {
    "end_turn": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP,
    "max_tokens": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.LENGTH,
    "tool_use": FinishReason.TOOL_CALL,
    "refusal": FinishReason.REFUSAL,
}


class AnthropicAdapter:
    """Messages: `POST {base_url}/v1/messages`; the address may end in /v1 or not."""

    def __init__(self, client: ProviderClient) -> None:
        self._client = client

    def stream(self, request: ChatRequest, endpoint: Endpoint) -> AsyncGenerator[StreamEvent, None]:
        call = Call(
            endpoint=endpoint,
            url=f"{_base(endpoint)}/v1/messages",
            headers=_headers(endpoint),
            body=build_body(request),
            optional=frozenset({"temperature"}),
            fallbacks=in_words(request, payload.messages_in_words),
        )
        return self._client.stream(call, lambda: AnthropicParser(endpoint.vendor))

    async def models(self, endpoint: Endpoint) -> list[ListedModel]:
        listed: list[ListedModel] = []
        after = ""
        for _ in range(MODEL_PAGES):
            query = urlencode({"limit": 1000} | ({"after_id": after} if after else {}))
            call = Call(endpoint, f"{_base(endpoint)}/v1/models?{query}", _headers(endpoint))
            page = payload.record(await self._client.fetch(call))
            if not isinstance(page.get("data"), list):
                raise BadStream(endpoint.vendor)
            listed += [_listed(item) for item in payload.records(page["data"])]
            after = payload.text(page.get("last_id"))
            if page.get("has_more") is not True or not after:
                break
        return [model for model in listed if model.name]


def _base(endpoint: Endpoint) -> str:
    return endpoint.base_url.removesuffix("/v1")


def _headers(endpoint: Endpoint) -> dict[str, str]:
    return {"x-api-key": endpoint.api_key.strip(), "anthropic-version": VERSION}


def _listed(item: dict[str, Any]) -> ListedModel:
    abilities = payload.record(item.get("capabilities"))
    sees = payload.record(abilities.get("image_input")).get("supported")
    return ListedModel(
        name=payload.text(item.get("id")),
        label=payload.text(item.get("display_name")),
        context_window=payload.count(item.get("max_input_tokens")),
        # Every Claude since version 3 sees images.
        sees_images=sees if isinstance(sees, bool) else True,
    )


def build_body(request: ChatRequest) -> dict[str, Any]:
    """The request's JSON: system prompt apart, roles in turn."""
    messages: list[dict[str, Any]] = []
    told = [message for message in request.messages if message.role != "system"]
    for role, same in groupby(told, key=lambda message: message.role):
        messages.append({"role": role, "content": _content(list(same))})
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
    if request.stop:
        body["stop_sequences"] = [*request.stop]
    return body


def _content(messages: list[ChatMessage]) -> str | list[dict[str, Any]]:
    """Words alone as one text; of a message with images those first, as Anthropic advises."""
    if not any(message.images for message in messages):
        return "\n\n".join(message.content for message in messages)
    blocks: list[dict[str, Any]] = []
    for message in messages:
        for image in message.images:
            source = {"type": "base64", "media_type": image.media_type, "data": image.base64}
            blocks.append({"type": "image", "source": source})
        blocks.append({"type": "text", "text": message.content})
    return blocks


class AnthropicParser:
    """Reads one stream of Messages events; types that it does not know are skipped, as Anthropic asks."""

    framing = Framing.JSON_EVENTS

    def __init__(self, vendor: str) -> None:
        self._vendor = vendor
        self._prose = Prose()
        self._usage: dict[str, Any] = {}
        self._reason = ""
        self._explanation = ""
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
        refusal = self._explanation if reason is FinishReason.REFUSAL else ""
        return [
            *self._prose.end(),
            Finished(reason, self._reason, read_usage(self._usage), self._id, refusal),
        ]

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
        # A refusal may come without a word of text; then this is all that says why.
        details = payload.record(holder.get("stop_details"))
        self._explanation = payload.text(details.get("explanation")) or self._explanation

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

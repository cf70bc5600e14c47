"""Cohere's chat, version 2."""

from collections.abc import AsyncGenerator
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
from providers.wire.sse import SseEvent, is_done

MODEL_PAGES = 20
_REASONS = {
    "COMPLETE": FinishReason.STOP,
    "STOP_SEQUENCE": FinishReason.STOP,
    "MAX_TOKENS": FinishReason.LENGTH,
    "TOOL_CALL": FinishReason.TOOL_CALL,
}
# Ends that are failures: the text so far is no whole answer.
_FAILED = {"ERROR", "TIMEOUT"}


class CohereAdapter:
    """`POST {base_url}/v2/chat`; the address may end in /v2 or not."""

    def __init__(self, client: ProviderClient) -> None:
        self._client = client

    def stream(self, request: ChatRequest, endpoint: Endpoint) -> AsyncGenerator[StreamEvent, None]:
        call = Call(
            endpoint=endpoint,
            url=f"{_base(endpoint)}/v2/chat",
            headers=_headers(endpoint),
            body=build_body(request),
            optional=frozenset({"temperature", "max_tokens"}),
            fallbacks=in_words(request, payload.messages_in_words),
        )
        return self._client.stream(call, lambda: CohereParser(endpoint.vendor))

    async def models(self, endpoint: Endpoint) -> list[ListedModel]:
        listed: list[ListedModel] = []
        token = ""
        for _ in range(MODEL_PAGES):
            query = {"endpoint": "chat", "page_size": "1000"} | ({"page_token": token} if token else {})
            call = Call(endpoint, f"{_base(endpoint)}/v1/models?{urlencode(query)}", _headers(endpoint))
            page = payload.record(await self._client.fetch(call))
            if not isinstance(page.get("models"), list):
                raise BadStream(endpoint.vendor)
            listed += [_listed(item) for item in payload.records(page["models"])]
            token = payload.text(page.get("next_page_token"))
            if not token:
                break
        return [model for model in listed if model.name]


def _base(endpoint: Endpoint) -> str:
    return endpoint.base_url.removesuffix("/v2").removesuffix("/v1")


def _headers(endpoint: Endpoint) -> dict[str, str]:
    return {"Authorization": f"Bearer {endpoint.api_key.strip()}"}


def _listed(item: dict[str, Any]) -> ListedModel:
    features = item.get("features")
    can = features if isinstance(features, list) else []
    return ListedModel(
        name=payload.text(item.get("name")),
        context_window=payload.count(item.get("context_length")),
        sees_images="vision" in can if can else None,
        reasons="reasoning" in can if can else None,
    )


def build_body(request: ChatRequest) -> dict[str, Any]:
    """The request's JSON."""
    body: dict[str, Any] = {
        "model": request.model,
        "messages": [{"role": message.role, "content": _content(message)} for message in request.messages],
        "stream": True,
    }
    if request.temperature is not None:
        body["temperature"] = min(request.temperature, 1.0)
    if request.max_tokens is not None:
        body["max_tokens"] = request.max_tokens
    if request.stop:
        body["stop_sequences"] = [*request.stop]
    return body


def _content(message: ChatMessage) -> str | list[dict[str, Any]]:
    if not message.images:
        return message.content
    images = [{"type": "image_url", "image_url": {"url": image.data_url}} for image in message.images]
    return [{"type": "text", "text": message.content}, *images]


class CohereParser:
    """Reads one stream of v2 chat events; types that it does not know are skipped."""

    framing = Framing.JSON_EVENTS

    def __init__(self, vendor: str) -> None:
        self._vendor = vendor
        self._prose = Prose()
        self._usage: dict[str, Any] = {}
        self._reason = ""
        self._id = ""
        self.is_over = False

    @property
    def is_settled(self) -> bool:
        return bool(self._reason)

    def feed(self, event: SseEvent) -> list[StreamEvent]:
        if is_done(event.data):
            self.is_over = self.is_settled
            return []
        value = payload.record(payload.load(event.data))
        kind = payload.text(value.get("type")) or event.name
        if "error" in (kind, event.name) or (not kind and (value.get("error") or value.get("message"))):
            raise failures.in_stream(self._vendor, value)
        delta = payload.record(value.get("delta"))
        match kind:
            case "message-start":
                self._id = payload.text(value.get("id")) or self._id
            case "content-start" | "content-delta":
                return self._content(payload.record(payload.record(delta.get("message")).get("content")))
            case "message-end":
                self._stop(value, delta)
        return []

    def document(self, value: object) -> list[StreamEvent]:
        answer = payload.record(value)
        if not payload.text(answer.get("finish_reason")):
            raise failures.in_stream(self._vendor, value)
        self._id = payload.text(answer.get("id"))
        events: list[StreamEvent] = []
        for part in payload.records(payload.record(answer.get("message")).get("content")):
            events += self._content(part)
        self._stop(value, answer)
        return events

    def end(self) -> list[StreamEvent]:
        if not self._reason:
            raise CutOff(self._vendor)
        reason = _REASONS.get(self._reason, FinishReason.OTHER)
        return [*self._prose.end(), Finished(reason, self._reason, read_usage(self._usage), self._id)]

    def _content(self, content: dict[str, Any]) -> list[StreamEvent]:
        text = self._prose.text(payload.text(content.get("text")))
        if "thinking" not in content:
            return text
        return self._prose.reasoning(payload.text(content["thinking"])) + text

    def _stop(self, value: object, holder: dict[str, Any]) -> None:
        reason = payload.text(holder.get("finish_reason"))
        if reason in _FAILED or payload.record(value).get("error") or holder.get("error"):
            error = payload.record(value).get("error") or holder.get("error")
            raise failures.in_stream(self._vendor, {"error": error})
        self._reason = reason or self._reason
        self._usage = payload.record(holder.get("usage")) or self._usage


def read_usage(usage: dict[str, Any]) -> Usage:
    """Cohere's `tokens` are what the model read and wrote; `billed_units` only what is paid for."""
    tokens = payload.record(usage.get("tokens")) or payload.record(usage.get("billed_units"))
    return Usage(
        input_tokens=payload.count(tokens.get("input_tokens")),
        output_tokens=payload.count(tokens.get("output_tokens")),
        cached_tokens=payload.count(usage.get("cached_tokens")),
    )

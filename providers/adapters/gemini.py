"""Google's Gemini: streamGenerateContent."""

import re
from collections.abc import AsyncGenerator
from typing import Any
from urllib.parse import quote, urlencode

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
from providers.errors import BadStream, Blocked, CutOff
from providers.wire import failures, payload
from providers.wire.http import Call, ProviderClient, in_words
from providers.wire.prose import Prose
from providers.wire.reader import Framing
from providers.wire.sse import SseEvent, is_done

MODEL_PAGES = 20
_NO_CHAT = re.compile(r"embedding|-tts|-image|imagen|veo|-live|native-audio|aqa|robotics")
_REASONS = {
    "STOP": FinishReason.STOP,
    "MAX_TOKENS": FinishReason.LENGTH,
    "SAFETY": FinishReason.CONTENT_FILTER,
    "RECITATION": FinishReason.CONTENT_FILTER,
    "LANGUAGE": FinishReason.CONTENT_FILTER,
    "BLOCKLIST": FinishReason.CONTENT_FILTER,
    "PROHIBITED_CONTENT": FinishReason.CONTENT_FILTER,
    "SPII": FinishReason.CONTENT_FILTER,
    "MODEL_ARMOR": FinishReason.CONTENT_FILTER,
    "IMAGE_SAFETY": FinishReason.CONTENT_FILTER,
    "IMAGE_PROHIBITED_CONTENT": FinishReason.CONTENT_FILTER,
    "MALFORMED_FUNCTION_CALL": FinishReason.TOOL_CALL,
    "UNEXPECTED_TOOL_CALL": FinishReason.TOOL_CALL,
}


class GeminiAdapter:
    """`POST {base_url}/models/{model}:streamGenerateContent?alt=sse`, the key in a header."""

    def __init__(self, client: ProviderClient) -> None:
        self._client = client

    def stream(self, request: ChatRequest, endpoint: Endpoint) -> AsyncGenerator[StreamEvent, None]:
        # The model's name comes from people: quoted, it can't lead to another path.
        model = quote(request.model.removeprefix("models/"), safe="")
        call = Call(
            endpoint=endpoint,
            url=f"{endpoint.base_url}/models/{model}:streamGenerateContent?alt=sse",
            headers=_headers(endpoint),
            body=build_body(request),
            optional=frozenset({"generationConfig.temperature", "generationConfig.thinkingConfig"}),
            fallbacks=in_words(request, _in_words),
        )
        return self._client.stream(call, lambda: GeminiParser(endpoint.vendor))

    async def models(self, endpoint: Endpoint) -> list[ListedModel]:
        listed: list[ListedModel] = []
        token = ""
        for _ in range(MODEL_PAGES):
            query = urlencode({"pageSize": 1000} | ({"pageToken": token} if token else {}))
            call = Call(endpoint, f"{endpoint.base_url}/models?{query}", _headers(endpoint))
            page = payload.record(await self._client.fetch(call))
            if not isinstance(page.get("models"), list):
                raise BadStream(endpoint.vendor)
            listed += [_listed(item) for item in payload.records(page["models"]) if _chats(item)]
            token = payload.text(page.get("nextPageToken"))
            if not token:
                break
        return listed


def _headers(endpoint: Endpoint) -> dict[str, str]:
    return {"x-goog-api-key": endpoint.api_key.strip()}


def _chats(item: dict[str, Any]) -> bool:
    methods = item.get("supportedGenerationMethods")
    return (
        payload.text(item.get("name")).startswith("models/")
        and isinstance(methods, list)
        and "generateContent" in methods
        and _NO_CHAT.search(payload.text(item.get("name"))) is None
    )


def _listed(item: dict[str, Any]) -> ListedModel:
    thinking = item.get("thinking")
    name = payload.text(item.get("name")).removeprefix("models/")
    return ListedModel(
        name=name,
        label=payload.text(item.get("displayName")),
        context_window=payload.count(item.get("inputTokenLimit")),
        sees_images=True if name.startswith("gemini-") else None,
        reasons=thinking if isinstance(thinking, bool) else None,
    )


def build_body(request: ChatRequest) -> dict[str, Any]:
    """The request's JSON: system prompt apart, the assistant called "model", roles in turn."""
    contents: list[dict[str, Any]] = []
    for message in request.messages:
        if message.role == "system":
            continue
        role = "model" if message.role == "assistant" else "user"
        if not contents or contents[-1]["role"] != role:
            contents.append({"role": role, "parts": []})
        contents[-1]["parts"] += _parts(message)
    body: dict[str, Any] = {"contents": contents}
    system = [{"text": message.content} for message in request.messages if message.role == "system"]
    if system:
        body["systemInstruction"] = {"parts": system}
    config: dict[str, Any] = {}
    if request.temperature is not None:
        config["temperature"] = request.temperature
    if request.max_tokens is not None:
        config["maxOutputTokens"] = request.max_tokens
    if request.stop:
        config["stopSequences"] = [*request.stop]
    if request.show_reasoning:
        config["thinkingConfig"] = {"includeThoughts": True}
    if config:
        body["generationConfig"] = config
    return body


def _parts(message: ChatMessage) -> list[dict[str, Any]]:
    # Google fetches no addresses of images: they go along.
    images = [
        {"inlineData": {"mimeType": image.media_type, "data": image.base64}} for image in message.images
    ]
    return [*images, {"text": message.content}]


def _in_words(body: dict[str, Any]) -> dict[str, Any]:
    """The body without its images."""
    return body | {
        "contents": [
            content | {"parts": [part for part in content["parts"] if "text" in part]}
            for content in body["contents"]
        ]
    }


class GeminiParser:
    """Reads one stream of GenerateContentResponse objects; it has no last event, only a last chunk."""

    framing = Framing.JSON_EVENTS

    def __init__(self, vendor: str) -> None:
        self._vendor = vendor
        self._prose = Prose()
        self._usage: dict[str, Any] = {}
        self._reason = ""
        self._id = ""
        self._saw_tool_call = False
        # A reason proves little: old models and some proxies put one on every chunk, so only the end of the
        # bytes is the end.
        self.is_settled = False
        self.is_over = False

    def feed(self, event: SseEvent) -> list[StreamEvent]:
        if is_done(event.data):
            return []
        value = payload.load(event.data)
        if event.name == "error":
            raise failures.in_stream(self._vendor, value)
        return self.document(value)

    def document(self, value: object) -> list[StreamEvent]:
        events: list[StreamEvent] = []
        # Without alt=sse, and from some proxies, the chunks come as one array.
        for chunk in payload.records(value) if isinstance(value, list) else [payload.record(value)]:
            events += self._chunk(chunk)
        return events

    def end(self) -> list[StreamEvent]:
        if not self._reason:
            raise CutOff(self._vendor)
        reason = _REASONS.get(self._reason, FinishReason.OTHER)
        if reason is FinishReason.STOP and self._saw_tool_call:
            reason = FinishReason.TOOL_CALL
        return [*self._prose.end(), Finished(reason, self._reason, read_usage(self._usage), self._id)]

    def _chunk(self, chunk: dict[str, Any]) -> list[StreamEvent]:
        if chunk.get("error"):
            raise failures.in_stream(self._vendor, chunk)
        candidates = payload.records(chunk.get("candidates"))
        if not candidates and payload.record(chunk.get("promptFeedback")).get("blockReason"):
            raise Blocked(self._vendor)
        self._id = self._id or payload.text(chunk.get("responseId"))
        usage = payload.record(chunk.get("usageMetadata"))
        if usage != self._usage:
            self._usage = self._usage | {name: value for name, value in usage.items() if value is not None}
        candidate = next((one for one in candidates if not one.get("index")), {})
        events: list[StreamEvent] = []
        for part in payload.records(payload.record(candidate.get("content")).get("parts")):
            self._saw_tool_call = self._saw_tool_call or bool(part.get("functionCall"))
            text = payload.text(part.get("text"))
            events += self._prose.reasoning(text) if part.get("thought") is True else self._prose.text(text)
        self._reason = payload.text(candidate.get("finishReason")) or self._reason
        return events


def read_usage(usage: dict[str, Any]) -> Usage:
    """The counts of usageMetadata as WeBox counts them; Gemini's own output excludes thoughts."""
    thoughts = payload.count(usage.get("thoughtsTokenCount"))
    return Usage(
        input_tokens=payload.total(
            payload.count(usage.get("promptTokenCount")), payload.count(usage.get("toolUsePromptTokenCount"))
        ),
        output_tokens=payload.total(payload.count(usage.get("candidatesTokenCount")), thoughts),
        cached_tokens=payload.count(usage.get("cachedContentTokenCount")),
        reasoning_tokens=thoughts,
    )

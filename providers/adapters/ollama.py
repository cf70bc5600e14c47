"""Ollama's own chat: unlike its compatible door it tells thoughts from text and says what a model can do."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

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
from providers.errors import BadStream, CutOff, ProviderError
from providers.wire import failures, payload
from providers.wire.http import Call, ProviderClient, in_words
from providers.wire.prose import Prose
from providers.wire.reader import Framing
from providers.wire.sse import SseEvent

# Each model in the list is asked for by itself.
DESCRIBED_MODELS = 50
_REASONS = {"stop": FinishReason.STOP, "length": FinishReason.LENGTH}


class OllamaAdapter:
    """`POST {base_url}/api/chat`; the address may end in /v1 or /api, as for its other doors."""

    def __init__(self, client: ProviderClient) -> None:
        self._client = client

    def stream(self, request: ChatRequest, endpoint: Endpoint) -> AsyncGenerator[StreamEvent, None]:
        call = Call(
            endpoint=endpoint,
            url=f"{_base(endpoint)}/api/chat",
            headers=_headers(endpoint),
            body=build_body(request),
            fallbacks=in_words(request, _in_words),
        )
        return self._client.stream(call, lambda: OllamaParser(endpoint.vendor))

    async def models(self, endpoint: Endpoint) -> list[ListedModel]:
        call = Call(endpoint, f"{_base(endpoint)}/api/tags", _headers(endpoint))
        items = payload.record(await self._client.fetch(call)).get("models")
        if not isinstance(items, list):
            raise BadStream(endpoint.vendor)
        names = [name for item in payload.records(items) if (name := payload.text(item.get("name")))]
        described = await asyncio.gather(
            *(self._describe(endpoint, name) for name in names[:DESCRIBED_MODELS])
        )
        return [model for model in described if model is not None] + [
            ListedModel(name) for name in names[DESCRIBED_MODELS:]
        ]

    async def _describe(self, endpoint: Endpoint, name: str) -> ListedModel | None:
        """What the server says of one model; None for one that can't chat."""
        call = Call(endpoint, f"{_base(endpoint)}/api/show", _headers(endpoint), {"model": name})
        try:
            shown = payload.record(await self._client.fetch(call))
        except ProviderError:
            return ListedModel(name)
        can = shown.get("capabilities")
        if isinstance(can, list) and "completion" not in can:
            return None
        sizes = payload.record(shown.get("model_info"))
        return ListedModel(
            name=name,
            context_window=next(
                (payload.count(size) for key, size in sizes.items() if key.endswith(".context_length")), None
            ),
            sees_images="vision" in can if isinstance(can, list) else None,
            reasons="thinking" in can if isinstance(can, list) else None,
        )


def _base(endpoint: Endpoint) -> str:
    return endpoint.base_url.removesuffix("/v1").removesuffix("/api")


def _headers(endpoint: Endpoint) -> dict[str, str]:
    # None for a server of one's own; ollama.com wants one.
    key = endpoint.api_key.strip()
    return {"Authorization": f"Bearer {key}"} if key else {}


def build_body(request: ChatRequest) -> dict[str, Any]:
    """The request's JSON."""
    body: dict[str, Any] = {
        "model": request.model,
        "messages": [_message(message) for message in request.messages],
        "stream": True,
    }
    options: dict[str, Any] = {}
    if request.temperature is not None:
        options["temperature"] = request.temperature
    if request.max_tokens is not None:
        options["num_predict"] = request.max_tokens
    if request.stop:
        options["stop"] = [*request.stop]
    if options:
        body["options"] = options
    return body


def _message(message: ChatMessage) -> dict[str, Any]:
    told: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.images:
        told["images"] = [image.base64 for image in message.images]
    return told


def _in_words(body: dict[str, Any]) -> dict[str, Any]:
    """The body without its images."""
    told = [
        {name: value for name, value in message.items() if name != "images"} for message in body["messages"]
    ]
    return body | {"messages": told}


class OllamaParser:
    """Reads one stream of lines; the last one says `done`."""

    framing = Framing.JSON_LINES

    def __init__(self, vendor: str) -> None:
        self._vendor = vendor
        self._prose = Prose(inline_think=True)
        self._usage = Usage()
        self._reason = ""
        self._saw_answer = False
        self._saw_tool_call = False
        self.is_settled = False
        self.is_over = False

    def feed(self, event: SseEvent) -> list[StreamEvent]:
        return self.document(payload.load(event.data))

    def document(self, value: object) -> list[StreamEvent]:
        line = payload.record(value)
        if line.get("error"):
            raise failures.in_stream(self._vendor, value)
        self._saw_answer = self._saw_answer or "message" in line
        message = payload.record(line.get("message"))
        self._saw_tool_call = self._saw_tool_call or bool(message.get("tool_calls"))
        events = self._prose.reasoning(payload.text(message.get("thinking")))
        events += self._prose.text(payload.text(message.get("content")))
        if line.get("done") is True:
            self.is_settled = self.is_over = True
            self._reason = payload.text(line.get("done_reason"))
            self._usage = read_usage(line)
        return events

    def end(self) -> list[StreamEvent]:
        if not self.is_settled:
            raise CutOff(self._vendor) if self._saw_answer else BadStream(self._vendor)
        return [*self._prose.end(), Finished(self._finish_reason(), self._reason, self._usage)]

    def _finish_reason(self) -> FinishReason:
        if self._saw_tool_call:
            return FinishReason.TOOL_CALL
        # Older servers end without a reason.
        return _REASONS.get(self._reason, FinishReason.OTHER) if self._reason else FinishReason.STOP


def read_usage(line: dict[str, Any]) -> Usage:
    """The counts of the last line; the input's is absent where the whole prompt was still in memory."""
    return Usage(
        input_tokens=payload.count(line.get("prompt_eval_count")),
        output_tokens=payload.count(line.get("eval_count")),
    )

"""OpenAI's chat completions, and everything that copies them: most vendors and all local servers."""

from collections.abc import AsyncGenerator
from typing import Any

from chat.providers import failures, payload
from chat.providers.base import ChatRequest, Endpoint, Finished, FinishReason, Quirk, StreamEvent, Usage
from chat.providers.errors import BadStream, CutOff
from chat.providers.http import Call, ProviderClient
from chat.providers.prose import Prose
from chat.providers.sse import DONE, SseEvent

_OPTIONAL = frozenset({"temperature", "max_tokens", "max_completion_tokens", "stream_options"})
_SWAPS = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}

_REASONS = {
    "stop": FinishReason.STOP,
    "eos": FinishReason.STOP,
    "length": FinishReason.LENGTH,
    "max_tokens": FinishReason.LENGTH,
    "model_length": FinishReason.LENGTH,
    "tool_calls": FinishReason.TOOL_CALL,
    "function_call": FinishReason.TOOL_CALL,
    "content_filter": FinishReason.CONTENT_FILTER,
}


class OpenAIProvider:
    """Chat completions: `POST {base_url}/chat/completions`."""

    def __init__(self, client: ProviderClient) -> None:
        self._client = client

    def stream(self, request: ChatRequest, endpoint: Endpoint) -> AsyncGenerator[StreamEvent, None]:
        headers = {}
        if key := endpoint.api_key.strip():
            headers["Authorization"] = f"Bearer {key}"
        call = Call(
            endpoint=endpoint,
            url=endpoint.base_url.rstrip("/").removesuffix("/chat/completions") + "/chat/completions",
            headers=headers,
            body=build_body(request, endpoint.quirks),
            optional=_OPTIONAL,
            swaps=_SWAPS,
        )
        return self._client.stream(call, lambda: OpenAIParser(endpoint.vendor))


def build_body(request: ChatRequest, quirks: frozenset[str]) -> dict[str, Any]:
    """The request's JSON. What the user did not set is left out: many servers refuse null."""
    body: dict[str, Any] = {
        "model": request.model,
        "messages": [{"role": message.role, "content": message.content} for message in request.messages],
        "stream": True,
    }
    if Quirk.NO_STREAM_OPTIONS not in quirks:
        body["stream_options"] = {"include_usage": True}
    if request.temperature is not None:
        ceiling = 1.0 if Quirk.TEMPERATURE_MAX_1 in quirks else 2.0
        body["temperature"] = min(request.temperature, ceiling)
    if request.max_tokens is not None:
        body["max_completion_tokens" if Quirk.MAX_COMPLETION_TOKENS in quirks else "max_tokens"] = (
            request.max_tokens
        )
    return body


class OpenAIParser:
    """Reads one stream of chat completion chunks."""

    def __init__(self, vendor: str) -> None:
        self._vendor = vendor
        self._prose = Prose(inline_think=True)
        self._usage = Usage()
        self._reason = ""
        self._id = ""
        self._saw_chunk = False
        self._saw_tool_call = False
        self._refused = False
        self.is_over = False

    @property
    def is_settled(self) -> bool:
        return bool(self._reason) or self.is_over

    def feed(self, event: SseEvent) -> list[StreamEvent]:
        if event.data.lstrip().startswith(DONE):
            if not self._saw_chunk:
                raise BadStream(self._vendor)
            self.is_over = True
            return []
        if event.name == "error":
            raise failures.in_stream(self._vendor, _parsed_or_empty(event.data))
        return self._chunk(payload.load(event.data), "delta")

    def document(self, value: object) -> list[StreamEvent]:
        return self._chunk(value, "message")

    def end(self) -> list[StreamEvent]:
        if not self.is_settled:
            raise CutOff(self._vendor)
        return [*self._prose.end(), Finished(self._finish_reason(), self._reason, self._usage, self._id)]

    def _finish_reason(self) -> FinishReason:
        if self._refused:
            return FinishReason.REFUSAL
        if not self._reason:
            # Some servers send [DONE] and never a reason.
            return FinishReason.TOOL_CALL if self._saw_tool_call else FinishReason.STOP
        return _REASONS.get(self._reason, FinishReason.OTHER)

    def _chunk(self, value: object, part: str) -> list[StreamEvent]:
        chunk = payload.record(value)
        choice = _first_choice(chunk)
        if _is_error(chunk, choice):
            raise failures.in_stream(self._vendor, value)
        self._saw_chunk = self._saw_chunk or "choices" in chunk
        self._id = self._id or payload.text(chunk.get("id"))
        self._count(chunk, choice)
        if part not in choice and self._prose.is_empty:
            # Some servers put a whole message where a delta belongs; beside a delta it only repeats.
            part = "message"
        events = self._delta(payload.record(choice.get(part)))
        self._reason = payload.text(choice.get("finish_reason")) or self._reason
        return events

    def _delta(self, delta: dict[str, Any]) -> list[StreamEvent]:
        self._saw_tool_call = self._saw_tool_call or bool(delta.get("tool_calls"))
        events = self._prose.reasoning(_reasoning(delta))
        content = delta.get("content")
        if isinstance(content, str):
            events += self._prose.text(content)
        for part in payload.records(content):
            # Mistral's reasoning models send a list of parts.
            events += self._prose.reasoning(_joined(part.get("thinking")))
            events += self._prose.text(payload.text(part.get("text")))
        if refusal := payload.text(delta.get("refusal")):
            self._refused = True
            events += self._prose.text(refusal)
        return events

    def _count(self, chunk: dict[str, Any], choice: dict[str, Any]) -> None:
        """Take the newest usage: vendors that send it with every chunk count from the start."""
        places = (chunk.get("usage"), payload.record(chunk.get("x_groq")).get("usage"), choice.get("usage"))
        usage = next((place for place in map(payload.record, places) if place), None)
        if usage is not None:
            self._usage = read_usage(usage)


def read_usage(usage: dict[str, Any]) -> Usage:
    """The counts of a chat completion as WeBox counts them."""
    in_details = payload.record(usage.get("prompt_tokens_details"))
    out_details = payload.record(usage.get("completion_tokens_details"))
    given = payload.count(usage.get("prompt_tokens"))
    made = payload.count(usage.get("completion_tokens"))
    thought = payload.count(out_details.get("reasoning_tokens"))
    if thought is None:
        thought = payload.count(usage.get("reasoning_tokens"))
    all_told = payload.count(usage.get("total_tokens"))
    if None not in (given, made, all_told) and thought and payload.total(given, made, thought) == all_told:
        # xAI counts reasoning beside completion_tokens, not in them; only the total tells.
        made = payload.total(made, thought)
    cached = (
        in_details.get("cached_tokens"),
        usage.get("prompt_cache_hit_tokens"),
        usage.get("cached_tokens"),
    )
    return Usage(
        input_tokens=given,
        output_tokens=made,
        cached_tokens=next((number for number in map(payload.count, cached) if number is not None), None),
        reasoning_tokens=thought,
    )


def _first_choice(chunk: dict[str, Any]) -> dict[str, Any]:
    choices = payload.records(chunk.get("choices"))
    return next((choice for choice in choices if not choice.get("index")), {})


def _is_error(chunk: dict[str, Any], choice: dict[str, Any]) -> bool:
    return bool(
        chunk.get("error")
        or chunk.get("object") == "error"
        or chunk.get("type") == "error"
        or choice.get("finish_reason") == "error"
    )


def _reasoning(delta: dict[str, Any]) -> str:
    """The reasoning text from the first place that has it; OpenRouter sends it in two at once."""
    named = payload.text(delta.get("reasoning_content")) or payload.text(delta.get("reasoning"))
    return named or "".join(
        payload.text(detail.get("text")) or payload.text(detail.get("summary"))
        for detail in payload.records(delta.get("reasoning_details"))
    )


def _joined(parts: object) -> str:
    if isinstance(parts, str):
        return parts
    return "".join(payload.text(part.get("text")) for part in payload.records(parts))


def _parsed_or_empty(data: str) -> object:
    try:
        return payload.load(data)
    except payload.BadPayload:
        return {}

"""OpenAI's Responses, which xAI, Azure, OpenRouter, DeepSeek, LM Studio and others serve too."""

from collections.abc import AsyncGenerator
from typing import Any

from providers.base import (
    ChatMessage,
    ChatRequest,
    Endpoint,
    Finished,
    FinishReason,
    ListedModel,
    Quirk,
    StreamEvent,
    Usage,
)
from providers.errors import BadStream, CutOff
from providers.wire import failures, payload
from providers.wire.http import Call, ProviderClient, in_words
from providers.wire.prose import Prose
from providers.wire.reader import Framing
from providers.wire.sse import SseEvent, is_done

# The API refuses smaller limits.
LEAST_MAX_TOKENS = 16
_OPTIONAL = frozenset({"temperature", "reasoning.summary", "max_output_tokens", "store"})
_TERMINAL = {"response.completed", "response.incomplete", "response.failed", "response.cancelled"}
_REASONS = {
    "completed": FinishReason.STOP,
    "incomplete:max_output_tokens": FinishReason.LENGTH,
    "incomplete:content_filter": FinishReason.CONTENT_FILTER,
}


class ResponsesAdapter:
    """Responses: `POST {base_url}/responses`."""

    def __init__(self, client: ProviderClient) -> None:
        self._client = client

    def stream(self, request: ChatRequest, endpoint: Endpoint) -> AsyncGenerator[StreamEvent, None]:
        call = Call(
            endpoint=endpoint,
            url=f"{endpoint.base_url}/responses",
            headers=_headers(endpoint),
            body=build_body(request),
            optional=_OPTIONAL,
            fallbacks=in_words(request, _in_words),
        )
        reports_cost = Quirk.REPORTS_COST in endpoint.quirks
        return self._client.stream(call, lambda: ResponsesParser(endpoint.vendor, reports_cost=reports_cost))

    async def models(self, endpoint: Endpoint) -> list[ListedModel]:
        value = await self._client.fetch(Call(endpoint, f"{endpoint.base_url}/models", _headers(endpoint)))
        items = payload.record(value).get("data")
        if not isinstance(items, list):
            raise BadStream(endpoint.vendor)
        return [
            ListedModel(name) for item in payload.records(items) if (name := payload.text(item.get("id")))
        ]


def _headers(endpoint: Endpoint) -> dict[str, str]:
    key = endpoint.api_key.strip()
    return {"Authorization": f"Bearer {key}"} if key else {}


def build_body(request: ChatRequest) -> dict[str, Any]:
    """The request's JSON. `store` false: the vendor is not to keep what was asked."""
    body: dict[str, Any] = {
        "model": request.model,
        "input": [
            {"role": message.role, "content": _parts(message)}
            for message in request.messages
            if message.role != "system"
        ],
        "stream": True,
        "store": False,
    }
    system = "\n\n".join(message.content for message in request.messages if message.role == "system")
    if system:
        body["instructions"] = system
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.max_tokens is not None:
        body["max_output_tokens"] = max(request.max_tokens, LEAST_MAX_TOKENS)
    if request.show_reasoning:
        body["reasoning"] = {"summary": "auto"}
    return body


def _parts(message: ChatMessage) -> list[dict[str, Any]]:
    kind = "output_text" if message.role == "assistant" else "input_text"
    images = [{"type": "input_image", "image_url": image.data_url} for image in message.images]
    return [{"type": kind, "text": message.content}, *images]


def _in_words(body: dict[str, Any]) -> dict[str, Any]:
    """The body without its images."""
    return body | {
        "input": [
            item | {"content": [part for part in item["content"] if part["type"] != "input_image"]}
            for item in body["input"]
        ]
    }


class ResponsesParser:
    """Reads one stream of Responses events; types that it does not know are skipped.

    Goes by `type`, since OpenRouter names no events. `*.done` events repeat what the deltas said. The parts
    of a summary of thoughts are kept as they come, back to back; the page parts them where it shows them.
    """

    framing = Framing.JSON_EVENTS

    def __init__(self, vendor: str, *, reports_cost: bool = False) -> None:
        self._vendor = vendor
        self._reports_cost = reports_cost
        self._prose = Prose(inline_think=True)
        self._usage: dict[str, Any] = {}
        self._reason = ""
        self._refusal = ""
        self._id = ""
        self._saw_tool_call = False
        self.is_settled = False
        # More may follow the end of a response: OpenRouter's [DONE], Azure's next response.
        self.is_over = False

    def feed(self, event: SseEvent) -> list[StreamEvent]:
        if is_done(event.data):
            self.is_over = self.is_settled
            return []
        value = payload.record(payload.load(event.data))
        kind = payload.text(value.get("type"))
        if event.name == "error" or kind == "error" or (not kind and value.get("error")):
            raise failures.in_stream(self._vendor, value)
        if kind in _TERMINAL:
            return self._end_of(payload.record(value.get("response")), kind.removeprefix("response."))
        return self._progress(kind, value)

    def document(self, value: object) -> list[StreamEvent]:
        response = payload.record(value)
        status = payload.text(response.get("status"))
        if response.get("error"):
            raise failures.in_stream(self._vendor, {"error": response["error"]})
        if not status:
            raise BadStream(self._vendor)
        events: list[StreamEvent] = []
        for item in payload.records(response.get("output")):
            self._saw_tool_call = self._saw_tool_call or item.get("type") == "function_call"
            for part in [*payload.records(item.get("summary")), *payload.records(item.get("content"))]:
                events += self._whole_part(item, part)
        return events + self._end_of(response, status)

    def end(self) -> list[StreamEvent]:
        if not self.is_settled:
            raise CutOff(self._vendor)
        usage = read_usage(self._usage, reports_cost=self._reports_cost)
        events = self._prose.end()
        return [*events, Finished(self._finish_reason(), self._reason, usage, self._id, self._refusal)]

    def _finish_reason(self) -> FinishReason:
        if self._refusal:
            return FinishReason.REFUSAL
        if self._reason == "completed" and self._saw_tool_call:
            return FinishReason.TOOL_CALL
        return _REASONS.get(self._reason, FinishReason.OTHER)

    def _progress(self, kind: str, value: dict[str, Any]) -> list[StreamEvent]:
        delta = payload.text(value.get("delta"))
        match kind:
            case "response.created":
                # Another response after one that ended: the answer is whole only with its end.
                self.is_settled = False
                self._saw_tool_call = False
                self._id = payload.text(payload.record(value.get("response")).get("id")) or self._id
            case "response.output_text.delta":
                return self._prose.text(delta)
            case "response.reasoning_summary_text.delta" | "response.reasoning_text.delta":
                return self._prose.reasoning(delta)
            case "response.refusal.delta":
                self._refusal += delta
            case "response.output_item.added":
                item = payload.record(value.get("item"))
                self._saw_tool_call = self._saw_tool_call or item.get("type") == "function_call"
        return []

    def _whole_part(self, item: dict[str, Any], part: dict[str, Any]) -> list[StreamEvent]:
        text = payload.text(part.get("text"))
        if item.get("type") == "reasoning":
            return self._prose.reasoning(text)
        self._refusal += payload.text(part.get("refusal"))
        return self._prose.text(text)

    def _end_of(self, response: dict[str, Any], status: str) -> list[StreamEvent]:
        if status == "failed" or response.get("error"):
            # The error alone: a response repeats its instructions, which may speak of anything.
            raise failures.in_stream(self._vendor, {"error": response.get("error")})
        self._id = payload.text(response.get("id")) or self._id
        self._usage = payload.record(response.get("usage")) or self._usage
        why = payload.text(payload.record(response.get("incomplete_details")).get("reason"))
        self._reason = f"{status}:{why}" if why else status
        # Cancelled and in_progress are no ends of an answer.
        self.is_settled = status in ("completed", "incomplete")
        return []


def read_usage(usage: dict[str, Any], *, reports_cost: bool = False) -> Usage:
    """The counts of a response as WeBox counts them: they are the same."""
    return Usage(
        input_tokens=payload.count(usage.get("input_tokens")),
        output_tokens=payload.count(usage.get("output_tokens")),
        cached_tokens=payload.count(payload.record(usage.get("input_tokens_details")).get("cached_tokens")),
        reasoning_tokens=payload.count(
            payload.record(usage.get("output_tokens_details")).get("reasoning_tokens")
        ),
        cost_usd=payload.dollars(usage.get("cost")) if reports_cost else None,
    )

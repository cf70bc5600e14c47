"""OpenAI's chat completions, and everything that copies them: most vendors and all local servers."""

import re
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
from providers.wire.http import Call, Fallback, ProviderClient, in_words
from providers.wire.prose import Prose
from providers.wire.reader import Framing
from providers.wire.sse import SseEvent, is_done

_OPTIONAL = frozenset({"temperature", "max_tokens", "max_completion_tokens", "stream_options"})
_SWAPS = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
_REFUSES_DEVELOPER = re.compile(r"developer")

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
# Names of models that do something other than chat, in lists that do not say so.
_NO_CHAT = re.compile(
    r"embed|whisper|\btts|-tts|dall-e|image|moderation|realtime|audio|transcribe|babbage|davinci|sora|rerank"
    r"|guard|-ocr|ocr-|voxtral|speech|flux|stable-diffusion|computer-use|search-api|bge-|video",
    re.IGNORECASE,
)


class OpenAIAdapter:
    """Chat completions: `POST {base_url}/chat/completions`."""

    def __init__(self, client: ProviderClient) -> None:
        self._client = client

    def stream(self, request: ChatRequest, endpoint: Endpoint) -> AsyncGenerator[StreamEvent, None]:
        call = Call(
            endpoint=endpoint,
            url=f"{endpoint.base_url}/chat/completions",
            headers=_headers(endpoint),
            body=build_body(request, endpoint.quirks),
            optional=_OPTIONAL,
            swaps=_SWAPS,
            fallbacks=_fallbacks(request, endpoint.quirks),
        )
        reports_cost = Quirk.REPORTS_COST in endpoint.quirks
        return self._client.stream(call, lambda: OpenAIParser(endpoint.vendor, reports_cost=reports_cost))

    async def models(self, endpoint: Endpoint) -> list[ListedModel]:
        value = await self._client.fetch(Call(endpoint, f"{endpoint.base_url}/models", _headers(endpoint)))
        return read_models(value, endpoint.vendor)


def _headers(endpoint: Endpoint) -> dict[str, str]:
    key = endpoint.api_key.strip()
    return {"Authorization": f"Bearer {key}"} if key else {}


def build_body(request: ChatRequest, quirks: frozenset[str]) -> dict[str, Any]:
    """The request's JSON. What the user did not set is left out: many servers refuse null."""
    body: dict[str, Any] = {
        "model": request.model,
        "messages": _messages(request.messages, quirks),
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
    if request.stop:
        body["stop"] = [*request.stop]
    return body


def _messages(messages: tuple[ChatMessage, ...], quirks: frozenset[str]) -> list[dict[str, Any]]:
    if Quirk.NO_SYSTEM_ROLE in quirks:
        messages = _system_before_question(messages)
    system_role = "developer" if Quirk.DEVELOPER_ROLE in quirks else "system"
    return [
        {
            "role": system_role if message.role == "system" else message.role,
            "content": _content(message),
        }
        for message in messages
    ]


def _content(message: ChatMessage) -> str | list[dict[str, Any]]:
    if not message.images:
        return message.content
    images = [{"type": "image_url", "image_url": {"url": image.data_url}} for image in message.images]
    return [{"type": "text", "text": message.content}, *images]


def _system_before_question(messages: tuple[ChatMessage, ...]) -> tuple[ChatMessage, ...]:
    system = "\n\n".join(message.content for message in messages if message.role == "system")
    told = [message for message in messages if message.role != "system"]
    if system and told:
        told[0] = ChatMessage(told[0].role, f"{system}\n\n{told[0].content}", told[0].images)
    return tuple(told)


def _fallbacks(request: ChatRequest, quirks: frozenset[str]) -> tuple[Fallback, ...]:
    fallbacks = in_words(request, payload.messages_in_words)
    if Quirk.DEVELOPER_ROLE in quirks and any(message.role == "system" for message in request.messages):
        # Older models, and servers that only look like OpenAI's.
        fallbacks += (Fallback(_REFUSES_DEVELOPER, _as_system),)
    return fallbacks


def _as_system(body: dict[str, Any]) -> dict[str, Any]:
    """The body with the older word for the system prompt's role."""
    roles = {"developer": "system"}
    return body | {
        "messages": [
            message | {"role": roles.get(message["role"], message["role"])} for message in body["messages"]
        ]
    }


class OpenAIParser:
    """Reads one stream of chat completion chunks. `reports_cost`: believe what it says an answer cost."""

    framing = Framing.JSON_EVENTS

    def __init__(self, vendor: str, *, reports_cost: bool = False) -> None:
        self._vendor = vendor
        self._reports_cost = reports_cost
        self._prose = Prose(inline_think=True)
        self._usage = Usage()
        self._reason = ""
        self._id = ""
        self._saw_chunk = False
        self._saw_tool_call = False
        self._refusal = ""
        self.is_over = False

    @property
    def is_settled(self) -> bool:
        return bool(self._reason) or self.is_over

    def feed(self, event: SseEvent) -> list[StreamEvent]:
        if is_done(event.data):
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
        events = self._prose.end()
        reason = self._finish_reason()
        return [*events, Finished(reason, self._reason, self._usage, self._id, self._refusal)]

    def _finish_reason(self) -> FinishReason:
        if self._refusal:
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
        content = delta.get("content")
        if len(delta) == 1 and isinstance(content, str):
            # Nearly every chunk is this one.
            return self._prose.text(content)
        self._saw_tool_call = self._saw_tool_call or bool(delta.get("tool_calls"))
        events = self._prose.reasoning(_reasoning(delta))
        if isinstance(content, str):
            events += self._prose.text(content)
        for part in payload.records(content):
            # Mistral's reasoning models send a list of parts.
            events += self._prose.reasoning(_joined(part.get("thinking")))
            events += self._prose.text(payload.text(part.get("text")))
        self._refusal += payload.text(delta.get("refusal"))
        return events

    def _count(self, chunk: dict[str, Any], choice: dict[str, Any]) -> None:
        """Take the newest usage: vendors that send it with every chunk count from the start."""
        usage = chunk.get("usage") or choice.get("usage") or payload.record(chunk.get("x_groq")).get("usage")
        if usage and isinstance(usage, dict):
            self._usage = read_usage(usage, reports_cost=self._reports_cost)


def read_usage(usage: dict[str, Any], *, reports_cost: bool = False) -> Usage:
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
        cost_usd=_cost(usage.get("cost")) if reports_cost else None,
    )


def _cost(cost: object) -> float | None:
    """OpenRouter gives a number, Perplexity a record with the total."""
    total = payload.dollars(payload.record(cost).get("total_cost"))
    return payload.dollars(cost) if total is None else total


def _first_choice(chunk: dict[str, Any]) -> dict[str, Any]:
    for choice in payload.records(chunk.get("choices")):
        if not choice.get("index"):
            return choice
    return {}


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


def read_models(value: object, vendor: str) -> list[ListedModel]:
    """The models of a list that can chat, whoever made it. Raises BadStream for what is no list."""
    # Together sends the bare array.
    items = value if isinstance(value, list) else payload.record(value).get("data")
    if not isinstance(items, list):
        raise BadStream(vendor)
    listed = {model.name: model for model in map(_listed, filter(_chats, payload.records(items)))}
    return [model for name, model in listed.items() if name]


def _chats(item: dict[str, Any]) -> bool:
    abilities = payload.record(item.get("capabilities"))
    if isinstance(abilities.get("completion_chat"), bool):
        return bool(abilities["completion_chat"])
    outputs = payload.record(item.get("architecture")).get("output_modalities")
    if isinstance(outputs, list):
        return "text" in outputs
    kind = payload.text(item.get("type"))
    if kind and kind not in ("model", "object", "chat", "language", "code", "llm", "vlm", "base"):
        return False
    if item.get("active") is False:
        return False
    return _NO_CHAT.search(payload.text(item.get("id"))) is None


def _listed(item: dict[str, Any]) -> ListedModel:
    name = payload.text(item.get("id"))
    abilities = payload.record(item.get("capabilities"))
    inputs = payload.record(item.get("architecture")).get("input_modalities")
    sees = "image" in inputs if isinstance(inputs, list) else abilities.get("vision")
    parameters = item.get("supported_parameters")
    reasons = "reasoning" in parameters if isinstance(parameters, list) else abilities.get("reasoning")
    prices = payload.record(item.get("pricing"))
    windows = (
        "context_length",
        "context_window",
        "max_context_length",
        "max_model_len",
        "max_context_window",
    )
    return ListedModel(
        name=name,
        label=payload.text(item.get("name")) or payload.text(item.get("display_name")),
        context_window=next((count for key in windows if (count := payload.count(item.get(key)))), None),
        sees_images=sees if isinstance(sees, bool) else None,
        reasons=reasons if isinstance(reasons, bool) else None,
        input_price=_price(prices, "prompt", "input"),
        output_price=_price(prices, "completion", "output"),
        cached_price=_price(prices, "input_cache_read", "cached_input"),
    )


def _price(prices: dict[str, Any], per_token: str, per_million: str) -> float | None:
    """OpenRouter prices a token, as a string; Together a million, as a number."""
    try:
        price = float(payload.text(prices.get(per_token)) or "nan") * 1_000_000
    except ValueError:
        return None
    known = payload.dollars(price)
    return payload.dollars(prices.get(per_million)) if known is None else round(known, 6)


def _parsed_or_empty(data: str) -> object:
    try:
        return payload.load(data)
    except payload.BadPayload:
        return {}

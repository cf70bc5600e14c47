"""Replicate's predictions: one is made, then its output is read from a stream of its own.

After https://replicate.com/docs/topics/predictions/streaming and …/create-a-prediction, November 2026:
events `output` (plain text), `error` (JSON) and `done` (JSON, with a `reason` where it was no success).
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncGenerator
from typing import Any
from urllib.parse import urlsplit

from providers.base import (
    ChatMessage,
    ChatRequest,
    Endpoint,
    Finished,
    FinishReason,
    ListedModel,
    Note,
    Noted,
    StreamEvent,
    Usage,
)
from providers.errors import BadStream, CutOff, ModelNotFound, ProviderError, TookTooLong, VendorFailed
from providers.wire import failures, payload
from providers.wire.http import Call, ProviderClient
from providers.wire.prose import Prose
from providers.wire.reader import Framing
from providers.wire.sse import SseEvent

# How often a prediction without a stream is asked for.
POLL_S = 1.0
# How long after the end the counts of its tokens are waited for.
AFTERWARDS_S = 3.0
# Two names and perhaps a version: nothing that could lead to another path.
_MODEL = re.compile(r"([A-Za-z0-9][\w.-]*)/([A-Za-z0-9][\w.-]*)(?::([A-Za-z0-9]+))?", re.ASCII)
_ENDED_BADLY = {"failed", "canceled", "aborted"}


class ReplicateAdapter:
    """`POST {base_url}/models/{owner}/{name}/predictions`, or `/predictions` for a model with a version."""

    def __init__(self, client: ProviderClient) -> None:
        self._client = client

    async def stream(self, request: ChatRequest, endpoint: Endpoint) -> AsyncGenerator[StreamEvent, None]:
        made = payload.record(await self._client.fetch(_creation(request, endpoint)))
        if request.has_images:
            # Each of its models has its own name for them, if any.
            yield Noted(Note.IMAGES_LEFT_OUT)
        urls = payload.record(made.get("urls"))
        has_ended = False
        try:
            async with contextlib.aclosing(self._output(endpoint, urls)) as events:
                async for event in events:
                    if isinstance(event, Finished):
                        has_ended = True
                        event = await self._with_usage(endpoint, urls, made, event)
                    yield event
        except VendorFailed:
            has_ended = True
            raise
        finally:
            if not has_ended:
                # Closing the stream alone would leave the prediction running, and paid for. Beside, so that
                # whoever stops it does not wait.
                self._client.afterwards(self._cancel(endpoint, urls))

    async def models(self, endpoint: Endpoint) -> list[ListedModel]:
        """Replicate's collection of language models: its list of all public models is endless."""
        call = Call(endpoint, f"{endpoint.base_url}/collections/language-models", _headers(endpoint))
        items = payload.record(await self._client.fetch(call)).get("models")
        if not isinstance(items, list):
            raise BadStream(endpoint.vendor)
        return [
            ListedModel(f"{owner}/{name}")
            for item in payload.records(items)
            if (owner := payload.text(item.get("owner"))) and (name := payload.text(item.get("name")))
        ]

    async def _output(self, endpoint: Endpoint, urls: dict[str, Any]) -> AsyncGenerator[StreamEvent, None]:
        stream_url = payload.text(urls.get("stream"))
        if not stream_url:
            async for event in self._polled(endpoint, urls):
                yield event
            return
        call = Call(endpoint, _of_replicate(endpoint, stream_url), _headers(endpoint))
        async with contextlib.aclosing(
            self._client.stream(call, lambda: ReplicateParser(endpoint.vendor))
        ) as events:
            async for event in events:
                yield event

    async def _polled(self, endpoint: Endpoint, urls: dict[str, Any]) -> AsyncGenerator[StreamEvent, None]:
        """The output of a model that can't stream, once it is whole."""
        call = _prediction(endpoint, urls)
        deadline = asyncio.get_running_loop().time() + endpoint.total_s
        while asyncio.get_running_loop().time() < deadline:
            prediction = payload.record(await self._client.fetch(call))
            status = payload.text(prediction.get("status"))
            if status in _ENDED_BADLY:
                # The error alone: a prediction repeats its input, which may speak of anything.
                raise failures.in_stream(endpoint.vendor, {"error": prediction.get("error")})
            if status == "succeeded":
                prose = Prose(inline_think=True)
                for event in [*prose.text(_text_of(prediction.get("output"))), *prose.end()]:
                    yield event
                yield Finished(FinishReason.STOP, status, Usage(), payload.text(prediction.get("id")))
                return
            await asyncio.sleep(POLL_S)
        raise TookTooLong(endpoint.vendor, total_s=f"{endpoint.total_s:g}")

    async def _with_usage(
        self, endpoint: Endpoint, urls: dict[str, Any], made: dict[str, Any], event: Finished
    ) -> Finished:
        """The end with the counts of the prediction, without them where they can't be had soon."""
        usage = event.usage
        with contextlib.suppress(ProviderError, TimeoutError):
            async with asyncio.timeout(AFTERWARDS_S):
                prediction = payload.record(await self._client.fetch(_prediction(endpoint, urls)))
                metrics = payload.record(prediction.get("metrics"))
                usage = Usage(
                    input_tokens=payload.count(metrics.get("input_token_count")),
                    output_tokens=payload.count(metrics.get("output_token_count")),
                )
        return Finished(
            event.reason, event.vendor_reason, usage, payload.text(made.get("id")), attempts=event.attempts
        )

    async def _cancel(self, endpoint: Endpoint, urls: dict[str, Any]) -> None:
        with contextlib.suppress(ProviderError, TimeoutError):
            url = _of_replicate(endpoint, payload.text(urls.get("cancel")))
            async with asyncio.timeout(AFTERWARDS_S):
                await self._client.fetch(Call(endpoint, url, _headers(endpoint), {}))


def _headers(endpoint: Endpoint) -> dict[str, str]:
    return {"Authorization": f"Bearer {endpoint.api_key.strip()}"}


def _creation(request: ChatRequest, endpoint: Endpoint) -> Call:
    named = _MODEL.fullmatch(request.model)
    if named is None:
        raise ModelNotFound(endpoint.vendor)
    owner, name, version = named.groups()
    body: dict[str, Any] = {"input": build_input(request), "stream": True}
    if version:
        url = f"{endpoint.base_url}/predictions"
        body["version"] = version
    else:
        url = f"{endpoint.base_url}/models/{owner}/{name}/predictions"
    return Call(
        endpoint,
        url,
        _headers(endpoint),
        body,
        optional=frozenset({"input.temperature", "input.max_tokens", "input.system_prompt"}),
    )


def build_input(request: ChatRequest) -> dict[str, Any]:
    """The model's input: its models take one prompt, so a conversation is told as a transcript."""
    told = [message for message in request.messages if message.role != "system"]
    value: dict[str, Any] = {"prompt": told[-1].content if len(told) == 1 else _transcript(told)}
    system = "\n\n".join(message.content for message in request.messages if message.role == "system")
    if system:
        value["system_prompt"] = system
    if request.temperature is not None:
        value["temperature"] = request.temperature
    if request.max_tokens is not None:
        value["max_tokens"] = request.max_tokens
    return value


def _transcript(messages: list[ChatMessage]) -> str:
    names = {"user": "User", "assistant": "Assistant"}
    lines = [f"{names[message.role]}: {message.content}" for message in messages]
    return "\n\n".join([*lines, "Assistant:"])


def _prediction(endpoint: Endpoint, urls: dict[str, Any]) -> Call:
    return Call(endpoint, _of_replicate(endpoint, payload.text(urls.get("get"))), _headers(endpoint))


def _of_replicate(endpoint: Endpoint, url: str) -> str:
    """The address, if it belongs to the host that was asked: the key goes along. Raises BadStream if not."""
    try:
        asked, named = urlsplit(endpoint.base_url), urlsplit(url)
    except ValueError as error:
        raise BadStream(endpoint.vendor) from error
    *_, domain, top = ("", "", *(asked.hostname or "").split("."))
    same_place = (named.scheme, named.netloc) == (asked.scheme, asked.netloc)
    # Of a numeric address, nothing is a domain.
    same_house = named.scheme == "https" and named.netloc == named.hostname and top.isalpha() and domain
    if not same_place and not (same_house and f".{named.hostname}".endswith(f".{domain}.{top}")):
        raise BadStream(endpoint.vendor)
    return url


def _text_of(output: object) -> str:
    """A model's output is a string, or a list of its pieces."""
    if isinstance(output, list):
        return "".join(piece for piece in output if isinstance(piece, str))
    return payload.text(output)


class ReplicateParser:
    """Reads one stream of a prediction's output; logs are skipped."""

    framing = Framing.TEXT_EVENTS

    def __init__(self, vendor: str) -> None:
        self._vendor = vendor
        self._prose = Prose(inline_think=True)
        self.is_over = False

    @property
    def is_settled(self) -> bool:
        return self.is_over

    def feed(self, event: SseEvent) -> list[StreamEvent]:
        match event.name:
            case "output":
                return self._prose.text(event.data)
            case "error":
                raise failures.in_stream(self._vendor, _error(event.data))
            case "done":
                if payload.text(payload.record(_error(event.data)).get("reason")):
                    # "canceled" or "error": no whole answer.
                    raise VendorFailed(self._vendor)
                self.is_over = True
        return []

    def document(self, value: object) -> list[StreamEvent]:
        # The address of a stream gives nothing else.
        raise BadStream(self._vendor)

    def end(self) -> list[StreamEvent]:
        if not self.is_over:
            raise CutOff(self._vendor)
        return [*self._prose.end(), Finished(FinishReason.STOP, "done", Usage())]


def _error(data: str) -> object:
    try:
        return payload.load(data)
    except payload.BadPayload:
        return {"error": data}

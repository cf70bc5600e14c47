"""Asking vendors over HTTP: retries, time limits and their failures in our words."""

import asyncio
import contextlib
import dataclasses
import re
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Mapping
from typing import Any

import httpx

from outbound import guard
from outbound.guard import Outbound
from providers.base import ChatRequest, Endpoint, Finished, Note, Noted, StreamEvent
from providers.errors import (
    AddressRefused,
    BadKey,
    BadRequest,
    BadStream,
    Blocked,
    CutOff,
    ModelNotFound,
    NoCredit,
    ProviderError,
    RateLimited,
    Stalled,
    TookTooLong,
    Unreachable,
)
from providers.wire import failures, payload
from providers.wire.chunks import NETWORK_ERRORS, Chunks, stalled
from providers.wire.reader import AnswerParser, AnswerReader

CONNECT_S = 10.0
RETRIES = 2
LONGEST_DELAY_S = 30.0
ERROR_BODY_BYTES = 64 * 1024
DOCUMENT_BYTES = 16 * 1024 * 1024
# How long a refusal may take to be read, and what is done beside an answer.
REFUSAL_S = 10.0
AFTERWARDS_S = 3.0

_REQUEST_ID_HEADERS = ("x-request-id", "request-id", "apim-request-id", "x-generation-id")


@dataclasses.dataclass(frozen=True, slots=True)
class Fallback:
    """How to change the body for a vendor that refuses it in such words; `note` is for the reader."""

    words: re.Pattern[str]
    change: Callable[[dict[str, Any]], dict[str, Any]]
    note: Note | None = None


REFUSES_IMAGES = re.compile(r"image|vision|multimodal|modalit")


def in_words(
    request: ChatRequest, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> tuple[Fallback, ...]:
    """For a model that turns out not to see images: `change` takes them out of the body."""
    return (Fallback(REFUSES_IMAGES, change, Note.IMAGES_LEFT_OUT),) if request.has_images else ()


@dataclasses.dataclass(frozen=True, slots=True)
class Call:
    """One question to one vendor; without a body it is a GET.

    Of the body, `optional` may be left out if the vendor refuses it by name; `swaps` names another spelling
    that is tried before. A name with dots leads into the body's objects.
    """

    endpoint: Endpoint
    url: str
    headers: Mapping[str, str] = dataclasses.field(repr=False)
    body: Mapping[str, Any] | None = dataclasses.field(default=None, repr=False)
    optional: frozenset[str] = frozenset()
    swaps: Mapping[str, str] = dataclasses.field(default_factory=dict)
    fallbacks: tuple[Fallback, ...] = ()


class _Refused(Exception):
    """A status that is not 200, with what is needed to decide on another try."""

    def __init__(
        self, status: int, error: ProviderError, report: failures.Report, *, may_retry: bool
    ) -> None:
        super().__init__(error.code)
        self.status = status
        self.error = error
        self.report = report
        self.may_retry = may_retry


class _Tries:
    """The body as it is sent now, and how often it was."""

    def __init__(self, call: Call, retries: int, backoff_s: float) -> None:
        self.body = None if call.body is None else _copy(call.body)
        self.sent = 0
        self._call = call
        self._repeats_left = retries
        self._delay_s = backoff_s
        self._fallbacks = list(call.fallbacks)
        self._swapped: set[str] = set()

    def relax(self, refused: _Refused) -> Note | bool:
        """Take out of the body what the vendor refuses; False if nothing is to blame, else True or a note."""
        if self.body is None or isinstance(refused.error, BadKey | NoCredit | RateLimited | Blocked):
            return False
        if refused.status > 500:
            # A gateway that mentions images has no opinion on them; local servers refuse them with a 500.
            return False
        for fallback in self._fallbacks:
            if fallback.words.search(refused.report.text):
                self._fallbacks.remove(fallback)
                self.body = fallback.change(self.body)
                return fallback.note or True
        if not isinstance(refused.error, BadRequest | ModelNotFound):
            return False
        for name in sorted(self._call.optional):
            holder, last = _holder(self.body, name)
            if last not in holder or not refused.report.names(last):
                continue
            value = holder.pop(last)
            other = self._call.swaps.get(last)
            if other is not None and last not in self._swapped:
                holder[other] = value
                self._swapped.add(other)
            return True
        return False

    async def wait(self, error: ProviderError) -> bool:
        """Wait as long as the vendor asks before a repeat; False where there is none."""
        delay_s = self._delay_s if error.retry_after_s is None else error.retry_after_s
        if self._repeats_left == 0 or delay_s > LONGEST_DELAY_S:
            return False
        self._repeats_left -= 1
        self._delay_s *= 2
        # Spread out: all of a turn's answers may have been refused at the same moment.
        await asyncio.sleep(delay_s * (1 + secrets.randbelow(100) / 400))
        return True


class ProviderClient:
    """Asks vendors through one Outbound. Use it on one event loop; close it with `aclose()`.

    A failed try is repeated at most `retries` times, and only before the first delta.
    `backoff_s` is the delay before the first repeat where the vendor names none; it doubles.
    """

    def __init__(self, *, retries: int = RETRIES, backoff_s: float = 0.5) -> None:
        self._retries = retries
        self._backoff_s = backoff_s
        self._outbound: Outbound | None = None
        self._afterwards: set[asyncio.Task[None]] = set()

    def afterwards(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Do something beside, for which nobody waits but `aclose()`, and that for a few seconds."""
        task = asyncio.create_task(coroutine)
        self._afterwards.add(task)
        task.add_done_callback(self._afterwards.discard)

    async def aclose(self) -> None:
        """Close every connection; the client may be used again afterwards."""
        if self._afterwards:
            _done, late = await asyncio.wait(self._afterwards, timeout=AFTERWARDS_S)
            for task in late:
                task.cancel()
        outbound, self._outbound = self._outbound, None
        if outbound is not None:
            await outbound.aclose()

    async def stream(
        self, call: Call, new_parser: Callable[[], AnswerParser]
    ) -> AsyncGenerator[StreamEvent, None]:
        """Yield the answer's deltas, then Finished. Raises ProviderError, nothing else."""
        tries = _Tries(call, self._retries, self._backoff_s)
        while True:
            has_started = False
            tries.sent += 1
            try:
                async with contextlib.aclosing(self._attempt(call, tries.body, new_parser())) as batches:
                    async for batch in batches:
                        has_started = True
                        for event in batch:
                            if isinstance(event, Finished):
                                event = dataclasses.replace(event, attempts=tries.sent)
                            yield event
                return
            except _Refused as refused:
                error, may_retry = refused.error, refused.may_retry
                relaxed = tries.relax(refused)
                if isinstance(relaxed, Note):
                    yield Noted(relaxed)
                if relaxed:
                    continue
            except ProviderError as raised:
                error, may_retry = raised, raised.retryable and not has_started
            if not may_retry or not await tries.wait(error):
                error.attempts = tries.sent
                raise error

    async def fetch(self, call: Call) -> Any:
        """The JSON value of an answer that is no stream. Raises ProviderError, nothing else."""
        tries = _Tries(call, self._retries, self._backoff_s)
        while True:
            tries.sent += 1
            try:
                return await self._document(call, tries.body)
            except _Refused as refused:
                error, may_retry = refused.error, refused.may_retry
                if tries.relax(refused):
                    continue
            except ProviderError as raised:
                error, may_retry = raised, raised.retryable
            if not may_retry or not await tries.wait(error):
                error.attempts = tries.sent
                raise error

    async def _document(self, call: Call, body: Mapping[str, Any] | None) -> Any:
        answer = await self._send(call, body, "application/json")
        async with _closing(answer):
            if answer.status_code not in (200, 201, 202):
                raise await _refusal(call.endpoint, answer)
            document, chunks = bytearray(), Chunks(call.endpoint, answer)
            while chunk := await chunks.read():
                document += chunk
                if len(document) > DOCUMENT_BYTES:
                    raise BadStream(call.endpoint.vendor)
        try:
            return payload.load(bytes(document))
        except payload.BadPayload as error:
            raise BadStream(call.endpoint.vendor) from error

    async def _attempt(
        self, call: Call, body: Mapping[str, Any] | None, parser: AnswerParser
    ) -> AsyncGenerator[list[StreamEvent], None]:
        """The events of each chunk of bytes. Raises _Refused or ProviderError."""
        answer = await self._send(call, body, "text/event-stream")
        request_id = _request_id(answer)
        try:
            async with _closing(answer):
                if answer.status_code != 200:
                    raise await _refusal(call.endpoint, answer)
                reader = AnswerReader(call.endpoint.vendor, answer.headers.get("content-type", ""), parser)
                chunks = Chunks(call.endpoint, answer)
                try:
                    while chunk := await chunks.read():
                        batch, error = reader.feed(chunk)
                        if batch:
                            yield batch
                        if error:
                            raise error
                        if parser.is_over:
                            await chunks.drain()
                            break
                except (CutOff, Stalled, TookTooLong):
                    # The vendor had said that it was finished: how the connection ended does not matter.
                    if not parser.is_settled:
                        raise
                yield [_with_id(event, request_id) for event in reader.end()]
        except _Refused as refused:
            refused.error.request_id = request_id
            raise
        except ProviderError as error:
            error.stage, error.request_id = "mid-stream", request_id
            raise

    async def _send(self, call: Call, body: Mapping[str, Any] | None, accept: str) -> httpx.Response:
        """Send and wait for the status line; no byte within the silence limit is Stalled."""
        vendor, silence_s = call.endpoint.vendor, call.endpoint.silence_s
        if not all(value.isascii() and value.isprintable() for value in call.headers.values()):
            # A key with a line break or a typographic dash never left this machine.
            raise BadKey(vendor)
        if self._outbound is None:
            self._outbound = Outbound()
        http = self._outbound.client(may_be_private=call.endpoint.may_be_private)
        try:
            request = http.build_request(
                "GET" if body is None else "POST",
                call.url,
                headers={"Accept": accept, **call.headers},
                json=body,
                timeout=httpx.Timeout(silence_s, connect=CONNECT_S, pool=CONNECT_S),
            )
            # aiohttp has no limit on sending the body: a server that never reads would hold us.
            async with asyncio.timeout(CONNECT_S + silence_s):
                return await http.send(request, stream=True)
        except (TimeoutError, httpx.ReadTimeout, httpx.WriteTimeout) as error:
            raise stalled(call.endpoint) from error
        except NETWORK_ERRORS as error:
            raise (AddressRefused if guard.was_refused(error) else Unreachable)(vendor) from error


@contextlib.asynccontextmanager
async def _closing(answer: httpx.Response) -> AsyncIterator[None]:
    try:
        yield
    finally:
        with contextlib.suppress(*NETWORK_ERRORS):
            await answer.aclose()


async def _refusal(endpoint: Endpoint, answer: httpx.Response) -> _Refused:
    body, chunks = bytearray(), Chunks(endpoint, answer)
    with contextlib.suppress(ProviderError, TimeoutError):
        async with asyncio.timeout(REFUSAL_S):
            while len(body) < ERROR_BODY_BYTES and (chunk := await chunks.read()):
                body += chunk
    report = failures.read_report(bytes(body[:ERROR_BODY_BYTES]))
    error = failures.before_stream(endpoint.vendor, answer.status_code, answer.headers, report)
    may_retry = failures.may_retry(answer.status_code, answer.headers, error)
    return _Refused(answer.status_code, error, report, may_retry=may_retry)


def _request_id(answer: httpx.Response) -> str:
    found = (answer.headers[name] for name in _REQUEST_ID_HEADERS if name in answer.headers)
    return next(found, "")[:200]


def _with_id(event: StreamEvent, request_id: str) -> StreamEvent:
    if isinstance(event, Finished) and request_id:
        return dataclasses.replace(event, request_id=request_id)
    return event


def _copy(body: Mapping[str, Any]) -> dict[str, Any]:
    """A copy whose objects may be changed; lists and texts are shared, since images may be large."""
    return {name: _copy(value) if isinstance(value, Mapping) else value for name, value in body.items()}


def _holder(body: dict[str, Any], name: str) -> tuple[dict[str, Any], str]:
    """The object that a dotted name leads to, empty where there is none, and the name's last word."""
    *path, last = name.split(".")
    holder = body
    for step in path:
        holder = payload.record(holder.get(step))
    return holder, last

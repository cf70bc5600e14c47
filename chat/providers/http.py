"""The one door through which WeBox talks to vendors: nothing else here opens a connection."""

import asyncio
import contextlib
import dataclasses
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from chat.providers import failures
from chat.providers.base import Endpoint, Finished, StreamEvent
from chat.providers.errors import (
    BadKey,
    BadRequest,
    BadStream,
    CutOff,
    ModelNotFound,
    ProviderError,
    Stalled,
    Unreachable,
)
from chat.providers.reader import AnswerParser, AnswerReader

CONNECT_S = 10.0
RETRIES = 2
LONGEST_DELAY_S = 30.0
ERROR_BODY_BYTES = 64 * 1024
ANSWER_BYTES = 64 * 1024 * 1024
# How long to wait for the end of the bytes once the answer is over: read to the end, a connection can be
# used again; some servers leave it open.
DRAIN_S = 0.25

_REQUEST_ID_HEADERS = ("x-request-id", "request-id", "apim-request-id")
_NETWORK_ERRORS = (
    httpx.HTTPError,
    httpx.InvalidURL,
    httpx.StreamError,
    aiohttp.ClientError,
    OSError,
    ValueError,
)


@dataclasses.dataclass(frozen=True, slots=True)
class Call:
    """One question to one vendor. Of the body, `optional` may be left out if the vendor refuses it.

    `swaps` names another spelling that is tried before a parameter is left out.
    """

    endpoint: Endpoint
    url: str
    headers: Mapping[str, str] = dataclasses.field(repr=False)
    body: Mapping[str, Any] = dataclasses.field(repr=False)
    optional: frozenset[str] = frozenset()
    swaps: Mapping[str, str] = dataclasses.field(default_factory=dict)


class _Refused(Exception):
    """A status that is not 200, with what is needed to decide on another try."""

    def __init__(self, error: ProviderError, report: failures.Report, *, may_retry: bool) -> None:
        super().__init__(error.code)
        self.error = error
        self.report = report
        self.may_retry = may_retry


class ProviderClient:
    """Owns the connections to all vendors. Use it on one event loop; close it with `aclose()`.

    A failed try is repeated at most `retries` times, and only before the first delta.
    `backoff_s` is the delay before the first repeat where the vendor names none; it doubles.
    """

    def __init__(self, *, retries: int = RETRIES, backoff_s: float = 0.5) -> None:
        self._retries = retries
        self._backoff_s = backoff_s
        self._http: httpx.AsyncClient | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def aclose(self) -> None:
        """Close every connection; the client may be used again afterwards."""
        http, self._http, self._loop = self._http, None, None
        if http is not None:
            await http.aclose()

    async def stream(
        self, call: Call, new_parser: Callable[[], AnswerParser]
    ) -> AsyncGenerator[StreamEvent, None]:
        """Yield the answer's deltas, then Finished. Raises ProviderError, nothing else."""
        body = dict(call.body)
        swapped: set[str] = set()
        tries = 0
        while True:
            has_started = False
            try:
                async with contextlib.aclosing(self._attempt(call, body, new_parser())) as events:
                    async for event in events:
                        has_started = True
                        yield event
                return
            except _Refused as refused:
                error, may_retry = refused.error, refused.may_retry
                if isinstance(error, BadRequest | ModelNotFound) and _relax(
                    body, call, refused.report, swapped
                ):
                    continue
            except ProviderError as raised:
                error, may_retry = raised, raised.retryable and not has_started
            delay_s = self._backoff_s * 2**tries if error.retry_after_s is None else error.retry_after_s
            if not may_retry or tries >= self._retries or delay_s > LONGEST_DELAY_S:
                raise error
            tries += 1
            # Spread out: all of a turn's answers may have been refused at the same moment.
            await asyncio.sleep(delay_s * (1 + secrets.randbelow(100) / 400))

    async def _attempt(
        self, call: Call, body: Mapping[str, Any], parser: AnswerParser
    ) -> AsyncGenerator[StreamEvent, None]:
        answer = await self._send(call, body)
        try:
            if answer.status_code != 200:
                raise await _refusal(call.endpoint.vendor, answer)
            request_id = next(
                (answer.headers[name] for name in _REQUEST_ID_HEADERS if name in answer.headers), ""
            )
            async for event in _events(call.endpoint, answer, parser):
                if isinstance(event, Finished) and request_id:
                    event = dataclasses.replace(event, request_id=request_id[:200])
                yield event
        finally:
            with contextlib.suppress(*_NETWORK_ERRORS):
                await answer.aclose()

    async def _send(self, call: Call, body: Mapping[str, Any]) -> httpx.Response:
        """Post and wait for the status line; no byte within the silence limit is Stalled."""
        vendor, silence_s = call.endpoint.vendor, call.endpoint.silence_s
        if not all(value.isascii() and value.isprintable() for value in call.headers.values()):
            # A key with a line break or a typographic dash never left this machine.
            raise BadKey(vendor)
        http = self._client()
        try:
            request = http.build_request(
                "POST",
                call.url,
                headers=dict(call.headers),
                json=body,
                timeout=httpx.Timeout(silence_s, connect=CONNECT_S, pool=CONNECT_S),
            )
            # aiohttp has no limit on sending the body: a server that never reads would hold us.
            async with asyncio.timeout(CONNECT_S + silence_s):
                return await http.send(request, stream=True)
        except (TimeoutError, httpx.ReadTimeout, httpx.WriteTimeout) as error:
            raise _stalled(call.endpoint) from error
        except _NETWORK_ERRORS as error:
            raise Unreachable(vendor) from error

    def _client(self) -> httpx.AsyncClient:
        loop = asyncio.get_running_loop()
        if self._http is None:
            self._loop = loop
            self._http = _new_http()
        elif self._loop is not loop:
            raise RuntimeError("A ProviderClient belongs to the event loop that used it first.")
        return self._http


def _new_http() -> httpx.AsyncClient:
    session = aiohttp.ClientSession(
        # httpx's "no limit" would become 100 connections; the engine bounds itself.
        connector=aiohttp.TCPConnector(limit=0, ssl=httpx.create_ssl_context(trust_env=False)),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
    )
    return httpx.AsyncClient(
        transport=AiohttpTransport(client=session),
        # httpx keeps a jar of its own: what a vendor sets for one user must not follow another.
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        follow_redirects=False,
        trust_env=False,
        headers={"User-Agent": "WeBox", "Accept": "text/event-stream", "Accept-Encoding": "identity"},
    )


async def _refusal(vendor: str, answer: httpx.Response) -> _Refused:
    body = bytearray()
    with contextlib.suppress(*_NETWORK_ERRORS):
        async for chunk in answer.aiter_bytes():
            body += chunk
            if len(body) >= ERROR_BODY_BYTES:
                break
    report = failures.read_report(bytes(body[:ERROR_BODY_BYTES]))
    error = failures.before_stream(vendor, answer.status_code, answer.headers, report)
    may_retry = failures.may_retry(answer.status_code, answer.headers, error)
    return _Refused(error, report, may_retry=may_retry)


async def _events(
    endpoint: Endpoint, answer: httpx.Response, parser: AnswerParser
) -> AsyncGenerator[StreamEvent, None]:
    reader = AnswerReader(endpoint.vendor, answer.headers.get("content-type", ""), parser)
    chunks = _chunks(endpoint, answer)
    try:
        async for chunk in chunks:
            for event in reader.feed(chunk):
                yield event
            if parser.is_over:
                await _drain(chunks)
                break
    except (CutOff, Stalled):
        # The vendor had said that it was finished: how the connection ended does not matter.
        if not parser.is_settled:
            raise
    for event in reader.end():
        yield event


async def _drain(chunks: AsyncIterator[bytes]) -> None:
    with contextlib.suppress(ProviderError, TimeoutError):
        async with asyncio.timeout(DRAIN_S):
            async for _ in chunks:
                pass


async def _chunks(endpoint: Endpoint, answer: httpx.Response) -> AsyncIterator[bytes]:
    total = 0
    try:
        async for chunk in answer.aiter_bytes():
            total += len(chunk)
            if total > ANSWER_BYTES:
                raise BadStream(endpoint.vendor)
            yield chunk
    except (TimeoutError, httpx.ReadTimeout) as error:
        raise _stalled(endpoint) from error
    except httpx.DecodingError as error:
        raise BadStream(endpoint.vendor) from error
    except _NETWORK_ERRORS as error:
        raise CutOff(endpoint.vendor) from error


def _stalled(endpoint: Endpoint) -> Stalled:
    return Stalled(endpoint.vendor, silence_s=f"{endpoint.silence_s:g}")


def _relax(body: dict[str, Any], call: Call, report: failures.Report, swapped: set[str]) -> bool:
    """Take one refused parameter out of the body, or spell it otherwise; False if none is to blame."""
    for name in sorted(call.optional & body.keys()):
        if not report.names(name):
            continue
        value = body.pop(name)
        other = call.swaps.get(name)
        if other is not None and name not in swapped:
            body[other] = value
            swapped.add(other)
        return True
    return False

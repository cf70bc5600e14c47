"""More bytes than anybody should send: each answer ends, and in little memory."""

import asyncio
import contextlib
import gzip
import itertools
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import replace

import pytest

from providers.adapters.ollama import OllamaParser
from providers.adapters.openai import OpenAIAdapter, OpenAIParser
from providers.base import ChatMessage, ChatRequest, Endpoint
from providers.errors import BadRequest, BadStream, ProviderError, TookTooLong
from providers.tests.vendor import Heard, Reply, VendorServer, hear, listen, sse
from providers.wire import chunks, http
from providers.wire import sse as sse_module
from providers.wire.http import ProviderClient
from providers.wire.reader import AnswerParser

MIB = 1024 * 1024
REQUEST = ChatRequest("m", (ChatMessage("user", "Why?"),))
SSE = {"Content-Type": "text/event-stream"}
HI = sse({"choices": [{"delta": {"content": "Hi"}}]})


@contextlib.contextmanager
def memory_stays_under(limit: int) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < limit


def hundred_megabytes(start: bytes, again: bytes) -> Iterator[bytes]:
    """Bytes that are never built: a start, then the same again and again in reads of 16 KiB."""
    chunk = again * (16 * 1024 // len(again))
    return itertools.chain([start], itertools.repeat(chunk, 100 * 1000 * 1000 // len(chunk)))


@pytest.mark.parametrize(
    ("parser", "content_type", "start", "again"),
    [
        (OpenAIParser, "text/event-stream", b"data: ", b"x" * 1024),
        (OllamaParser, "application/x-ndjson", b'{"message": "', b"x" * 1024),
        (OpenAIParser, "text/event-stream", b"", b"data: " + b"x" * 1017 + b"\n"),
        (OpenAIParser, "application/json", b"[", b" " * 1024),
    ],
    ids=["a line", "a line of JSON", "an event", "a document"],
)
def test_what_has_no_end_is_a_bad_stream_in_little_memory(
    parser: Callable[[str], AnswerParser], content_type: str, start: bytes, again: bytes
) -> None:
    with memory_stays_under(24 * MIB):
        heard = hear(parser("Vendor"), hundred_megabytes(start, again), content_type=content_type)
    assert type(heard.error) is BadStream


@pytest.mark.parametrize("again", [b"data: x\n", b"ab\n", b"error: xy\n"], ids=["data", "unknown", "errors"])
def test_an_event_of_very_short_lines_takes_little_memory(
    monkeypatch: pytest.MonkeyPatch, again: bytes
) -> None:
    # A quarter of the true limit, since counting memory is slow; what is held should not be many times more.
    monkeypatch.setattr(sse_module, "EVENT_BYTES", MIB)
    with memory_stays_under(6 * MIB):
        heard = hear(OpenAIParser("Vendor"), hundred_megabytes(b"", again))
    assert type(heard.error) is BadStream


class Tap(VendorServer):
    """A server that sends its pieces for as long as somebody listens."""

    def __init__(
        self, pieces: Iterable[bytes], status: int = 200, pause_s: float = 0.0, **headers: str
    ) -> None:
        super().__init__(Reply())
        self.pieces = pieces
        self.status = status
        self.pause_s = pause_s
        self.headers = SSE | {name.replace("_", "-"): value for name, value in headers.items()}

    async def _answer(self, reply: Reply, writer: asyncio.StreamWriter) -> bool:
        head = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        writer.write(f"HTTP/1.1 {self.status} X\r\n{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        with contextlib.suppress(ConnectionError):
            for piece in filter(None, self.pieces):
                writer.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
                await writer.drain()
                # A server's own beat; also lets the client's end of the connection be seen.
                await asyncio.sleep(self.pause_s)
        return False


def gzipped(again: bytes) -> Iterator[bytes]:
    """The same bytes again and again, compressed, without end."""
    packer = zlib.compressobj(wbits=31)
    while True:
        yield packer.compress(again)


@pytest.fixture
async def client() -> AsyncIterator[ProviderClient]:
    client = ProviderClient(backoff_s=0.001)
    yield client
    await client.aclose()


async def ask(client: ProviderClient, endpoint: Endpoint) -> Heard:
    # A guard, not a measure: without an end the test would wait for its own limit.
    async with asyncio.timeout(5):
        return await listen(OpenAIAdapter(client).stream(REQUEST, endpoint))


async def models(client: ProviderClient, endpoint: Endpoint) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        async with asyncio.timeout(5):
            await OpenAIAdapter(client).models(endpoint)
    return caught.value


@pytest.mark.parametrize("again", [b"\0" * MIB, b": \n" * (MIB // 3)], ids=["zeros", "short lines"])
async def test_a_compression_bomb_is_a_bad_stream_in_little_memory(
    client: ProviderClient, again: bytes
) -> None:
    with memory_stays_under(96 * MIB):
        async with Tap(gzipped(again), Content_Encoding="gzip") as vendor:
            heard = await ask(client, vendor.endpoint())
    assert type(heard.error) is BadStream
    assert len(vendor.requests) == 1


@pytest.mark.parametrize("status", [200, 400])
async def test_a_bomb_in_a_bomb_takes_little_memory(client: ProviderClient, status: int) -> None:
    # Less than a kilobyte, of which each layer makes a thousand times more.
    bomb = gzip.compress(gzip.compress(b"\0" * (192 * MIB)))
    with memory_stays_under(96 * MIB):
        async with Tap([bomb], status, Content_Encoding="gzip, gzip") as vendor:
            heard = await ask(client, vendor.endpoint())
    assert type(heard.error) in (BadStream, BadRequest)


async def test_a_bomb_in_place_of_a_list_or_a_refusal_takes_little_memory(client: ProviderClient) -> None:
    with memory_stays_under(96 * MIB):
        async with Tap(gzipped(b"\0" * MIB), Content_Encoding="gzip") as vendor:
            assert type(await models(client, vendor.endpoint())) is BadStream
        async with Tap(gzipped(b"\0" * MIB), 400, Content_Encoding="gzip") as vendor:
            assert type((await ask(client, vendor.endpoint())).error) in (BadRequest, BadStream)


async def test_a_drip_of_comments_ends_at_the_limit_of_the_answer(client: ProviderClient) -> None:
    async with Tap(itertools.repeat(b": keep-alive\n\n"), pause_s=0.005) as vendor:
        heard = await ask(client, replace(vendor.endpoint(), total_s=0.2))
    assert type(heard.error) is TookTooLong
    assert heard.error.params == {"vendor": "Vendor", "total_s": "0.2"}
    assert len(vendor.requests) == 1


async def test_a_drip_of_deltas_ends_at_the_limit_and_the_text_stays(client: ProviderClient) -> None:
    async with Tap(itertools.repeat(HI), pause_s=0.005) as vendor:
        heard = await ask(client, replace(vendor.endpoint(), total_s=0.2))
    assert type(heard.error) is TookTooLong
    assert heard.text.startswith("Hi")


async def test_a_drip_in_place_of_a_list_ends_at_the_limit(client: ProviderClient) -> None:
    async with Tap(itertools.repeat(b" "), pause_s=0.005) as vendor:
        error = await models(client, replace(vendor.endpoint(), total_s=0.2))
    assert type(error) is TookTooLong


async def test_a_refusal_that_drips_ends_at_the_limit_too(client: ProviderClient) -> None:
    async with Tap(itertools.repeat(b" "), 400, pause_s=0.005) as vendor:
        heard = await ask(client, replace(vendor.endpoint(), total_s=0.2))
    assert type(heard.error) in (BadRequest, TookTooLong)


@pytest.mark.parametrize("again", [HI, b": \n\n", b"\n"], ids=["deltas", "comments", "nothing"])
async def test_a_flood_ends_at_the_limit_of_bytes(
    client: ProviderClient, monkeypatch: pytest.MonkeyPatch, again: bytes
) -> None:
    monkeypatch.setattr(chunks, "ANSWER_BYTES", 256 * 1024)
    async with Tap(itertools.repeat(again * 100)) as vendor:
        heard = await ask(client, vendor.endpoint())
    assert type(heard.error) is BadStream
    assert len(vendor.requests) == 1
    if again is HI:
        assert 0 < len(heard.text) <= 256 * 1024 // len(HI) * 2


async def test_a_list_has_a_limit_of_bytes(client: ProviderClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "DOCUMENT_BYTES", 64 * 1024)
    async with Tap(itertools.repeat(b" " * 1000)) as vendor:
        assert type(await models(client, vendor.endpoint())) is BadStream


async def test_a_long_answer_within_the_limits_is_whole(client: ProviderClient) -> None:
    stop = sse({"choices": [{"delta": {}, "finish_reason": "stop"}]}, "[DONE]")
    async with VendorServer(Reply((HI * 20_000, stop))) as vendor:
        heard = await ask(client, vendor.endpoint())
    assert (len(heard.text), heard.error) == (40_000, None)

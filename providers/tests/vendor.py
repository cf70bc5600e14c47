"""Vendors for tests: an ear for a parser's events, and a server on loopback that answers as it is told."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from providers.base import Endpoint, Finished, Note, Noted, ReasoningDelta, StreamEvent, TextDelta
from providers.errors import ProviderError
from providers.wire.reader import AnswerParser, AnswerReader


@dataclass
class Heard:
    """What came out of one answer; at most one of `finished` and `error` is set."""

    text: str = ""
    reasoning: str = ""
    finished: Finished | None = None
    error: ProviderError | None = None
    notes: list[Note] = field(default_factory=list)

    def add(self, event: StreamEvent) -> None:
        match event:
            case TextDelta(text):
                self.text += text
            case ReasoningDelta(text):
                self.reasoning += text
            case Noted(note):
                assert not self.text + self.reasoning
                self.notes.append(note)
            case Finished():
                assert self.finished is None
                self.finished = event


def hear(parser: AnswerParser, chunks: Iterable[bytes], *, content_type: str = "text/event-stream") -> Heard:
    """Run bytes through a parser; whatever is raised but ProviderError fails the test."""
    heard = Heard()
    try:
        reader = AnswerReader("Vendor", content_type, parser)
        for chunk in chunks:
            events, error = reader.feed(chunk)
            for event in events:
                heard.add(event)
            if error:
                raise error
        for event in reader.end():
            heard.add(event)
    except ProviderError as error:
        heard.error = error
    assert not (heard.finished and heard.error)
    return heard


async def listen(events: AsyncIterator[StreamEvent]) -> Heard:
    """Collect a provider's stream; whatever is raised but ProviderError fails the test."""
    heard = Heard()
    try:
        async for event in events:
            heard.add(event)
    except ProviderError as error:
        heard.error = error
    return heard


def sse(*values: object) -> bytes:
    """An event stream of JSON values; a string stands as it is."""
    texts = (value if isinstance(value, str) else json.dumps(value) for value in values)
    return "".join(f"data: {text}\n\n" for text in texts).encode()


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Reply:
    """One scripted HTTP answer. After its pieces the body ends, is cut without an end, or nothing more comes.

    "end later" ends it once the client has had its turns of the loop to read the pieces. `silent` sends no
    status line at all.
    """

    pieces: tuple[bytes, ...] = ()
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "text/event-stream"})
    then: Literal["end", "end later", "cut", "hang"] = "end"
    silent: bool = False


class VendorServer:
    """Gives its replies in order, the last one again and again, and keeps the requests it got.

    Where many requests come at once, override `reply_to`: then what is asked decides.
    """

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.requests: list[Request] = []
        self.connections = 0
        self.got_request = asyncio.Event()
        self._closing = asyncio.Event()
        self.url = ""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._closing.set()
        self._server.close()
        await self._server.wait_closed()

    def endpoint(self, *, key: str = "key-1", silence_s: float = 20.0, path: str = "/v1") -> Endpoint:
        return Endpoint("Vendor", self.url + path, key, silence_s, may_be_private=True)

    def reply_to(self, request: Request) -> Reply:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while (request := await _read_request(reader)) is not None:
                self.requests.append(request)
                self.got_request.set()
                if not await self._answer(self.reply_to(request), writer):
                    break
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(self, reply: Reply, writer: asyncio.StreamWriter) -> bool:
        """Write one reply; False where the connection can't be used again."""
        if not reply.silent:
            head = "".join(f"{name}: {value}\r\n" for name, value in reply.headers.items())
            writer.write(f"HTTP/1.1 {reply.status} X\r\n{head}Transfer-Encoding: chunked\r\n\r\n".encode())
            for piece in filter(None, reply.pieces):
                writer.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            await writer.drain()
        if reply.then == "hang" or reply.silent:
            await self._closing.wait()
        if reply.then in ("cut", "hang") or reply.silent:
            return False
        if reply.then == "end later":
            for _ in range(50):
                await asyncio.sleep(0)
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True


async def _read_request(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    first, *lines = head.split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    method, path, _ = first.split(" ")
    return Request(method, path, headers, json.loads(body) if body else None)

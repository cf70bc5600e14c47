"""The two clients of the benchmarks: one that asks the vendor itself, one that asks WeBox. Both are cheap."""

import asyncio
import gc
import json
import ssl
from array import array
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import aiohttp
import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from bench.kit.site import Bench, Person
from bench.kit.stamp_vendor import newest_us, now_us, stamps_us

RESUME_AGAIN_S = 0.25
FINAL = ("done", "failed", "stopped", "interrupted")


@dataclass
class Samples:
    """Tokens as they arrived: when, and how long after they were written; both in microseconds."""

    received_us: "array[int]" = field(default_factory=lambda: array("q"))
    latency_us: "array[int]" = field(default_factory=lambda: array("q"))

    def add(self, received_us: int, text: str) -> None:
        """All tokens of a text that arrived together."""
        for stamp in stamps_us(text):
            self.received_us.append(received_us)
            self.latency_us.append(received_us - stamp)

    def latencies_ms(self, since_us: int = 0, until_us: int = 1 << 62) -> list[float]:
        """The latencies of the tokens that arrived in a window."""
        pairs = zip(self.received_us, self.latency_us, strict=True)
        return [latency / 1000 for received, latency in pairs if since_us <= received < until_us]


def run(measuring: Coroutine[Any, Any, None]) -> None:
    """Run a benchmark's clients as quietly as they can: the server's own loop, few collections of garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
    loop_factory = import_module("uvloop").new_event_loop if find_spec("uvloop") else None
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(measuring)


# --- Direct -------------------------------------------------------------------------------------------


@asynccontextmanager
async def direct_session(trust: ssl.SSLContext | None) -> AsyncIterator[aiohttp.ClientSession]:
    """A session without a limit on its connections."""
    connector = aiohttp.TCPConnector(limit=0, ssl=trust if trust else True)
    async with aiohttp.ClientSession(connector=connector) as session:
        yield session


async def ask_directly(
    session: aiohttp.ClientSession, vendor_url: str, model: str, samples: Samples | None = None
) -> int:
    """Read one answer of the vendor to its end; returns when its first token was there, in microseconds.

    What reading costs at least: chunks, split at blank lines, parsed as JSON.
    """
    first_us, rest = 0, b""
    body = {"model": model, "stream": True, "messages": [{"role": "user", "content": "Hello"}]}
    async with session.post(f"{vendor_url}/chat/completions", json=body) as got:
        async for piece in got.content.iter_any():
            received_us = now_us()
            *events, rest = (rest + piece).split(b"\n\n")
            for one in events:
                data = one.removeprefix(b"data: ")
                if data == b"[DONE]":
                    continue
                text = json.loads(data)["choices"][0]["delta"].get("content", "")
                if text:
                    first_us = first_us or received_us
                    if samples:
                        samples.add(received_us, text)
    return first_us


# --- Through WeBox ------------------------------------------------------------------------------------


class _Failure(msgspec.Struct):
    code: str


class _Answer(msgspec.Struct):
    id: int
    status: str
    text: str


class _Message(msgspec.Struct):
    answers: list[_Answer]


class _Event(msgspec.Struct):
    """Of every event what is measured here; all else is skipped unread."""

    type: str
    deltas: list[tuple[int, int, str]] = []
    lengths: list[tuple[int, int, int]] = []
    answers: list[_Answer] = []
    messages: list[_Message] = []
    from_rows: list[int] = []
    id: int = 0
    status: str = ""
    text_length: int = 0
    error: _Failure | None = None
    state: str = ""
    code: str = ""
    detail: str = ""


_decoder = msgspec.json.Decoder(_Event)


@dataclass
class Text:
    """One answer as a client has it, by the protocol's rules."""

    pieces: list[str] = field(default_factory=list)
    length: int = 0
    status: str = ""
    waiting: dict[int, str] = field(default_factory=dict)
    """Deltas that begin beyond our end, by offset."""

    def grow(self, offset: int, piece: str) -> bool:
        """Take a delta; False where something before it is missing."""
        if offset > self.length:
            self.waiting[offset] = piece
            return False
        fresh = piece[self.length - offset :]
        if fresh:
            self.pieces.append(fresh)
            self.length += len(fresh)
        if self.waiting:
            self._take_waiting()
        return True

    def replace(self, text: str, *, from_rows: bool) -> None:
        """Take a snapshot; one from the rows does not replace a longer text. Then what waited."""
        if not from_rows or len(text) > self.length:
            self.pieces, self.length = [text], len(text)
        self._take_waiting()

    def whole(self) -> str:
        return "".join(self.pieces)

    def _take_waiting(self) -> None:
        for offset in sorted(self.waiting):
            if offset > self.length:
                break
            fresh = self.waiting.pop(offset)[self.length - offset :]
            if fresh:
                self.pieces.append(fresh)
                self.length += len(fresh)


@dataclass
class Turn:
    """One question, as its asker saw it; times in microseconds."""

    sent_us: int
    accepted: asyncio.Future[int]
    complete: asyncio.Future[int]
    first_us: dict[int, int] = field(default_factory=dict)


class SocketClient:
    """A `webox.v1` client of one conversation. Counts what was lost; heals it as the protocol says."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._resuming: asyncio.TimerHandle | None = None
        self._sent = 0
        self.samples = Samples()
        self.texts: dict[int, Text] = {}
        self.gaps = 0
        self.resumes = 0
        # Codes of the answers that did not end as done.
        self.failed: list[str] = []
        # What ended answers had and we had not been told by then.
        self.missing_chars = 0
        self._incomplete: set[int] = set()
        self.turn: Turn | None = None
        self.joined: asyncio.Future[int] = self._loop.create_future()
        """When the first snapshot was there."""
        self.closed_with: int | None = None
        self.reading = asyncio.create_task(self._read())

    async def ask(self, targets: list[str], message: str = "Hello") -> Turn:
        """Send a question; the turn's futures say when it is accepted and complete."""
        self._sent += 1
        command = {"type": "ask", "message": message, "targets": targets}
        frame = json.dumps(command | {"client_id": f"{id(self)}-{self._sent}"})
        turn = self.turn = Turn(now_us(), self._loop.create_future(), self._loop.create_future())
        await self._connection.send(frame)
        return turn

    @property
    def is_complete(self) -> bool:
        """Whether every answer we know of has ended, and there is one."""
        return bool(self.texts) and all(text.status in FINAL for text in self.texts.values())

    def age_us(self) -> int | None:
        """How old the newest token is, the worst of our answers; None while a piece of one is missing."""
        ages = []
        for text in self.texts.values():
            if text.waiting or not text.length:
                return None
            ages.append(now_us() - newest_us(text.pieces[-1]))
        return max(ages, default=None)

    def check(self) -> None:
        """Raise RuntimeError where an answer failed or a piece was lost."""
        if self.failed or self.missing_chars:
            raise RuntimeError(f"Answers failed: {self.failed}; {self.missing_chars} characters missing")

    def cut(self) -> None:
        """Lose the connection without a word, as a network does."""
        self._connection.transport.abort()

    async def aclose(self) -> None:
        await self._connection.close()
        await self.reading

    async def _read(self) -> None:
        try:
            while True:
                frame = await self._connection.recv(decode=False)
                self._take(now_us(), _decoder.decode(frame))
        except ConnectionClosed:
            self.closed_with = self._connection.close_code
        finally:
            if self._resuming:
                self._resuming.cancel()
            self._fail(ConnectionError(f"The socket was closed with {self.closed_with}"))

    def _fail(self, failure: Exception) -> None:
        for future in (self.joined, *((self.turn.accepted, self.turn.complete) if self.turn else ())):
            if not future.done():
                future.set_exception(failure)
                # Whoever waits for it hears of it; where nobody does, it is no news.
                future.exception()

    def _take(self, received_us: int, event: _Event) -> None:
        match event.type:
            case "deltas":
                self._grow(received_us, event.deltas)
            case "lengths":
                for answer_id, length, _ in event.lengths:
                    if length > self._text(answer_id).length:
                        self._resume(answer_id)
            case "snapshot":
                self._take_snapshot(received_us, event)
            case "accepted" if self.turn:
                self.turn.accepted.set_result(received_us)
            case "answer" if event.status in FINAL:
                self._end(event)
            case "turn" if event.state == "complete" and self.turn and not self.turn.complete.done():
                self.turn.complete.set_result(received_us)
            case "error":
                self._fail(RuntimeError(f"{event.code}: {event.detail}"))

    def _text(self, answer_id: int) -> Text:
        return self.texts.setdefault(answer_id, Text())

    def _grow(self, received_us: int, deltas: list[tuple[int, int, str]]) -> None:
        for answer_id, offset, piece in deltas:
            self.samples.add(received_us, piece)
            if self.turn:
                self.turn.first_us.setdefault(answer_id, received_us)
            text = self._text(answer_id)
            # Before the first snapshot it is no gap: we have not been told the beginning yet.
            if not text.grow(offset, piece) and self.joined.done():
                self.gaps += len(text.waiting) == 1
                self._resume(answer_id)

    def _take_snapshot(self, received_us: int, event: _Event) -> None:
        for message in event.messages:
            for answer in message.answers:
                text = self._text(answer.id)
                text.status = answer.status
                text.replace(answer.text, from_rows=answer.id in event.from_rows)
        if not self.joined.done():
            self.joined.set_result(received_us)
        for answer_id, text in self.texts.items():
            if text.waiting:
                self._resume(answer_id)

    def _end(self, event: _Event) -> None:
        text = self._text(event.id)
        text.status = event.status
        if event.status != "done":
            self.failed.append(event.error.code if event.error else event.status)
        if event.text_length > text.length:
            self.missing_chars += event.text_length - text.length
            self._resume(event.id)

    def _resume(self, answer_id: int) -> None:
        """Ask for what is missing, once a quarter of a second at most."""
        self._incomplete.add(answer_id)
        if self._resuming is None:
            self._send_resume()

    def _send_resume(self) -> None:
        self.resumes += 1
        self._resuming = self._loop.call_later(RESUME_AGAIN_S, self._may_resume_again)
        command = json.dumps({"type": "resume", "answer_ids": sorted(self._incomplete)})
        self._incomplete.clear()
        self._sending = asyncio.create_task(self._connection.send(command))

    def _may_resume_again(self) -> None:
        self._resuming = None
        if self._incomplete:
            self._send_resume()


async def open_socket(bench: Bench, person: Person, conversation_id: int) -> SocketClient:
    """A client that has joined."""
    connection = await connect(
        f"{bench.site.socket_url}/{conversation_id}",
        ssl=bench.site.trust,
        additional_headers=person.headers,
        subprotocols=[Subprotocol("webox.v1")],
        compression="deflate" if bench.deflate else None,
        proxy=None,
        open_timeout=30,
        max_size=None,
    )
    client = SocketClient(connection)
    await client.joined
    return client

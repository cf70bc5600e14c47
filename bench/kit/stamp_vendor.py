"""A vendor whose every token is the time at which it was written. Run by the benchmarks as a process.

The model's name says the pace: `50x500` is answered by 500 tokens at 50 a second, `0x3` by three at once;
`prose-50x500` by 500 of an answer as AIs write it, without times.
The first token comes without think time; from the second on each stream keeps a beat of its own, so that
streams that began together do not march in step. Speaks OpenAI's protocol, over TLS with `--tls FOLDER`,
which holds the files of bench.kit.certificate.
"""

import asyncio
import json
import re
import ssl
import sys
import time
from importlib import import_module
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any, cast

from bench import prose
from bench.kit.certificate import server_context

PACE = re.compile(r"(prose-)?(\d+)x(\d+)")
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
REFUSAL = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
GOLDEN = 0.618034
"""Multiples of it, without their whole part, lie evenly between 0 and 1 however many there are."""


def now_us() -> int:
    """The clock of the stamps, in microseconds: the same in all processes of a machine."""
    return time.monotonic_ns() // 1000


def stamps_us(text: str) -> list[int]:
    """When each token of a text was written."""
    return [int(token, 16) for token in text.split()]


def newest_us(text: str) -> int:
    """When the last token of a text that is not empty was written."""
    return int(text[text.rstrip().rfind(" ") + 1 :], 16)


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def _event(delta: dict[str, str], reason: str | None = None, **more: Any) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
    common = {
        "id": "chatcmpl-9f3a",
        "object": "chat.completion.chunk",
        "created": 1780000000,
        "model": "m-large",
        "choices": [choice],
    }
    return b"data: " + json.dumps(common | more).encode() + b"\n\n"


BEFORE_TOKEN, AFTER_TOKEN = _event({"content": "@"}).split(b"@")


class Stream:
    """One answer being written."""

    _numbers = count()

    def __init__(
        self, transport: asyncio.WriteTransport, tokens_per_s: int, tokens: int, words: list[str]
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport = transport
        self._pace_s = 1 / tokens_per_s if tokens_per_s else 0.0
        self._tokens = self._left = tokens
        self._words = [json.dumps(word)[1:-1].encode() for word in words]
        self._due = self._loop.time() + self._pace_s * (next(self._numbers) * GOLDEN % 1)
        transport.write(HEAD)
        self._loop.call_soon(self._write_token)

    def _write_token(self) -> None:
        if self._transport.is_closing():
            return
        token = self._words[-self._left] if self._words else b"%x " % now_us()
        data = _chunk(BEFORE_TOKEN + token + AFTER_TOKEN)
        self._left -= 1
        if not self._left:
            self._transport.write(data + self._end())
            return
        self._transport.write(data)
        if self._pace_s:
            self._loop.call_at(self._due, self._write_token)
            self._due += self._pace_s
        else:
            # With the next turn of the loop, so that each token leaves by itself.
            self._loop.call_soon(self._write_token)

    def _end(self) -> bytes:
        usage = {"prompt_tokens": 9, "completion_tokens": self._tokens, "total_tokens": 9 + self._tokens}
        return _chunk(_event({}, "stop", usage=usage)) + _chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"


class Connection(asyncio.Protocol):
    """A kept connection: one request after another."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have its methods, but not its class.
        self._transport = cast("asyncio.WriteTransport", transport)
        self._received = bytearray()

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (head_end := self._received.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._received[:head_end]).lower()
            found = re.search(rb"\r\ncontent-length: *(\d+)", head)
            end = head_end + 4 + (int(found[1]) if found else 0)
            if len(self._received) < end:
                return
            body = bytes(self._received[head_end + 4 : end])
            del self._received[:end]
            self._answer(body)

    def _answer(self, body: bytes) -> None:
        pace = PACE.fullmatch(json.loads(body)["model"]) if body else None
        if pace:
            tokens = int(pace[3])
            Stream(self._transport, int(pace[2]), tokens, prose.tokens(tokens) if pace[1] else [])
        else:
            self._transport.write(REFUSAL)


async def serve(tls: ssl.SSLContext | None) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", 0, ssl=tls, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    # Ends with the benchmark: it closes our standard input.
    await loop.run_in_executor(None, sys.stdin.read)


def main() -> None:
    tls = server_context(Path(sys.argv[2])) if sys.argv[1:2] == ["--tls"] else None
    loop_factory = import_module("uvloop").new_event_loop if find_spec("uvloop") else None
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(serve(tls))


if __name__ == "__main__":
    main()

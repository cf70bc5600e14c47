"""What the vendor does in these tests: a flow of words that a test can end, and the ways to break off."""

import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.site.vendor import Exchange

PATIENCE_S = 150
"""A flow that no test ends gives up after this, so that it outlives its test by a bounded time."""

LAST_WORD_S = 5


def word(number: int) -> str:
    """One word of a flow: each is told from the others, none is ASCII alone."""
    return f"{number}👩‍👧 "


def words(count: int) -> str:
    """The first so many words that a flow sends."""
    return "".join(word(number) for number in range(count))


def event(text: str) -> str:
    """A piece of text as it goes over the wire."""
    return f"data: {json.dumps({'choices': [{'index': 0, 'delta': {'content': text}}]})}\n\n"


class Flow:
    """A script that streams words, one every `every_s`, until the test says `finish` or `break_off`.

    `left` is set when WeBox closed the connection; `sent` counts the words of the latest question.
    """

    def __init__(self, every_s: float = 0.05) -> None:
        self.left = threading.Event()
        self.sent = 0
        self._every_s = every_s
        self._over = threading.Event()
        self._last_sent = threading.Event()
        self._is_whole = True

    def __call__(self, exchange: Exchange) -> None:
        try:
            self._stream(exchange)
        except ConnectionError:
            self.left.set()
            raise

    def finish(self) -> str:
        """End it as a vendor ends a whole answer; the whole text can be had once it is saved."""
        self._over.set()
        # A word may be on its way in this moment.
        self._last_sent.wait(LAST_WORD_S)
        return words(self.sent)

    def break_off(self) -> None:
        """Close the connection in the middle, with no word of a finish."""
        self._is_whole = False
        self._over.set()

    def _stream(self, exchange: Exchange) -> None:
        exchange.start()
        for number in range(int(PATIENCE_S / self._every_s)):
            exchange.text(word(number))
            self.sent = number + 1
            if self._over.wait(self._every_s):
                break
        self._last_sent.set()
        if self._is_whole:
            exchange.finish()


def stall_after(pieces: int) -> Callable[[Exchange], None]:
    """So many words, then silence on an open connection."""

    def script(exchange: Exchange) -> None:
        exchange.start()
        exchange.text(words(pieces))
        exchange.hang()

    return script


def flood(chunks: int) -> Callable[[Exchange], None]:
    """So many chunks, 5,000 a second, a hundred a write, as a network delivers them."""

    def script(exchange: Exchange) -> None:
        exchange.start()
        began = time.monotonic()
        for start in range(0, chunks, 100):
            exchange.raw("".join(event(word(number)) for number in range(start, start + 100)))
            time.sleep(max(0, began + (start + 100) / 5000 - time.monotonic()))
        exchange.finish(chunks)

    return script


@contextmanager
def closed_port() -> Iterator[int]:
    """A port that nobody listens on and nobody else can take meanwhile."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield int(holder.getsockname()[1])


@contextmanager
def resetting_vendor() -> Iterator[int]:
    """The port of a vendor that sends three words of an answer, then resets the connection (RST)."""
    listener = socket.create_server(("127.0.0.1", 0))
    head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
    answer = f"{head}{event(words(3))}".encode()

    def serve() -> None:
        # Closing the listener ends the loop.
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(answer)
                    # The reader has the words before the reset throws away what was not read.
                    connection.settimeout(0.5)
                    with contextlib.suppress(TimeoutError):
                        while connection.recv(65536):
                            pass
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        # A thread that waits in accept() is not woken by close() alone.
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()

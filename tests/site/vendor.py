"""A vendor on loopback that does what a test tells it: the OpenAI protocol, one script a name."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Script = Callable[["Exchange"], None]
MODELS = ("first-model", "second-model")


def answering(*pieces: str) -> Script:
    """A script that gives this answer, whole and good."""
    return lambda exchange: exchange.answer(*pieces)


class Exchange:
    """One request at the vendor, and what it sends back."""

    def __init__(self, handler: BaseHTTPRequestHandler, body: dict[str, Any], leave: threading.Event) -> None:
        self._handler = handler
        self.body = body
        self._leave = leave

    def start(self) -> None:
        self._handler.send_response(200)
        self._handler.send_header("Content-Type", "text/event-stream")
        self._handler.send_header("Connection", "close")
        self._handler.end_headers()
        self._handler.wfile.flush()

    def text(self, piece: str) -> None:
        self.send({"choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]})

    def finish(self, tokens: int = 3) -> None:
        self.send({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        self.send(
            {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": tokens, "total_tokens": 8}}
        )
        self._handler.wfile.write(b"data: [DONE]\n\n")

    def answer(self, *pieces: str) -> None:
        """A whole good answer."""
        self.start()
        for piece in pieces:
            self.text(piece)
        self.finish(len(pieces))

    def decline(self, words: str) -> None:
        """Words in place of an answer, where the vendor tells the two apart."""
        self.start()
        self.send({"choices": [{"index": 0, "delta": {"refusal": words}, "finish_reason": None}]})
        self.finish()

    def refuse(self, status: int, message: str, **error: object) -> None:
        self.document({"error": {"message": message} | error}, status)

    def document(self, value: object, status: int = 200) -> None:
        """An answer that is no stream."""
        body = json.dumps(value).encode()
        self._handler.send_response(status)
        self._handler.send_header("Content-Type", "application/json")
        self._handler.send_header("Connection", "close")
        self._handler.send_header("Content-Length", str(len(body)))
        self._handler.end_headers()
        self._handler.wfile.write(body)

    def hang(self) -> None:
        """Say nothing more until the test is over."""
        self._leave.wait(60)

    def wait_for(self, event: threading.Event) -> None:
        """Go on when the test says so; fails loudly instead of hanging."""
        if not event.wait(60):
            raise TimeoutError("the test never let the vendor go on")

    def header(self, name: str) -> str:
        """A header of the request."""
        return str(self._handler.headers.get(name, ""))

    def send(self, chunk: dict[str, Any]) -> None:
        """One event of the stream."""
        self.raw(f"data: {json.dumps(chunk)}\n\n")

    def raw(self, text: str) -> None:
        """Text of the stream as it stands."""
        self._handler.wfile.write(text.encode())
        self._handler.wfile.flush()


class Vendor:
    """The running vendor: `scripts` and `models` by the first part of the path, and what it was asked.

    It knows every key but those that begin with `sk-bad`.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.scripts: dict[str, Script] = {}
        self.models: dict[str, tuple[str, ...]] = {}
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.keys: list[str] = []
        """The Authorization header of each question."""

    def address(self, name: str) -> str:
        return f"http://127.0.0.1:{self.port}/{name}/v1"


@contextmanager
def running_vendor() -> Iterator[Vendor]:
    """A vendor for the length of a test."""
    leave = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            name = self.path.split("/")[1]
            vendor.asked.append((name, body))
            vendor.keys.append(self.headers.get("Authorization", ""))
            self.close_connection = True
            try:
                vendor.scripts[name](Exchange(self, body, leave))
            except ConnectionError:
                # The client stopped: what a test of stopping wants to see.
                vendor.asked.append((f"{name} left", {}))

        def do_GET(self) -> None:
            """The list of models, for any key but one that begins with sk-bad."""
            name, key = self.path.split("/")[1], self.headers.get("Authorization", "")
            vendor.asked.append((f"{name} models", {"key": key}))
            self.close_connection = True
            exchange = Exchange(self, {}, leave)
            if key.startswith("Bearer sk-bad"):
                exchange.refuse(401, f"Incorrect API key provided: {key}", code="invalid_api_key")
                return
            names = vendor.models.get(name, MODELS)
            exchange.document({"object": "list", "data": [{"id": one} for one in names]})

        def log_message(self, format: str, *args: object) -> None:
            """Tests print what they need themselves."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that goes away is part of the tests."""

    server = Server(("127.0.0.1", 0), Handler)
    vendor = Vendor(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield vendor
    finally:
        leave.set()
        server.shutdown()
        server.server_close()
        thread.join()

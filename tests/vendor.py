"""A vendor on loopback that does what a test tells it: the OpenAI protocol, one script a name."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Script = Callable[["Exchange"], None]


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
        self._send({"choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]})

    def finish(self, tokens: int = 3) -> None:
        self._send({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        self._send(
            {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": tokens, "total_tokens": 8}}
        )
        self._handler.wfile.write(b"data: [DONE]\n\n")

    def answer(self, *pieces: str) -> None:
        """A whole good answer."""
        self.start()
        for piece in pieces:
            self.text(piece)
        self.finish(len(pieces))

    def refuse(self, status: int, message: str, **error: object) -> None:
        body = json.dumps({"error": {"message": message} | error}).encode()
        self._handler.send_response(status)
        self._handler.send_header("Content-Type", "application/json")
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

    def _send(self, chunk: dict[str, Any]) -> None:
        self._handler.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
        self._handler.wfile.flush()


class Vendor:
    """The running vendor: `scripts` by the first part of the path, and what it was asked."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.scripts: dict[str, Script] = {}
        self.asked: list[tuple[str, dict[str, Any]]] = []

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
            self.close_connection = True
            try:
                vendor.scripts[name](Exchange(self, body, leave))
            except ConnectionError:
                # The client stopped: what a test of stopping wants to see.
                vendor.asked.append((f"{name} left", {}))

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

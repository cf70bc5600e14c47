"""A line between a browser and a site that a test can cut: all connections break, none comes through."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

CHUNK_BYTES = 65536


class Line:
    """`refused` counts who tried while it was cut."""

    def __init__(self, listener: socket.socket, to_port: int) -> None:
        self.port = int(listener.getsockname()[1])
        self.refused = 0
        self._listener = listener
        self._to_port = to_port
        self._is_cut = False
        self._open: set[socket.socket] = set()
        self._changed = threading.Condition()

    def cut(self) -> None:
        with self._changed:
            self._is_cut = True
            self.refused = 0
            for one in self._open:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        with self._changed:
            self._is_cut = False

    def wait_for_tries(self, count: int) -> None:
        """Until somebody tried so often while it is cut."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.refused >= count, 60), "nobody tries to come back"

    def serve(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            with self._changed:
                if self._is_cut:
                    self.refused += 1
                    self._changed.notify_all()
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", self._to_port))
                self._open |= {near, far}
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while chunk := source.recv(CHUNK_BYTES):
                sink.sendall(chunk)
        with self._changed:
            for one in (source, sink):
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()
                self._open.discard(one)


@contextmanager
def running_line(to_port: int) -> Iterator[Line]:
    """A line to this port of the machine, for the length of a test."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        line = Line(listener, to_port)
        thread = threading.Thread(target=line.serve, daemon=True)
        thread.start()
        try:
            yield line
        finally:
            line.cut()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()

"""uvicorn's WebSocket protocol, with bounds on what a hostile or stuck client may cost."""

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

MESSAGE_FRAGMENTS = 1024
"""A message in more pieces is refused: a million of one byte each would take a hundred times their size."""
CLOSE_S = 3.0
"""How long the client may take to answer a close frame."""
NOT_UTF_8, MESSAGE_TOO_BIG = 1007, 1009


class SocketProtocol(WebSocketsSansIOProtocol):
    """Lets go of whoever does not take part in the end of a connection, and of messages in endless pieces."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.close_timeout = CLOSE_S

    def handle_cont(self, event: Frame) -> None:
        """Take a further piece of a message."""
        if len(self.frames) < MESSAGE_FRAGMENTS:
            super().handle_cont(event)
            return
        if self.close_sent:
            return
        self.frames = []
        self.conn.fail(MESSAGE_TOO_BIG, "too many fragments")
        self.handle_parser_exception()

    def send_receive_event_to_app(self) -> None:
        """Hand a whole message on; a text that is none ends the connection, without a trace in the log."""
        self.frames = [b"".join(self.frames)]
        if self.curr_msg_data_type == "text" and not self.close_sent:
            try:
                self.frames[0].decode()
            except UnicodeDecodeError:
                self.frames = []
                self.conn.send_close(NOT_UTF_8)
                self.handle_parser_exception()
                return
        super().send_receive_event_to_app()

    def handle_parser_exception(self) -> None:
        """End a connection that breaks the protocol or the bounds; called for each piece that still comes."""
        if self.close_sent or self.conn.close_sent is None:
            return
        self.queue.put_nowait({"type": "websocket.disconnect", "code": self.conn.close_sent.code})
        # Closed a moment later: a reset for what is still on its way would swallow the code.
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.close_timer = self.loop.call_later(CLOSE_S, self.transport.close)
        self._let_go_soon()

    async def send(self, message: Any) -> None:
        """Send what the application says; a close does not wait for a client that takes nothing."""
        if message["type"] == "websocket.close":
            self.writable.set()
            self._let_go_soon()
        await super().send(message)

    def keepalive_timeout(self) -> None:
        """The client answers no ping any more."""
        super().keepalive_timeout()
        self._let_go_soon()

    def _let_go_soon(self) -> None:
        # Closing waits until all is written, which a stuck client never lets happen.
        self.loop.call_later(2 * CLOSE_S, self.transport.abort)

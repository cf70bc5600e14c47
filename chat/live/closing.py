"""Closing sockets of people who signed out, changed their password or were deactivated."""

from chat.engine import process
from common.signals import sockets_must_close


def listen() -> None:
    """Close sockets when their person signs out, changes the password or is deactivated."""
    sockets_must_close.connect(_close_sockets, dispatch_uid="chat.live.closing")


def _close_sockets(sender: object, *, user_id: int, session_key: str | None, **_: object) -> None:
    process.tell(type="sockets.close", user_id=user_id, session_key=session_key)

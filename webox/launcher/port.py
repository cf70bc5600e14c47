"""The socket that WeBox listens on, or the sentence that says why it can’t."""

import errno
import os
import socket

from webox.launcher.words import Problem

LAST_PORT = 65535
WILDCARDS = ("0.0.0.0", "::", "")  # noqa: S104 - told apart here, never chosen
WINDOWS_NO_RIGHT = 10013


def bind(host: str, port: int) -> socket.socket:
    """Return a bound socket, not listening yet; port 0 takes any free one.

    Raises Problem where the port is taken or refused, or `host` is not of this machine.
    """
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise Problem("host_unknown", host=host, detail=error.strerror) from error
    # `localhost` has both kinds of address; the link that is shown says 127.0.0.1.
    family, kind, protocol, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    listener = socket.socket(family, kind, protocol)
    # On Windows this option would let two programs share the port.
    if os.name != "nt":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise explain(error, host, port) from error
    return listener


def explain(error: OSError, host: str, port: int) -> Problem:
    """Why a port could not be had."""
    if error.errno == errno.EADDRINUSE:
        return Problem("port_taken", port=port, other=port + 1 if port < LAST_PORT else 8000)
    if error.errno in (errno.EACCES, WINDOWS_NO_RIGHT):
        return Problem("port_refused", port=port, detail=error.strerror)
    return Problem("host_unknown", host=host, detail=error.strerror)


def check(host: str, port: int) -> None:
    """Raise Problem now if the port can’t be had, before minutes are spent on installing."""
    bind(host, port).close()


def url_of(host: str, port: int) -> str:
    """The address to open in a browser of this machine."""
    name = "127.0.0.1" if host in WILDCARDS else host
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"

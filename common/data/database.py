"""How many database connections the requests of one process may hold.

Under ASGI every request has a thread of its own, and every thread its own connection: without a bound, two
hundred requests at once would be two hundred connections, more than PostgreSQL gives.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import InterfaceError, OperationalError, connections
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from redis.exceptions import RedisError

AWAY = (OperationalError, InterfaceError, RedisError)
"""What is raised while the database or Redis does not answer."""
_places = threading.BoundedSemaphore(settings.REQUEST_CONNECTIONS)
_held = threading.local()


class ConnectionPlacesMiddleware:
    """Lets so many requests at once into what needs the database; the others wait for their turn."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with _places:
            _held.place = True
            try:
                return self._get_response(request)
            finally:
                _held.place = False
                if threading.current_thread() is not threading.main_thread():
                    # The thread ends with the request; its connection would stay until garbage is collected.
                    give_back_connection()


def give_back_connection() -> None:
    """Close this thread's connection: what follows in the request needs none. A transaction keeps it."""
    if not connections["default"].in_atomic_block:
        connections.close_all()


@contextmanager
def without_connection() -> Iterator[None]:
    """Give back this thread's connection, and its place, while it only waits."""
    if not getattr(_held, "place", False):
        yield
        return
    give_back_connection()
    _places.release()
    try:
        yield
    finally:
        _places.acquire()

"""Bodies of requests are cut off at a size, by path, before Django writes them to a file on the disk.

The ASGI application counts; the middleware answers, in the person's language and theme.
"""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render

from common.errors import RequestTooLarge
from common.http.problems import API_PATHS, problem_page

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Any, Any, Any], Awaitable[None]]

OVER = "webox.body_over_bytes"
"""In the scope of a request that was cut off: how many bytes it may have."""


class BodyLimit:
    """An ASGI application that gives another one no more of a body than its path may have.

    `limits` is the beginning of a path → bytes; any other path has `default`.
    """

    def __init__(self, application: Application, default: int, limits: Mapping[str, int]) -> None:
        self._application = application
        self._default = default
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = str(scope["path"])
        limit = next((most for start, most in self._limits.items() if path.startswith(start)), self._default)
        await self._application(scope, Body(scope, receive, limit).receive, send)


class Body:
    """What is let through of one request's body; the rest is read and dropped, and the scope says so."""

    def __init__(self, scope: Scope, receive: Receive, limit: int) -> None:
        self._scope = scope
        self._receive = receive
        self._limit = limit
        self._left = limit
        self._has_ended = False

    async def receive(self) -> MutableMapping[str, Any]:
        """The next message: a body that is too large ends where it becomes so."""
        if not self._has_ended and declared(self._scope) > self._limit:
            return self._cut()
        message = await self._receive()
        while self._has_ended and message["type"] == "http.request":
            message = await self._receive()
        if message["type"] != "http.request":
            return message
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            return self._cut()
        self._has_ended = not message.get("more_body", False)
        return message

    def _cut(self) -> MutableMapping[str, Any]:
        self._has_ended = True
        self._scope[OVER] = self._limit
        return {"type": "http.request", "body": b"", "more_body": False}


def declared(scope: Scope) -> int:
    """The bytes that a request says it has; 0 where it says nothing that can be read."""
    said = dict(scope["headers"]).get(b"content-length", b"")
    return int(said) if said.isdigit() and len(said) < 20 else 0


class BodyLimitMiddleware:
    """Answers 413 to what was cut off; no view sees half a body."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        most = request.scope.get(OVER) if isinstance(request, ASGIRequest) else None
        if most is None:
            return self._get_response(request)
        error = RequestTooLarge(mib=most // 2**20)
        if request.path.startswith(API_PATHS):
            return problem_page(error)
        return render(request, "413.html", {"detail": error.detail}, status=error.http_status)

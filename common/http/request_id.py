"""The request being answered, and its id: in its answer's header, in problem documents and in the logs."""

import logging
import re
import time
import uuid
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest
from django.http.response import HttpResponseBase

log = logging.getLogger("webox.access")
HEADER = "X-Request-ID"
PROBES = ("healthz", "readyz", "metrics")
_GOOD = re.compile(r"[A-Za-z0-9_-]{8,64}")
_current: ContextVar[str] = ContextVar("request_id", default="")
_request: ContextVar[HttpRequest | None] = ContextVar("request", default=None)


def request_id() -> str:
    """The id of the request in whose context this runs; empty outside of one."""
    return _current.get()


def current_request() -> HttpRequest | None:
    """The request in whose context this runs; None outside of one, and on a socket."""
    return _request.get()


class RequestIdMiddleware:
    """Names every request: as its client, or the proxy before us, did; else by a name of ours."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get(HEADER, "")
        name = given if _GOOD.fullmatch(given) else uuid.uuid4().hex
        named, held = _current.set(name), _request.set(request)
        began = time.monotonic()
        try:
            response = self._get_response(request)
            note(request, response, time.monotonic() - began)
        finally:
            _request.reset(held)
            _current.reset(named)
        response.headers[HEADER] = name
        return response


def note(request: HttpRequest, response: HttpResponseBase, took_s: float) -> None:
    """Log a request by the pattern of its address, which holds nobody's words.

    What goes well and says nothing is left out: static files, and probes.
    """
    match = request.resolver_match
    if response.status_code < 400 and (match is None or match.route in PROBES):
        return
    facts = {
        "method": request.method,
        "route": f"/{match.route}" if match else "",
        "status": response.status_code,
        "duration_ms": round(took_s * 1000),
    }
    log.info("%(method)s %(route)s %(status)s", facts, extra=facts)


class RequestIdFilter(logging.Filter):
    """Gives each log record its `request_id`, `-` where it belongs to none."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id() or "-"
        return True

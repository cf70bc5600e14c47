"""What can be wrong with a request in OpenAI's protocol, and every error in its shape."""

from http import HTTPStatus
from typing import Any

from django.utils.translation import gettext_lazy as _
from msgspec import Struct, to_builtins
from rest_framework.response import Response

from common.errors import WeBoxError
from common.http import api
from common.words.wording import sentence

STATUSES = {
    "model_not_found": 404,
    "bad_request": 400,
    "context_too_long": 400,
    "blocked": 400,
    "no_key": 403,
    "unreadable_key": 403,
    "bad_key": 403,
    "no_credit": 403,
    "premium": 403,
    "provider_disabled": 403,
    "model_disabled": 403,
    "address_refused": 403,
    "rate_limited": 429,
    "stalled": 504,
    "time_limit": 504,
    "lost": 503,
    "server_stopping": 503,
    "unavailable": 503,
    "internal": 500,
    "sign_in_again": 401,
    "conversation_not_found": 404,
}
"""By the code of what went wrong with an answer; the rest is the vendor's own failure, 502."""
OPENAIS_CODES = {"unknown_model": "model_not_found"}
"""Where tools look for a code of OpenAI's."""
TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


class UnknownModel(WeBoxError):
    param = "model"
    code = "unknown_model"
    http_status = 404
    message = _("There is no model “%(name)s” here. GET /v1/models lists those there are.")


class BadBody(WeBoxError):
    code = "invalid_body"
    message = _("This request is not one that WeBox knows: %(reason)s")


class Unsupported(WeBoxError):
    code = "unsupported_parameter"
    message = _("WeBox does not take “%(name)s” with this value. Leave it out.")


class CannotStop(WeBoxError):
    param = "stop"
    code = "stop_unsupported"
    message = _("%(vendor)s can’t be asked with “stop”. Leave it out, or ask another AI.")


class NotTheUsersTurn(WeBoxError):
    code = "not_the_users_turn"
    message = _("The last message must be a user’s, and have text.")


class BadImage(WeBoxError):
    code = "invalid_image"
    message = _("An image must come along, as data:image/png;base64,… and the like. WeBox fetches none.")


class Fault(Struct, frozen=True, kw_only=True):
    """What went wrong. `code` is stable; `param` names the part of the request that is wrong."""

    message: str
    type: str
    param: str | None
    code: str


class Failed(Struct, frozen=True):
    """An error as OpenAI's protocol has it."""

    error: Fault


def status_of(code: str) -> int:
    """The HTTP status for an answer that ended with this code."""
    return STATUSES.get(code, HTTPStatus.BAD_GATEWAY)


def fault(code: str, message: str, status: int, param: str | None = None) -> Fault:
    kind = "server_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request_error"
    return Fault(
        message=message, type=TYPES.get(status, kind), param=param, code=OPENAIS_CODES.get(code, code)
    )


def fault_of(code: str, params: dict[str, Any]) -> Fault:
    """What went wrong with an answer, from the code and data that are stored with it."""
    return fault(code, sentence(code, params), status_of(code))


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """The same errors as everywhere in WeBox, in OpenAI's shape."""
    response = api.exception_handler(error, context)
    if response is None:
        return None
    problem, status = response.data, response.status_code
    code = "invalid_api_key" if status == HTTPStatus.UNAUTHORIZED else problem["code"]
    named = error.params["name"] if isinstance(error, Unsupported) else getattr(error, "param", None)
    body = Failed(fault(code, problem["detail"], status, str(named) if named else None))
    headers = {name: response[name] for name in ("WWW-Authenticate", "Retry-After") if name in response}
    return Response(to_builtins(body), status=status, headers=headers)

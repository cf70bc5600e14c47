"""The headers that tell browsers what an answer may do: on every one, whoever gives it."""

from collections.abc import Callable
from typing import cast

from csp.constants import NONE, SELF
from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.security import SecurityMiddleware

from common.http.problems import API_PATHS

POLICY = {
    "default-src": [NONE],
    "script-src": [SELF],
    "style-src": [SELF],
    "img-src": [SELF, "data:"],
    "font-src": [SELF],
    "connect-src": [SELF],
    "form-action": [SELF],
    "base-uri": [NONE],
    "frame-ancestors": [NONE],
}
TRUSTED_TYPES = {"require-trusted-types-for": ["'script'"], "trusted-types": ["webox"]}
# jQuery in the admin and in the browsable API assigns innerHTML: no Trusted Types there.
WITHOUT_TRUSTED_TYPES = ("/admin/", "/api/")
# A static file that is opened by itself needs nothing else, and a page has ninety of them.
STATIC_POLICY = {"default-src": [NONE], "base-uri": [NONE], "frame-ancestors": [NONE]}
PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


class HeadersMiddleware(CSPMiddleware):
    """No inline script or style anywhere; Trusted Types on WeBox's own pages; API answers are never stored.

    It stands around all that may answer: static files, redirects, refusals. django-csp's decorators break on
    async views, so the policy goes by path.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        super().__init__(get_response)
        self._of_django = SecurityMiddleware(get_response)

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if report_only:
            return parts
        if request.path.startswith(settings.STATIC_URL) and response.status_code < 400:
            parts.config = STATIC_POLICY
        elif request.path.startswith(WITHOUT_TRUSTED_TYPES):
            parts.config = POLICY
        else:
            parts.config = POLICY | TRUSTED_TYPES
        return parts

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        response = super().process_response(request, response)
        # Django's own middleware gives none to what it refuses itself, a foreign host's name.
        response = self._of_django.process_response(request, cast("HttpResponse", response))
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        if request.path.startswith(API_PATHS):
            response.headers.setdefault("Cache-Control", "no-store")
        return response

"""The Content-Security-Policy of every answer, chosen by path."""

from csp.constants import NONE, SELF
from csp.middleware import CSPMiddleware, PolicyParts
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from webox.problems import API_PATHS

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
PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    """No inline script or style anywhere; Trusted Types on WeBox's own pages; API answers are never stored.

    django-csp's decorators break on async views, so the policy goes by path.
    """

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if report_only:
            return parts
        own_page = not request.path.startswith(WITHOUT_TRUSTED_TYPES)
        parts.config = POLICY | TRUSTED_TYPES if own_page else POLICY
        return parts

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        response = super().process_response(request, response)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        if request.path.startswith(API_PATHS):
            response.headers.setdefault("Cache-Control", "no-store")
        return response

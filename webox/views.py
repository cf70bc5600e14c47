"""Pages and probes that belong to no application."""

import sys
from http import HTTPStatus

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override
from django.views import defaults
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.i18n import JavaScriptCatalog
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from common.data.database import AWAY
from common.errors import Internal, NotFound, Unavailable, UnreadableRequest
from common.http.problems import API_PATHS, headers_of, problem_page
from common.http.schema import operation
from common.process import health

FOR_EVER = {"public": True, "immutable": True, "max_age": settings.SERVESTATIC_MAX_AGE}
LINKS = {"type": "object", "additionalProperties": {"type": "string", "format": "uri"}}


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What WeBox is, for visitors; who is signed in goes to the chat."""
    if request.user.is_authenticated:
        return redirect("chat:home")
    return render(request, "home.html")


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """503 while the database, or Redis in scaled mode, can't be reached, and before the process stops.

    Workers that are missing are named, but the pages can be read and questions are kept without them.
    """
    if health.draining.is_set():
        return JsonResponse({"status": "stopping"}, status=503)
    services = health.services()
    is_ready = all(services.values())
    words = {name: "ok" if answers else "unreachable" for name, answers in services.items()}
    words |= {part: "ok" if is_there else "missing" for part, is_there in health.parts().items()}
    return JsonResponse(
        {"status": "ok" if is_ready else "unavailable"} | words, status=200 if is_ready else 503
    )


class ScriptWords(JavaScriptCatalog):
    """The words of the pages' scripts in one language, as Django's gettext for scripts.

    A browser keeps them where the address names this version: a page of an older one, left open or served by
    a process that is yet to be replaced, gets these words for this once.
    """

    domain = "djangojs"

    def get(self, request: HttpRequest, version: str, language: str) -> HttpResponse:
        """404 for a language that WeBox does not speak."""
        if language not in dict(settings.LANGUAGES):
            raise Http404
        with override(language):
            response: HttpResponse = super().get(request)
        response.headers["Content-Language"] = language
        is_this = version == settings.STATIC_VERSION and not settings.DEBUG
        patch_cache_control(response, **(FOR_EVER if is_this else {"no_store": True}))
        return response


def server_error(request: HttpRequest) -> HttpResponse:
    """What is said of an error that nobody else caught; an outage is one that passes."""
    away = isinstance(sys.exc_info()[1], AWAY)
    error = Unavailable() if away else Internal()
    if _is_of_api(request):
        return problem_page(error)
    # Without the request’s own context, which would ask the database again.
    context = {"detail": error.detail if away else "", "theme": getattr(request, "theme", "system")}
    page = render_to_string("500.html", context)
    return HttpResponse(page, status=error.http_status, headers=headers_of(error))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_of_api(request):
        return problem_page(UnreadableRequest())
    return render(request, "400.html", status=HTTPStatus.BAD_REQUEST)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """What is said of a form whose secret is missing or old; why is for the log alone."""
    return render(request, "403_csrf.html", status=HTTPStatus.FORBIDDEN)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problem_page(NotFound()) if _is_of_api(request) else defaults.page_not_found(request, exception)


def _is_of_api(request: HttpRequest) -> bool:
    return request.path.startswith(API_PATHS)


class ApiRoot(APIView):
    description = _("WeBox’s API: where to begin.")

    @operation("getRoot", _("Where to begin"), answer=LINKS)
    def get(self, request: Request) -> Response:
        names = {
            "documentation": "api-docs",
            "schema": "api-schema",
            "me": "auth-api:me",
            "tokens": "auth-api:tokens",
            "conversations": "conversations",
            "folders": "folders",
            "tags": "tags",
            "search": "search",
            "line_ups": "line-ups",
            "providers": "providers",
            "send": "send",
            "attachments": "attachments",
            "statistics": "stats-user",
        }
        return Response({key: reverse(name, request=request) for key, name in names.items()})

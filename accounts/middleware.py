"""What follows from somebody being signed in by a session, whatever page they ask for."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import translation
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext as _

from accounts import preferences
from accounts.models import User
from accounts.signing_in import second_step, sessions

# Drafts, layouts, a person's images; not the cookies, which hold theme and language.
CLEARED = '"cache", "storage"'
STAFF_PATHS = ("/admin/", "/dashboard/site")


class StaffSecondStepMiddleware(MiddlewareMixin):
    """Where the owner asks it of administrators, what is theirs alone opens with a second step only."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        if not settings.STAFF_SECOND_STEP or not request.path.startswith(STAFF_PATHS):
            return None
        user = request.user
        if not isinstance(user, User) or not user.is_admin or second_step.is_on(user):
            return None
        messages.warning(
            request, _("Administrators need two-factor sign-in here. Set it up, then come back.")
        )
        return redirect("accounts:security")


class PersonMiddleware(MiddlewareMixin):
    """Speaks a person's language, gives `request.theme`, and remembers when their session was last in use.

    Who signs out leaves nothing in the browser; one that ran out, or was ended elsewhere, leaves drafts.
    """

    def process_request(self, request: HttpRequest) -> None:
        theme = preferences.theme_in(request)
        # Who carries no session costs no look at the database.
        if settings.SESSION_COOKIE_NAME in request.COOKIES and isinstance(request.user, User):
            liked = preferences.of(request.user)
            theme = liked.theme
            if liked.language:
                translation.activate(liked.language)
                request.LANGUAGE_CODE = liked.language
            sessions.note(request)
        request.theme = theme  # type: ignore[attr-defined]

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if getattr(request, "signed_out", False):
            response.headers["Clear-Site-Data"] = CLEARED
        return response

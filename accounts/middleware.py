"""What follows from somebody being signed in by a session, whatever page they ask for."""

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation
from django.utils.deprecation import MiddlewareMixin

from accounts import preferences, sessions
from accounts.models import User


class PersonMiddleware(MiddlewareMixin):
    """Speaks a person's language, gives `request.theme`, and remembers when their session was last in use."""

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

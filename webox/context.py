"""What every page's template knows."""

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language


def page(request: HttpRequest) -> dict[str, object]:
    """The page's language, the other one to switch to, its theme, and whether strangers may sign up.

    `static_version` stands in the address of the words of its scripts.
    """
    language = (get_language() or settings.LANGUAGE_CODE)[:2]
    return {
        "page_language": language,
        "other_language": ("en", "English") if language == "fr" else ("fr", "Français"),
        "theme": getattr(request, "theme", "system"),
        "static_version": settings.STATIC_VERSION,
        "signup_open": settings.SIGNUP == "open",
    }

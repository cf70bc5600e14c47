"""What a person likes: theme, language, the line-up to begin with. Kept in User.preferences.

What stands there under other names is left alone: `PATCH /api/auth/me` lets clients keep their own.
"""

from collections.abc import Mapping
from typing import Any, Literal, get_args

import msgspec
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from msgspec import Struct

from accounts.models import User

Theme = Literal["system", "light", "dark"]
Language = Literal["fr", "en"]
THEMES: tuple[Theme, ...] = get_args(Theme)
LANGUAGES: tuple[Language, ...] = get_args(Language)


class Preferences(Struct, frozen=True, kw_only=True):
    """What a person likes; each has a default."""

    theme: Theme = "system"
    """Of the pages; `system` follows the device."""
    language: Language | None = None
    """Of the pages and e-mails; null follows the browser."""
    line_up: int | None = None
    """The line-up that new conversations begin with; null for the AIs chosen last."""
    better_titles: bool = False
    """Whether one AI may be asked for a short title after the first answers."""


def of(user: User) -> Preferences:
    """What this person likes; the default for what was never chosen, or is no choice any more."""
    stored = user.preferences if isinstance(user.preferences, Mapping) else {}
    good: dict[str, Any] = {}
    for field in msgspec.structs.fields(Preferences):
        try:
            good[field.name] = msgspec.convert(stored[field.name], field.type)
        except (KeyError, msgspec.ValidationError):
            continue
    return Preferences(**good)


def change(user: User, changes: Mapping[str, Any]) -> Preferences:
    """Keep these choices, each under the name of a field; all that goes unnamed stays as it is."""
    with transaction.atomic():
        # Two tabs may change different things at once.
        row = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        stored = row.preferences if isinstance(row.preferences, dict) else {}
        user.preferences = stored | dict(changes)
        user.save(update_fields=["preferences"])
    return of(user)


def theme_in(request: HttpRequest) -> Theme:
    """The theme that this browser was last shown in."""
    return next(
        (theme for theme in THEMES if theme == request.COOKIES.get(settings.THEME_COOKIE_NAME)), "system"
    )


def remember(response: HttpResponseBase, preferences: Preferences) -> None:
    """Let this browser keep theme and language for the pages of who is not signed in."""
    kept: dict[str, str] = {settings.THEME_COOKIE_NAME: preferences.theme}
    if preferences.language:
        kept[settings.LANGUAGE_COOKIE_NAME] = preferences.language
    for name, value in kept.items():
        response.set_cookie(
            name,
            value,
            max_age=settings.LANGUAGE_COOKIE_AGE,
            secure=settings.LANGUAGE_COOKIE_SECURE,
            samesite="Lax",
        )

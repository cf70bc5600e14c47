"""`/api/auth/preferences`: what a person likes."""

from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import preferences
from accounts.api.serializers import PreferencesSerializer
from accounts.api.views import AuthView, signed_in
from accounts.preferences import Preferences
from common.http.api import answer
from common.http.schema import operation


class PreferencesView(AuthView):
    description = _(
        "What you like: the theme and language of the pages, the line-up that new conversations begin "
        "with, and whether one AI may be asked for better titles. PATCH changes what it names."
    )

    serializer_class = PreferencesSerializer

    @operation("getPreferences", _("Your preferences"), answer=Preferences)
    def get(self, request: Request) -> Response:
        return answer(preferences.of(signed_in(request)))

    @operation(
        "changePreferences",
        _("Change your preferences"),
        body=PreferencesSerializer,
        answer=Preferences,
        example={"theme": "dark", "better_titles": True},
    )
    def patch(self, request: Request) -> Response:
        serializer = PreferencesSerializer(data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        liked = preferences.change(signed_in(request), serializer.validated_data)
        response = answer(liked)
        if request.auth is None:
            # A browser: it keeps them for the pages of who is not signed in.
            preferences.remember(response, liked)
        return response

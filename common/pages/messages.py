"""What a page says once of what was just done: in a cookie until then, in the session where it is long."""

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage


class NamedCookieStorage(CookieStorage):
    """Django's, under our name for the cookie: Django has no setting for it."""

    cookie_name = settings.MESSAGES_COOKIE_NAME


class Messages(FallbackStorage):
    """Django's default with that cookie."""

    storage_classes = (NamedCookieStorage, SessionStorage)

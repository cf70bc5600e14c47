"""What the tests of accounts share."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def fresh_limits() -> Iterator[None]:
    """The attempts of one test do not count in the next."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def quick_hasher(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def ana(db: None) -> User:
    return User.objects.create_user("Ana", "ana@example.org", PASSWORD)


@pytest.fixture
def owner(db: None) -> User:
    return User.objects.create_superuser("Olga", "olga@example.org", PASSWORD)


@pytest.fixture
def api() -> APIClient:
    return APIClient()

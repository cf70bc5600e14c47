"""Who and what the tests of providers need."""

import pytest
from django.core.cache import cache
from django.test import Client

# Here and not with the first request: it reads the list of local servers once, and tests replace that.
import chat.api.provider_serializers  # noqa: F401
from accounts.models import User
from chat.providers import demo


@pytest.fixture(autouse=True)
def demonstrations_take_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are asked to answer; whoever needs one that goes on asks the slow one."""
    monkeypatch.setattr(demo, "WORDS_PER_S", demo.WORDS_PER_S | {"quick": 4000.0, "code": 4000.0})


@pytest.fixture
def limits_start_anew() -> None:
    cache.clear()


@pytest.fixture
def as_owner(transactional_db: None) -> Client:
    owner = User.objects.create_superuser("owner", "owner@example.org", "a long enough passphrase")
    client = Client()
    client.force_login(owner)
    return client


@pytest.fixture
def open_world(monkeypatch: pytest.MonkeyPatch) -> None:
    """The vendor of the tests is on loopback: here it passes for a server on the internet."""
    monkeypatch.setattr("chat.providers.addresses.check_public", lambda address: None)
    monkeypatch.setattr("chat.catalogue.may_be_private", lambda provider: True)

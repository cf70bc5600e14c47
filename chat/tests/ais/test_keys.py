"""Stored keys: bound to owner, provider and address; renewed by a rotation that can be stopped."""

import io
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from chat.ais import catalogue, keys
from chat.models import Provider, ProviderKey
from common.data.crypto import KeyRing, Rotated, configured_secrets

OLD, NEW = "o" * 40, "n" * 40
KEY = "sk-a-key-of-somebody-1234"


@pytest.fixture
def two_keys(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ENCRYPTION_KEYS = [OLD]
    monkeypatch.setattr(keys, "RING", KeyRing(configured_secrets))


def store(owner: User | None, slug: str = "openai", key: str = KEY) -> ProviderKey:
    provider = Provider.objects.get(slug=slug)
    return keys.store(owner, provider, catalogue.address(provider), key, test_code="")


def test_a_key_comes_back_for_its_owner_provider_and_address_alone(alice: User, bob: User) -> None:
    row = store(alice)
    address = "https://api.openai.com/v1"
    assert KEY not in row.secret
    assert row.last4 == "1234"
    assert keys.reveal(row, address) == KEY
    assert keys.reveal(row, "https://api.openai.com/v2") == KEY
    for elsewhere in (
        "https://evil.example/v1",
        "http://api.openai.com/v1",
        "https://api.openai.com:8443/v1",
    ):
        assert keys.reveal(row, elsewhere) is None
    row.owner = bob
    assert keys.reveal(row, address) is None
    row.owner = alice
    row.provider = Provider.objects.get(slug="groq")
    assert keys.reveal(row, address) is None


def test_the_servers_key_is_nobody_elses(alice: User) -> None:
    row = store(None)
    assert keys.reveal(row, "https://api.openai.com/v1") == KEY
    row.owner = alice
    assert keys.reveal(row, "https://api.openai.com/v1") is None


@pytest.mark.usefixtures("two_keys")
def test_a_key_whose_encryption_key_is_gone_is_no_key(alice: User, settings: Settings) -> None:
    row = store(alice)
    settings.ENCRYPTION_KEYS = [NEW]
    keys.RING.reload()
    assert keys.reveal(row, "https://api.openai.com/v1") is None


def test_of_a_short_key_nothing_is_shown(alice: User) -> None:
    assert store(alice, key="short").last4 == ""

    assert [store(alice, key=key).last4 for key in ("of-11-chars", "of-12-chars.")] == ["", "ars."]


def test_saving_again_replaces_the_key_and_what_was_known_of_the_old_one(alice: User) -> None:
    store(alice)
    long_ago = timezone.now() - timedelta(days=30)
    ProviderKey.objects.update(created_at=long_ago, last_used_at=long_ago, tested_at=long_ago)
    row = store(alice, key="sk-another-one-5678")
    assert (ProviderKey.objects.count(), row.last4) == (1, "5678")
    assert row.last_used_at is None
    assert row.created_at > long_ago


@pytest.mark.parametrize(("code", "is_tested", "kept"), [(None, False, ""), ("", True, ""), ("x", True, "x")])
def test_how_its_test_ended_is_kept_with_a_key(
    alice: User, code: str | None, is_tested: bool, kept: str
) -> None:
    provider = Provider.objects.get(slug="openai")
    keys.store(alice, provider, catalogue.address(provider), KEY, test_code="old")
    row = keys.store(alice, provider, catalogue.address(provider), KEY, test_code=code)
    assert (row.tested_at is not None, row.test_code) == (is_tested, kept)


@pytest.mark.usefixtures("two_keys")
def test_a_rotation_renews_all_and_can_be_repeated(alice: User, bob: User, settings: Settings) -> None:
    rows = [store(None), store(alice), store(bob), store(alice, "groq")]
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    keys.RING.check()
    assert keys.rotate(dry_run=True) == Rotated(4, 0)
    assert keys.rotate(batch=3) == Rotated(4, 0)
    assert keys.rotate(batch=3) == Rotated(0, 0)
    settings.ENCRYPTION_KEYS = ["x" * 40]
    keys.RING.check()
    # Each is looked at once, whatever the batch.
    for batch in (1, 2, 3, 4, 100):
        assert keys.rotate(batch=batch) == Rotated(0, 4)
    settings.ENCRYPTION_KEYS = [NEW]
    keys.RING.check()
    for row in rows:
        row.refresh_from_db()
        assert keys.reveal(row, catalogue.address(row.provider)) == KEY


@pytest.mark.usefixtures("two_keys")
def test_a_rotation_that_was_stopped_goes_on(alice: User, bob: User, settings: Settings) -> None:
    first, _second = store(alice), store(bob)
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    keys.RING.check()
    ProviderKey.objects.filter(pk=first.pk).update(secret=keys.RING.encrypt(keys.RING.decrypt(first.secret)))
    assert keys.rotate() == Rotated(1, 0)


@pytest.mark.usefixtures("two_keys")
def test_a_rotation_counts_what_it_can_not_read_and_leaves_it(alice: User, settings: Settings) -> None:
    row = store(alice)
    settings.ENCRYPTION_KEYS = [NEW]
    keys.RING.check()
    assert keys.rotate() == Rotated(0, 1)
    with pytest.raises(CommandError, match="1 can’t be read"):
        call_command("rotate_keys", stdout=io.StringIO())
    secret = row.secret
    row.refresh_from_db()
    assert row.secret == secret


def test_the_command_puts_a_new_key_in_front_of_the_file(
    alice: User, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ENCRYPTION_KEYS, settings.ENCRYPTION_KEY_FILE = [], tmp_path / "encryption.key"
    monkeypatch.setattr(keys, "RING", KeyRing(configured_secrets))
    row = store(alice)
    before = settings.ENCRYPTION_KEY_FILE.read_text().split()
    said = io.StringIO()
    call_command("rotate_keys", "--new", stdout=said)
    after = settings.ENCRYPTION_KEY_FILE.read_text().split()
    assert (len(after), after[1:]) == (2, before)
    assert "1 encrypted" in said.getvalue()
    row.refresh_from_db()
    assert keys.reveal(row, "https://api.openai.com/v1") == KEY


@pytest.mark.usefixtures("two_keys")
def test_unusable_encryption_keys_stop_the_start(settings: Settings) -> None:
    assert [one.id for one in run_checks()] == []
    settings.ENCRYPTION_KEYS = ["short"]
    assert [one.id for one in run_checks()] == ["chat.E001"]


def test_an_address_in_the_environment_that_is_none_stops_the_start(settings: Settings) -> None:
    settings.VENDOR_BASE_URLS = settings.VENDOR_BASE_URLS | {"OPENAI": "https://user:pass@proxy.example"}
    assert [one.id for one in run_checks()] == ["chat.E002"]

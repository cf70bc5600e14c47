"""`manage.py doctor` finds what is wrong, says it in words, and ends with 1 for what is an error."""

from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from pytest_django import Settings

from accounts.models import LedgerEntry, User
from chat.models import Provider, ProviderKey
from dashboard.tests.rows import make_conversation, make_turn

pytestmark = pytest.mark.django_db(transaction=True)


def doctor() -> tuple[int, str]:
    """Its exit code, and what it says."""
    said = StringIO()
    try:
        call_command("doctor", stdout=said)
    except SystemExit as ended:
        return int(ended.code or 0), said.getvalue()
    return 0, said.getvalue()


@pytest.fixture
def owner() -> User:
    return User.objects.create_superuser("root", "root@example.org", "a long enough passphrase")


def test_a_new_site_is_told_what_to_do_next() -> None:
    code, said = doctor()
    assert code == 0
    assert "!   owner: There is no owner yet." in said
    assert "!   AIs: No vendor has a key: only the demonstration answers." in said
    assert "0 errors, 2 warnings." in said


def test_a_site_in_use_is_found_well(owner: User, settings: Settings) -> None:
    settings.VENDOR_KEYS = settings.VENDOR_KEYS | {"OPENAI": "sk-test"}
    code, said = doctor()
    assert (code, said.splitlines()[-1]) == (0, "0 errors, 0 warnings.")
    assert "sk-test" not in said


def test_missing_migrations_are_an_error_and_nothing_is_asked_of_the_rows(owner: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'dashboard'")
    code, said = doctor()
    assert code == 1
    assert "!!  migrations: 2 are not applied" in said
    assert "stored keys" not in said


def test_the_database_of_a_newer_webox_is_told(owner: User) -> None:
    MigrationRecorder(connection).record_applied("chat", "9999_later")
    code, said = doctor()
    assert code == 0
    assert "chat 9999_later, which this code does not know" in said


def test_stored_keys_that_cant_be_read_are_counted(owner: User) -> None:
    provider = Provider.objects.get(slug="openai", owner=None)
    secret = "v1:00000000:nonsense"
    ProviderKey.objects.create(owner=owner, provider=provider, secret=secret, created_at=timezone.now())
    code, said = doctor()
    assert code == 1
    assert "!!  stored keys: 1 of 1 stored keys can't be read." in said
    assert "nonsense" not in said


def test_answers_that_nobody_takes_are_told(owner: User) -> None:
    two_minutes_ago = timezone.now() - timedelta(minutes=2)
    make_turn(make_conversation(owner, two_minutes_ago), two_minutes_ago, "demo", status="queued")
    _code, said = doctor()
    assert "!   queue: 1 answers have waited for more than 60 s." in said


def test_calls_that_nobody_adds_up_are_told(owner: User) -> None:
    now = timezone.now()
    for minutes, is_counted in ((90, True), (9, False)):
        at = now - timedelta(minutes=minutes)
        LedgerEntry.objects.create(
            user=owner, asked_at=at, settled_at=at, outcome="done", is_counted=is_counted, answer_id=minutes,
            provider="openai", model="m", payer="server", message_id=1, conversation_id=1,
        )  # fmt: skip
    assert "!   statistics: Calls have waited for 9 minutes to be added up." in doctor()[1]


def test_secrets_that_others_may_read_are_an_error(owner: User, settings: Settings, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    (tmp_path / "secret.key").write_text("x")
    (tmp_path / "secret.key").chmod(0o644)
    code, said = doctor()
    assert code == 1
    assert f"→ chmod 600 {tmp_path / 'secret.key'}" in said


def test_without_its_services_the_rest_is_still_looked_at(owner: User, settings: Settings) -> None:
    settings.SCALED, settings.REDIS_URL = True, "redis://127.0.0.1:1/0"
    code, said = doctor()
    assert code == 1
    assert "!!  redis: does not answer" in said
    assert "→ Start it, or mend REDIS_URL." in said
    assert "ok  stored keys: 0 can be read" in said

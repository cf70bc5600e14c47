"""What every test of WeBox may ask for."""

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.cache import cache
from django.db import connection
from django.db.backends.signals import connection_created
from django.test import Client, TransactionTestCase
from filelock import FileLock
from pytest_django import DjangoDbBlocker, Settings
from servestatic.middleware import ServeStaticMiddleware

# Here and not with the first request: it reads the list of local servers once, and tests replace that.
import chat.api.ais.serializers  # noqa: F401
from accounts.models import User
from accounts.signing_in import sessions
from chat.engine.process import engine_of_process
from providers.adapters import demo
from tests.api.openapi import check_answer
from tests.site.vendor import Vendor, running_vendor

pytest_plugins = ["tests.site.fixtures"]
PASSWORD = "a long enough passphrase"


@pytest.fixture(scope="session", autouse=True)
def lock_of_this_process(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Each process of the test run is a WeBox of its own: none takes another for the one that is alive."""
    path = tmp_path_factory.mktemp("engine") / "engine.lock"
    engine_of_process()._lock = FileLock(path, thread_local=False)


@pytest.fixture(scope="session", autouse=True)
def static_files_are_found_once() -> Iterator[None]:
    """Every new test client loads the middleware: without this, each would look through all static files."""
    look = ServeStaticMiddleware.add_files_from_finders
    found: list[tuple[Any, Any]] = []

    def look_once(middleware: Any) -> None:
        if not found:
            look(middleware)
            found.append((middleware.files, middleware.directories))
        middleware.files, middleware.directories = found[0]

    with pytest.MonkeyPatch.context() as session:
        session.setattr(ServeStaticMiddleware, "add_files_from_finders", look_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def passwords_cost_little() -> Iterator[None]:
    """A hash that takes a thief long took half of all the time of the tests, which make a person each."""
    with pytest.MonkeyPatch.context() as session:
        session.setattr(Argon2PasswordHasher, "memory_cost", 1024)
        session.setattr(Argon2PasswordHasher, "time_cost", 1)
        session.setattr(Argon2PasswordHasher, "parallelism", 1)
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """After each test the database is copied back as it was when new.

    Django would empty every table and fill permissions and catalogue in again, thirty times as slowly. Ids
    go on, as they do there: what a process remembers of a person never meets another one.
    """

    def nothing_is_kept(sender: Any, connection: Any, **_: Any) -> None:
        # It need not outlive a power failure.
        connection.cursor().execute("PRAGMA synchronous=OFF")

    connection_created.connect(nothing_is_kept)
    with django_db_blocker.unblock(), sqlite3.connect(":memory:", check_same_thread=False) as new:
        connection.ensure_connection()
        connection.connection.backup(new)

    def come_back(_: TransactionTestCase) -> None:
        with connection.cursor() as cursor:
            last_ids = cursor.execute("SELECT seq, name FROM sqlite_sequence").fetchall()
            new.backup(connection.connection)
            cursor.execute("DELETE FROM sqlite_sequence")
            cursor.executemany("INSERT INTO sqlite_sequence (seq, name) VALUES (%s, %s)", last_ids)

    with pytest.MonkeyPatch.context() as session:
        session.setattr(TransactionTestCase, "_fixture_teardown", come_back)
        yield
    new.close()


@pytest.fixture(autouse=True)
def engine_ends_with_test() -> Iterator[None]:
    """No turn of one test is still being written in the next."""
    yield
    engine_of_process().close_thread()


@pytest.fixture(autouse=True)
def api_answers_as_described(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a test asks the API, the answer is one that its description knows."""
    ask = Client.request

    def ask_and_check(client: Client, **request: Any) -> Any:
        response = ask(client, **request)
        check_answer(response, request["REQUEST_METHOD"], request["PATH_INFO"])
        return response

    monkeypatch.setattr(Client, "request", ask_and_check)


@pytest.fixture
def alice(transactional_db: None) -> User:
    """Premium: she may use the server's keys."""
    return User.objects.create_user("alice", "alice@example.org", PASSWORD, is_premium=True)


@pytest.fixture
def bob(transactional_db: None) -> User:
    """The outsider, on the free plan."""
    return User.objects.create_user("bob", "bob@example.org", PASSWORD)


def signed_in(user: User) -> Client:
    """A browser that has been in use: no request of the test is the one that notes its session."""
    client = Client()
    client.force_login(user)
    sessions.is_due(client.session.session_key or "")
    return client


@pytest.fixture
def as_alice(alice: User) -> Client:
    return signed_in(alice)


@pytest.fixture
def as_bob(bob: User) -> Client:
    return signed_in(bob)


@pytest.fixture
def vendor(settings: Settings) -> Iterator[Vendor]:
    """A vendor on loopback; OpenAI, Mistral, Groq and xAI are all served by it, each by its own script."""
    with running_vendor() as vendor:
        names = {"OPENAI": "openai", "MISTRAL": "mistral", "GROQ": "groq", "XAI": "xai"}
        settings.VENDOR_KEYS = settings.VENDOR_KEYS | dict.fromkeys(names, "sk-test")
        settings.VENDOR_BASE_URLS = settings.VENDOR_BASE_URLS | {
            variable: vendor.address(name) for variable, name in names.items()
        }
        yield vendor


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
    monkeypatch.setattr("outbound.addresses.check_public", lambda address: None)
    monkeypatch.setattr("chat.ais.catalogue.may_be_private", lambda provider: True)

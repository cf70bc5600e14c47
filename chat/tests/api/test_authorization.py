"""tests/api/authorization.yaml holds: every route and verb, for everybody, by every way to sign in."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import yaml
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import AuditEvent, User
from accounts.signing_in.personal_tokens import make
from accounts.signing_in.tokens import issue_tokens
from chat.actions import waiting
from chat.ais import servers
from chat.api.turns import streams
from chat.engine.loop import Engine
from chat.models import Answer, Attachment, Conversation, Folder, LineUp, Message, Provider
from chat.search.indexing import index_some
from chat.store.tags import set_tags
from chat.tests.ais.rest import KEY
from chat.tests.store.test_uploads import picture
from gateway.asking import Following
from providers import registry
from providers.registry import LocalServer
from tests import ROOT
from tests.api.openapi import description
from tests.site.vendor import Vendor

PASSWORD = "a long enough passphrase"
SECRET = "Anas-own-words"
ROWS: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "tests/api/authorization.yaml").read_text("utf-8"))
SOCKET_TABLE = {name.removeprefix("SOCKET "): row for name, row in ROWS.items() if name.startswith("SOCKET ")}
PAGE_TABLE = {name.removeprefix("PAGE "): row for name, row in ROWS.items() if name.startswith("PAGE ")}
TABLE = {name: row for name, row in ROWS.items() if not name.startswith(("SOCKET ", "PAGE "))}
Carrier = dict[str, str]


async def no_wait(_: object) -> None:
    """In place of the wait of a program for its answers."""


def no_frames(_: object) -> list[str]:
    """In place of a turn's events, of which only the permission is asked for here."""
    return []


@dataclass
class World:
    """Ana with one of everything, and the ids by which the table's paths and bodies name them."""

    ana: User
    names: dict[str, Any]
    ways_in: dict[str, list[Client]] = field(default_factory=dict)


def person(name: str, **more: Any) -> User:
    return User.objects.create_user(name, f"{name}@example.org", PASSWORD, **more)


def by_session(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def by_header(text: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {text}"})


def by_jwt(user: User) -> Client:
    return by_header(issue_tokens(user).access)


def by_token(user: User, scope: str = "manage") -> Client:
    return by_header(make(user, name="a script", scope=scope, days=7)[1])


EVERY_WAY: list[Callable[[User], Client]] = [by_session, by_jwt, by_token]


def signed_out() -> Iterator[Client]:
    """Everybody who is not, or not any more, signed in."""
    yield Client()
    yield from (by_header("nonsense"), by_header("webox_nonsense"))
    for number, way in enumerate(EVERY_WAY):
        closed = person(f"closed-{number}")
        yield way(closed)
        User.objects.filter(pk=closed.pk).update(is_active=False)
        changed = person(f"changed-{number}")
        yield way(changed)
        changed.set_password("another long passphrase")
        changed.save()
    late = person("late")
    yield from (by_jwt(late), by_token(late))
    late.token_families.update(expires_at=timezone.now() - timedelta(seconds=1))
    late.personal_tokens.update(expires_at=timezone.now() - timedelta(seconds=1))


@pytest.fixture
def world(db: None, vendor: Vendor, open_world: None, settings: Settings, monkeypatch: Any) -> World:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.API_PER_MINUTE = settings.API_ANONYMOUS_PER_MINUTE = 0
    # Nothing here is committed: the engine, which reads on its own, would wait for it for ever.
    monkeypatch.setattr(Engine, "ensure_started", lambda engine: None)
    monkeypatch.setattr(waiting, "wait", lambda *_: None)
    monkeypatch.setattr(streams, "frames", no_frames)
    monkeypatch.setattr(Following, "wait", no_wait)
    monkeypatch.setattr(Following, "leave", lambda following, **_: None)
    vendor.models["lab"] = ("m",)
    lab = LocalServer("ollama", "Ollama", "Ol", "openai", vendor.address("lab"))
    monkeypatch.setattr(registry, "LOCAL_SERVERS", (lab,))
    ana = person("ana")
    conversation = Conversation.objects.create(owner=ana, title=SECRET, updated_at=timezone.now())
    question = Message.objects.create(conversation=conversation, role="user", content=SECRET)
    turn = Message.objects.create(conversation=conversation, role="assistant", parent=question)
    demo = Provider.objects.get(slug="demo", owner=None)
    answer = Answer.objects.create(
        message=turn, position=0, target="demo", name="demo", provider="demo", provider_row=demo,
        model="quick", status="done", text=SECRET,
    )  # fmt: skip
    image = Attachment.objects.create(
        owner=ana, media_type="image/png", width=1, height=1, size_bytes=1, data=SECRET.encode()
    )
    server = servers.add_server(
        ana,
        servers.NewServer(
            label=SECRET, protocol="openai", base_url=vendor.address("lab"), key=KEY, models=("m",)
        ),
    )
    conversation.folder = SECRET
    conversation.save()
    set_tags(conversation, [SECRET])
    assert index_some(10) == 1
    line_up = LineUp.objects.create(owner=ana, name=SECRET, targets=[{"target": "demo"}])
    token, _text = make(ana, name=SECRET, scope="read", days=7)
    browser = UserSession.objects.create(
        user=ana, session_key="anas-session", ip="127.0.0.1", user_agent=SECRET
    )
    names = {
        "conversation_id": conversation.pk, "message_id": turn.pk, "answer_id": answer.pk,
        "slug": server.slug, "attachment_id": image.pk, "token_id": token.pk,
        "base_url": vendor.address("lab"), "line_up_id": line_up.pk, "name": "demo/quick",
        "folder_id": Folder.objects.get().pk,
        "session_id": browser.pk,
    }  # fmt: skip
    return World(ana, names)


def ask(client: Client, operation: str, world: World, extra: dict[str, Any] | None = None) -> Any:
    method, path = operation.format(**world.names).split(" ")
    row = TABLE[operation]
    path += f"?{row['query']}" if "query" in row else ""
    if row.get("file"):
        image = SimpleUploadedFile("a.png", picture(), "image/png")
        return client.post(path, {"file": image} | (extra or {}))
    body = json.dumps(row.get("body", {}) | (extra or {})).replace(
        '"{conversation_id}"', str(world.names["conversation_id"])
    )
    body = body.replace("{base_url}", world.names["base_url"])
    headers = {"Prefer": "respond-async"}
    return client.generic(method, path, body, content_type="application/json", headers=headers)


def everything() -> dict[str, list[dict[str, Any]]]:
    """All rows that a request may change but must not when it is refused; the audit log may say it was."""
    ours = [model for label in ("accounts", "chat") for model in apps.get_app_config(label).get_models()]
    ours.remove(AuditEvent)
    found = {model.__name__: _rows(model._meta.db_table) for model in ours}
    for row in [*found["PersonalToken"], *found["ProviderKey"]]:
        row.pop("last_used_at")
    return found


def _rows(table: str) -> list[dict[str, Any]]:
    # Past the ORM, which took a fifth of the whole table's time.
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table} ORDER BY 1")  # noqa: S608 - a name of ours
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def check(
    client: Client, operation: str, world: World, status: int, who: str, before: dict[str, Any]
) -> None:
    """One request, undone after: its status, and where it is refused that nothing has changed."""
    with transaction.atomic():
        cache.clear()
        got = ask(client, operation, world)
        said = b"" if got.streaming else got.content
        assert got.status_code == status, f"{operation} by {who}: {got.status_code} {said[:300]!r}"
        if status >= 400:
            assert everything() == before, f"{operation} by {who} changed something"
        if who != "owner":
            assert SECRET.encode() not in said, f"{operation} told {who} what is Ana's"
        transaction.set_rollback(True)


def test_every_operation_is_in_the_table() -> None:
    described = {
        f"{method.upper()} {path}" for path, methods in description()["paths"].items() for method in methods
    }
    assert {*TABLE} == described


@pytest.mark.parametrize("operation", [name for name in TABLE if "_id}" in name and "attachment" not in name])
def test_an_id_too_large_for_the_database_is_404(operation: str, world: World) -> None:
    for name in ("conversation_id", "message_id", "answer_id", "line_up_id", "token_id", "folder_id"):
        world.names[name] = 2**70
    with transaction.atomic():
        assert ask(by_session(world.ana), operation, world).status_code == 404


def of(row: dict[str, Any], way: Callable[[User], Client], who: str) -> int:
    """The status for somebody who is signed in by one of the ways."""
    status: int = row.get("session", row[who]) if way is by_session else row[who]
    return status


def cases(world: World, operation: str) -> Iterator[tuple[Client, int, str]]:
    """Everybody who asks for an operation, with the status they must get, and who they are."""
    row = TABLE[operation]
    for way in EVERY_WAY[:2]:
        yield way(world.ana), of(row, way, "owner"), "owner"
    yield by_token(world.ana), row.get("token", row["owner"]), "owner"
    reader = row.get("reader", row["owner"] if operation.startswith("GET") else 403)
    yield by_token(world.ana, "read"), reader, "owner"
    for user in (person("ben"), person("pia", is_premium=True), person("tom", is_staff=True)):
        for way in EVERY_WAY[:2]:
            yield way(user), of(row, way, "others"), user.username
    olga = User.objects.create_superuser("olga", "olga@example.org", PASSWORD)
    for way in EVERY_WAY[:2]:
        yield way(olga), of(row, way, "superuser" if "superuser" in row else "others"), "superuser"
    for client in signed_out():
        yield client, row.get("signed_out", 401), "somebody signed out"


@pytest.mark.parametrize("operation", TABLE)
def test_everybody_gets_what_the_table_says(operation: str, world: World) -> None:
    everybody = [*cases(world, operation)]
    before = everything()
    for client, status, who in everybody:
        check(client, operation, world, status, who, before)

"""tests/api/authorization.yaml holds for sockets: every command, for everybody, by every way to sign in."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, get_args

import pytest
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from accounts.signing_in.personal_tokens import make
from accounts.signing_in.tokens import check_access_token, issue_ticket, issue_tokens
from chat import events
from chat.live.routing import websocket_urlpatterns
from chat.models import Answer, Conversation
from chat.tests.api.conversations.test_views import make as make_conversation
from chat.tests.api.conversations.test_views import make_turn
from chat.tests.api.test_authorization import PASSWORD, SECRET, SOCKET_TABLE, everything, person

PATIENCE_S = 30
Way = Callable[[User], "Door"]


@dataclass(frozen=True)
class Door:
    """How somebody comes to a socket: with these headers, and this behind the path."""

    headers: tuple[tuple[bytes, bytes], ...] = ()
    query: str = ""


def by_session(user: User) -> Door:
    client = Client()
    client.force_login(user)
    [cookie] = client.cookies.values()
    return Door(((b"cookie", f"{cookie.key}={cookie.value}".encode()), (b"origin", b"http://testserver")))


def by_header(text: str) -> Door:
    return Door(((b"authorization", f"Bearer {text}".encode()),))


def by_jwt(user: User) -> Door:
    return by_header(issue_tokens(user).access)


def by_token(user: User, scope: str = "chat") -> Door:
    return by_header(make(user, name="a script", scope=scope, days=7)[1])


def by_ticket(user: User) -> Door:
    family = check_access_token(issue_tokens(user).access)
    return Door(query=f"?ticket={issue_ticket(user, family=family)}")


def by_ticket_of_session(user: User) -> Door:
    client = Client()
    client.force_login(user)
    return Door(query=f"?ticket={issue_ticket(user, session_key=client.session.session_key or '')}")


EVERY_WAY: list[Way] = [by_session, by_jwt, by_token, by_ticket, by_ticket_of_session]


@dataclass(frozen=True)
class World:
    """Ana's conversation with one answer."""

    ana: User
    conversation_id: int
    answer_id: int

    def body(self, command: str) -> dict[str, Any]:
        """The table's frame for a command."""
        text = json.dumps(SOCKET_TABLE[command]["body"])
        body: dict[str, Any] = json.loads(text.replace('"{answer_id}"', str(self.answer_id)))
        return body if command == "plain" else {"type": command} | body


@pytest.fixture
def world(transactional_db: None, settings: Settings) -> World:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    ana = person("ana")
    conversation = make_conversation(ana, SECRET)
    make_turn(conversation, SECRET, demo=SECRET)
    answer = Answer.objects.get()
    Answer.objects.update(target="demo", name="demo", model="quick")
    return World(ana, conversation.pk, answer.pk)


class Visit:
    """One socket of the application under test."""

    def __init__(self, world: World, door: Door, command: str) -> None:
        path = f"/api/chat/ws/{world.conversation_id}{door.query}"
        headers = [(b"host", b"testserver"), *door.headers]
        protocols = [] if command == "plain" else ["webox.v1"]
        self._socket = WebsocketCommunicator(URLRouter(websocket_urlpatterns), path, headers, protocols)
        self.heard: list[str] = []

    async def __aenter__(self) -> "Visit":
        accepted, _protocol = await self._socket.connect(timeout=PATIENCE_S)
        assert accepted, "refused sockets are accepted first, then closed with a code"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._socket.disconnect()

    async def send(self, frame: dict[str, Any]) -> None:
        await self._socket.send_to(text_data=json.dumps(frame))

    async def outcome(self, *wanted: str) -> int | str:
        """The close code, or the first of these kinds of frames."""
        while True:
            output = await self._socket.receive_output(timeout=PATIENCE_S)
            if output["type"] == "websocket.close":
                return int(output["code"])
            self.heard.append(output["text"])
            frame = json.loads(output["text"])
            kind = frame.get("type") or frame.get("status") or ("error" if "error" in frame else "")
            if kind in wanted or kind == "error":
                return str(kind)


async def carry_out(world: World, door: Door, command: str) -> tuple[int | str, str]:
    """What comes of a command, and all that was heard."""
    async with Visit(world, door, command) as visit:
        if command != "plain":
            joined = await visit.outcome("snapshot")
            if joined != "snapshot":
                return joined, "".join(visit.heard)
        await visit.send(world.body(command))
        if command == "stop":
            # It is answered by what it does; one that ended already shows nothing.
            await visit.send(world.body("resume"))
        return await visit.outcome(SOCKET_TABLE[command]["owner"]), "".join(visit.heard)


def all_rows() -> dict[str, Any]:
    """Everything but the tickets, which are used up by coming in."""
    return {name: rows for name, rows in everything().items() if name != "SocketTicket"}


def signed_out() -> Iterator[Door]:
    """Everybody who is not, or not any more, signed in."""
    yield Door()
    yield from (by_header("nonsense"), by_header("webox_nonsense"), Door(query="?ticket=nonsense"))
    yield Door(((b"cookie", b"webox_session=nonsense"), (b"origin", b"http://testserver")))
    for number, way in enumerate(EVERY_WAY):
        closed = person(f"closed-{number}")
        yield way(closed)
        User.objects.filter(pk=closed.pk).update(is_active=False)
        changed = person(f"changed-{number}")
        yield way(changed)
        changed.set_password("another long passphrase")
        changed.save()
    late = person("late")
    yield from (by_jwt(late), by_token(late), by_ticket(late))
    late.token_families.update(expires_at=timezone.now() - timedelta(seconds=1))
    late.personal_tokens.update(expires_at=timezone.now() - timedelta(seconds=1))
    late.socket_tickets.update(expires_at=timezone.now() - timedelta(seconds=1))
    used = by_ticket(late)
    late.socket_tickets.all().delete()
    yield used


def test_every_command_is_in_the_table() -> None:
    tags = {command.__struct_config__.tag for command in get_args(events.AnyCommand)}
    assert {*SOCKET_TABLE} == tags | {"plain"}


@pytest.mark.parametrize("way", EVERY_WAY)
def test_the_owner_gets_what_the_table_says(way: Way, world: World) -> None:
    for command, row in SOCKET_TABLE.items():
        came, _heard = asyncio.run(carry_out(world, way(world.ana), command))
        assert came == row["owner"], command


def everybody_else(world: World) -> Iterator[tuple[Door, int, str]]:
    """Who is sent away, with which code, and who they are."""
    people = [person("ben"), person("pia", is_premium=True), person("tom", is_staff=True)]
    people.append(User.objects.create_superuser("olga", "olga@example.org", PASSWORD))
    yield from ((way(user), 4404, user.username) for user in people for way in EVERY_WAY)
    yield by_token(world.ana, "read"), 4401, "a token that may only read"
    yield from ((door, 4401, "somebody signed out") for door in signed_out())


@pytest.mark.parametrize("command", SOCKET_TABLE)
def test_everybody_else_is_sent_away(command: str, world: World) -> None:
    everybody = [*everybody_else(world)]
    before = all_rows()
    for door, code, who in everybody:
        came, heard = asyncio.run(carry_out(world, door, command))
        assert came == code, f"{command} by {who}"
        assert SECRET not in heard, f"{command} told {who} what is Ana's"
    assert all_rows() == before, f"{command} changed something"


def beside(function: Callable[..., Any], *args: Any) -> Any:
    """Call it in a thread of its own, whose connection is closed after."""
    try:
        return function(*args)
    finally:
        connection.close()


def close_account(world: World) -> None:
    User.objects.filter(pk=world.ana.pk).update(is_active=False)


def change_password(world: World) -> None:
    world.ana.set_password("another long passphrase")
    world.ana.save()


def sign_out_everywhere(world: World) -> None:
    Session.objects.all().delete()
    world.ana.token_families.all().delete()
    world.ana.personal_tokens.all().delete()


def delete_conversation(world: World) -> None:
    Conversation.objects.update(deleted_at=timezone.now())


async def come_in(visit: Visit, command: str) -> None:
    """Make sure that a socket is open for its person."""
    if command != "plain":
        assert await visit.outcome("snapshot") == "snapshot"
    else:
        # It says nothing by itself: a wrong frame shows that it is in.
        await visit.send({"wrong": True})
        assert await visit.outcome() == "error"


async def lose_and_command(world: World, way: Way, lose: Callable[[World], None]) -> dict[str, int | str]:
    """What each command comes to, on a socket that was open before its right was lost."""
    doors = {command: await asyncio.to_thread(beside, way, world.ana) for command in SOCKET_TABLE}
    came: dict[str, int | str] = {}
    async with AsyncExitStack() as open_sockets:
        visits = {
            command: await open_sockets.enter_async_context(Visit(world, door, command))
            for command, door in doors.items()
        }
        for command, visit in visits.items():
            await come_in(visit, command)
        await asyncio.to_thread(beside, lose, world)
        before = await asyncio.to_thread(beside, all_rows)
        for command, visit in visits.items():
            await visit.send(world.body(command))
            came[command] = await visit.outcome(SOCKET_TABLE[command]["owner"])
        assert await asyncio.to_thread(beside, all_rows) == before
    return came


@pytest.mark.parametrize("way", EVERY_WAY)
@pytest.mark.parametrize(
    ("lose", "code"),
    [
        (close_account, 4401),
        (change_password, 4401),
        (sign_out_everywhere, 4401),
        (delete_conversation, 4404),
    ],
)
def test_a_right_that_is_lost_ends_at_the_next_command(
    lose: Callable[[World], None], code: int, way: Way, world: World
) -> None:
    came = asyncio.run(lose_and_command(world, way, lose))
    # A conversation that is gone is refused by its name; the socket is closed by whoever deletes it.
    assert {*came.values()} <= ({code} if code == 4401 else {code, "error"}), came

"""What a socket refuses, and that nothing changes by it."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import jwt
import pytest
from django.utils.crypto import salted_hmac
from websockets.exceptions import ConnectionClosed

from tests.site.client import Watcher, frames_until, open_socket, open_url
from tests.site.running import PASSWORD, Account, Site
from tests.site.vendor import Exchange, Vendor


@pytest.fixture(scope="module")
def person(embedded_site: Site) -> Account:
    """One for all tests here: sign-ups from one address are limited."""
    return embedded_site.account("careful")


def access_token(person: Account, scope: str) -> str:
    made = person.post("/api/auth/tokens", name=f"For sockets: {scope}", scope=scope)
    return str(made.json()["token"])


@pytest.fixture
def conversation_id(person: Account) -> int:
    return person.conversation()


def close_code(url: str, **options: Any) -> int:
    """The code with which the server closes a socket that it lets in only to say no."""
    with open_url(url, **options) as socket, pytest.raises(ConnectionClosed) as closed:
        socket.recv(timeout=30)
    assert closed.value.rcvd is not None
    return int(closed.value.rcvd.code)


def ask(**changes: object) -> str:
    return json.dumps({"type": "ask", "message": "Hello", "targets": ["demo"], "client_id": "c1"} | changes)


BAD_FRAMES: dict[str, tuple[str | bytes, str]] = {
    "empty message": (ask(message=""), "empty_message"),
    "blank message": (ask(message=" \n "), "empty_message"),
    "300,000 characters": (ask(message="x" * 300_000), "message_too_long"),
    "unknown provider": (ask(targets=["Clippy"]), "unknown_provider"),
    "none chosen": (ask(targets=[]), "no_provider"),
    "nine chosen": (ask(targets=["demo"] * 9), "too_many_providers"),
    "hot": (ask(temperature=3), "bad_frame"),
    "unknown field": (ask(is_admin=True), "bad_frame"),
    "unknown type": (json.dumps({"type": "grant"}), "bad_frame"),
    "no type": ("{}", "bad_frame"),
    "not an object": ("[1]", "bad_frame"),
    "not JSON": ("{", "bad_frame"),
    "empty": ("", "bad_frame"),
    "deep": ("[" * 100_000, "bad_frame"),
    "long number": ('{"type": ' + "9" * 5000 + "}", "bad_frame"),
    "half a surrogate": ('{"type": "ask", "message": "\\ud83d"}', "bad_frame"),
    "NUL": (ask(message="a\0b"), "bad_frame"),
    "binary": (b"\x00\x01", "bad_frame"),
    "over 1 MiB": (json.dumps({"type": "x" * 1_100_000}), "frame_too_large"),
    "somebody's answer": (json.dumps({"type": "retry", "answer_ids": [2**40]}), "answer_not_found"),
}


@pytest.mark.parametrize("name", BAD_FRAMES)
def test_a_bad_frame_gets_a_typed_error_and_changes_nothing(
    person: Account, conversation_id: int, name: str
) -> None:
    frame, code = BAD_FRAMES[name]
    with Watcher(person, conversation_id) as watcher:
        watcher.socket.send(frame)
        error = watcher.read_until(lambda event: event["type"] == "error")
        assert error["code"] == code
        assert error["detail"]
        # The socket lives on: a good command is carried out.
        watcher.send(type="resume", answer_ids=[1])
        watcher.read_until(lambda event: event["type"] == "snapshot")
    assert person.messages(conversation_id) == []


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ('{"message": "", "providers": ["demo"]}', "empty_message"),
        ('{"message": "Hi", "providers": []}', "no_provider"),
        ('{"message": "Hi", "providers": ["Clippy"]}', "unknown_provider"),
        ('{"message": "Hi"}', "bad_frame"),
        ("hello", "bad_frame"),
    ],
)
def test_the_plain_socket_refuses_in_its_own_form(
    person: Account, conversation_id: int, frame: str, code: str
) -> None:
    with open_socket(person, conversation_id) as socket:
        socket.send(frame)
        refusal = json.loads(socket.recv(timeout=30))
    assert set(refusal) == {"error", "code"}
    assert refusal["code"] == code
    assert person.messages(conversation_id) == []


def test_the_plain_socket_takes_one_turn_at_a_time(
    person: Account, conversation_id: int, vendor_scripts: Vendor
) -> None:
    may_end = threading.Event()

    def script(exchange: Exchange) -> None:
        exchange.start()
        exchange.text("…")
        exchange.wait_for(may_end)
        exchange.finish()

    vendor_scripts.scripts["openai"] = script
    question = json.dumps({"message": "Hi", "providers": ["openai"]})
    with open_socket(person, conversation_id) as socket:
        socket.send(question)
        frames_until(socket, lambda frame: "chunk" in frame)
        socket.send(question)
        assert frames_until(socket, lambda frame: "error" in frame)[-1]["code"] == "busy"
        may_end.set()
        frames_until(socket, lambda frame: "status" in frame)
        socket.send(question)
        frames_until(socket, lambda frame: "status" in frame)
    assert len(person.messages(conversation_id)) == 4


def test_a_frame_over_two_mebibytes_closes_the_socket(person: Account, conversation_id: int) -> None:
    with open_socket(person, conversation_id) as socket:
        socket.send("x" * (2 * 1024 * 1024 + 1))
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=30)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


def test_a_flood_of_commands_is_refused(person: Account, conversation_id: int) -> None:
    with Watcher(person, conversation_id) as watcher:
        for _ in range(60):
            watcher.send(type="resume", answer_ids=[1])
        refused = watcher.read_until(lambda event: event["type"] == "error")
    assert refused["code"] == "rate_limited"


def test_no_sign_in_closes_4401(embedded_site: Site, conversation_id: int) -> None:
    assert close_code(f"{embedded_site.socket_url}/{conversation_id}") == 4401


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c"])
def test_a_bad_token_closes_4401(embedded_site: Site, conversation_id: int, token: str) -> None:
    url = f"{embedded_site.socket_url}/{conversation_id}"
    assert close_code(url, additional_headers={"Authorization": f"Bearer {token}"}) == 4401


def test_an_expired_token_closes_4401(embedded_site: Site, person: Account, conversation_id: int) -> None:
    secret = (embedded_site.log.parent / "secret.key").read_text()
    expired = expire(person.token, secret)
    url = f"{embedded_site.socket_url}/{conversation_id}"
    assert close_code(url, additional_headers={"Authorization": f"Bearer {expired}"}) == 4401
    got = httpx.get(
        f"{embedded_site.url}/api/auth/me", headers={"Authorization": f"Bearer {expired}"}, trust_env=False
    )
    assert got.status_code == 401


def expire(token: str, secret: str) -> str:
    """The same token, signed by the site's own key, with its end in the past."""
    key = salted_hmac("webox.jwt", "", secret=secret.strip(), algorithm="sha512").hexdigest()
    claims = jwt.decode(token, key, algorithms=["HS256"], options={"verify_aud": False})
    return jwt.encode(claims | {"exp": 1_000_000_000}, key, algorithm="HS256")


def test_somebody_elses_conversation_closes_4404(embedded_site: Site, conversation_id: int) -> None:
    outsider = embedded_site.account("outsider")
    url = f"{embedded_site.socket_url}/{conversation_id}"
    assert close_code(url, additional_headers=outsider.headers) == 4404
    assert close_code(f"{embedded_site.socket_url}/999999999", additional_headers=outsider.headers) == 4404


@pytest.mark.parametrize("path", ["/api/chat/ws/first", "/api/chat/ws/1/", "/nothing"])
def test_an_unknown_path_closes_4404(embedded_site: Site, path: str) -> None:
    assert close_code(f"ws://127.0.0.1:{embedded_site.port}{path}") == 4404


@pytest.fixture
def browser_session(embedded_site: Site, person: Account) -> Iterator[httpx.Client]:
    """The same person, signed in with a cookie as a browser is."""
    with httpx.Client(base_url=embedded_site.url, trust_env=False, follow_redirects=True) as client:
        client.get("/accounts/login/")
        form = {
            "login": person.name,
            "password": PASSWORD,
            "csrfmiddlewaretoken": client.cookies["webox_csrf"],
        }
        client.post("/accounts/login/", data=form, headers={"Referer": embedded_site.url})
        assert "webox_session" in client.cookies
        yield client


def cookie_of(client: httpx.Client) -> dict[str, str]:
    return {"Cookie": f"webox_session={client.cookies['webox_session']}"}


def test_the_cookie_opens_a_socket_from_our_own_page_alone(
    embedded_site: Site, conversation_id: int, browser_session: httpx.Client
) -> None:
    url, cookie = f"{embedded_site.socket_url}/{conversation_id}", cookie_of(browser_session)
    foreign = [
        "http://evil.example",
        f"https://127.0.0.1:{embedded_site.port}",
        "http://127.0.0.1:1",
        "null",
        None,
    ]
    for origin in foreign:
        assert close_code(url, additional_headers=cookie, origin=origin) == 4403, origin
    with open_url(
        url, additional_headers=cookie, origin=embedded_site.url, subprotocols=["webox.v1"]
    ) as socket:
        assert json.loads(socket.recv(timeout=30))["type"] == "snapshot"


def test_signing_out_closes_the_sessions_sockets(
    embedded_site: Site, conversation_id: int, browser_session: httpx.Client
) -> None:
    url = f"{embedded_site.socket_url}/{conversation_id}"
    with open_url(url, additional_headers=cookie_of(browser_session), origin=embedded_site.url) as socket:
        browser_session.get("/accounts/logout/")
        browser_session.post(
            "/accounts/logout/",
            data={"csrfmiddlewaretoken": browser_session.cookies["webox_csrf"]},
            headers={"Referer": embedded_site.url},
        )
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=30)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401


def test_an_access_token_that_may_chat_opens_a_socket(person: Account, conversation_id: int) -> None:
    program = Account(person.site, person.name, access_token(person, "chat"))
    with Watcher(program, conversation_id) as watcher:
        assert watcher.ask("Hello", ["demo"], "by a program")["type"] == "accepted"
        watcher.read_to_the_end()
        for token in person.get("/api/auth/tokens").json():
            path = f"{person.site.url}/api/auth/tokens/{token['id']}"
            assert httpx.delete(path, headers=person.headers, trust_env=False).status_code == 204
        watcher.send(type="ask", message="Still?", targets=["demo"], client_id="too late")
        with pytest.raises(ConnectionClosed) as closed:
            watcher.read_to_the_end()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401


def test_an_access_token_that_may_only_read_opens_none(person: Account, conversation_id: int) -> None:
    url = f"{person.site.socket_url}/{conversation_id}"
    headers = {"Authorization": f"Bearer {access_token(person, 'read')}"}
    assert close_code(url, additional_headers=headers) == 4401


def test_a_ticket_opens_one_socket_once(embedded_site: Site, person: Account, conversation_id: int) -> None:
    ticket = person.post("/api/auth/socket-ticket").json()["ticket"]
    url = f"{embedded_site.socket_url}/{conversation_id}?ticket={ticket}"
    with open_url(url, subprotocols=["webox.v1"]) as socket:
        assert json.loads(socket.recv(timeout=30))["type"] == "snapshot"
    assert close_code(url) == 4401


def test_the_same_client_id_is_the_same_turn_and_other_content_a_conflict(
    person: Account, conversation_id: int, vendor_scripts: Vendor
) -> None:
    vendor_scripts.scripts["openai"] = lambda exchange: exchange.answer("once")
    with Watcher(person, conversation_id) as watcher:
        first = watcher.ask("Hi", ["openai"], "same")
        watcher.read_to_the_end()
        again = watcher.ask("Hi", ["openai"], "same")
        assert [one["id"] for one in again["messages"]] == [one["id"] for one in first["messages"]]
        assert watcher.ask("Ho", ["openai"], "same")["code"] == "client_id_conflict"
    assert len(person.messages(conversation_id)) == 2
    assert len(vendor_scripts.asked) == 1

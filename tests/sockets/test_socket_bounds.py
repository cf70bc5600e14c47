"""What a client may cost the others, and how fast it loses what it has no right to any more."""

import contextlib
import socket
import threading
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from tests.site.client import Watcher, open_socket, open_url
from tests.site.running import PASSWORD, Account, Site
from tests.site.vendor import Exchange, Vendor


@pytest.fixture(scope="module")
def person(embedded_site: Site) -> Account:
    return embedded_site.account("bounded")


def code_when_closed(connection: ClientConnection) -> int:
    with pytest.raises(ConnectionClosed) as closed:
        read_for_ever(connection)
    assert closed.value.rcvd is not None
    return int(closed.value.rcvd.code)


def read_for_ever(connection: ClientConnection) -> None:
    while True:
        connection.recv(timeout=30)


def v1(person: Account, conversation_id: int, **options: Any) -> ClientConnection:
    return open_socket(person, conversation_id, subprotocols=["webox.v1"], **options)


def test_who_floods_is_dropped_and_a_neighbour_goes_on(person: Account, vendor_scripts: Vendor) -> None:
    go_on = threading.Event()

    def script(exchange: Exchange) -> None:
        exchange.start()
        exchange.text("before ")
        exchange.wait_for(go_on)
        exchange.text("after")
        exchange.finish()

    vendor_scripts.scripts["openai"] = script
    with Watcher(person, person.conversation()) as neighbour:
        neighbour.ask("Hello", ["openai"], "c1")
        neighbour.read_until(lambda event: "before " in neighbour.texts.values())
        with v1(person, person.conversation()) as flood:
            with contextlib.suppress(ConnectionClosed):
                for _ in range(10_000):
                    flood.send('{"type": "stop"}')
            assert code_when_closed(flood) == 4429
        go_on.set()
        neighbour.read_to_the_end()
        assert list(neighbour.texts.values()) == ["before after"]
        assert neighbour.gaps == 0


def test_a_message_in_endless_pieces_is_refused(person: Account) -> None:
    with v1(person, person.conversation()) as connection:
        connection.recv(timeout=30)
        with contextlib.suppress(ConnectionClosed):
            connection.send("x" for _ in range(131_000))
        assert code_when_closed(connection) == 1009


def test_a_client_that_takes_nothing_skips_to_the_current_text(
    person: Account, vendor_scripts: Vendor
) -> None:
    def script(exchange: Exchange) -> None:
        exchange.start()
        for _ in range(60):
            exchange.text("y" * 30_000)
        exchange.finish()

    names = ["openai", "mistral", "groq", "xai"]
    vendor_scripts.scripts = dict.fromkeys(names, script)
    conversation_id = person.conversation()
    # Seven megabytes: more than the kernel takes in for a client that does not read.
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 128 * 1024)
    narrow.connect(("127.0.0.1", person.site.port))
    with (
        narrow,
        Watcher(person, conversation_id) as quick,
        Watcher(person, conversation_id, sock=narrow) as slow,
    ):
        slow.read_until(lambda event: event["type"] == "snapshot")
        quick.ask("Hello", names, "c1")
        quick.read_to_the_end()
        slow.read_until(lambda _: [len(text) for text in slow.texts.values()] == [60 * 30_000] * 4)
        assert slow.texts == quick.texts


def sign_in(browser: httpx.Client, site: Site, name: str) -> None:
    """Sign in as a browser does."""
    browser.get("/accounts/login/")
    browser.post(
        "/accounts/login/",
        data={"login": name, "password": PASSWORD, "csrfmiddlewaretoken": browser.cookies["webox_csrf"]},
        headers={"Referer": f"{site.url}/accounts/login/"},
    )
    assert "webox_session" in browser.cookies


def browser_socket(browser: httpx.Client, site: Site, conversation_id: int) -> ClientConnection:
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    return open_url(
        f"{site.socket_url}/{conversation_id}",
        subprotocols=["webox.v1"],
        additional_headers={"Cookie": cookie, "Origin": site.url},
    )


def test_a_password_change_closes_open_sockets(embedded_site: Site) -> None:
    person = embedded_site.account("mover")
    with (
        httpx.Client(base_url=embedded_site.url, trust_env=False, follow_redirects=True) as browser,
        contextlib.ExitStack() as stack,
    ):
        sign_in(browser, embedded_site, "mover")
        connection = stack.enter_context(browser_socket(browser, embedded_site, person.conversation()))
        connection.recv(timeout=30)
        changed = browser.post(
            "/accounts/password/change/",
            data={
                "oldpassword": PASSWORD,
                "password1": "quite other words than before",
                "password2": "quite other words than before",
                "csrfmiddlewaretoken": browser.cookies["webox_csrf"],
            },
            headers={"Referer": embedded_site.url},
        )
        assert changed.history, changed.text
        assert code_when_closed(connection) == 4401


def test_a_deleted_conversation_closes_its_sockets(person: Account) -> None:
    conversation_id = person.conversation()
    with v1(person, conversation_id) as connection:
        connection.recv(timeout=30)
        httpx.delete(
            f"{person.site.url}/api/chat/conversations/{conversation_id}",
            headers=person.headers,
            trust_env=False,
        )
        assert code_when_closed(connection) == 4404

"""Nobody fills the disk: a body is cut off at what its path may have, whoever sends it."""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from common.http.body_limit import BodyLimit, Receive, Scope, Send
from tests.site.running import Site

MIB = 2**20
PIECE = b"x" * 65_536


def endless(pieces: int) -> Iterator[bytes]:
    """A body that does not say how long it is."""
    for _ in range(pieces):
        yield PIECE


@pytest.mark.parametrize(
    ("path", "mib"),
    [
        ("/api/auth/token", 2),
        ("/api/nothing/here", 2),
        ("/v1/chat/completions", 24),
        ("/api/chat/attachments", 10),
    ],
)
def test_a_stranger_is_told_so_in_a_problem_document(embedded_site: Site, path: str, mib: int) -> None:
    pieces = (mib + 1) * MIB // len(PIECE)
    for body in (endless(pieces), PIECE * pieces):
        got = httpx.post(embedded_site.url + path, content=body, trust_env=False, timeout=60)
        assert (got.status_code, got.headers["Content-Type"]) == (413, "application/problem+json")
        assert got.json()["code"] == "request_too_large"
        assert f"{mib} MB" in got.json()["detail"]


def test_a_page_says_it_in_the_language_of_the_browser(embedded_site: Site) -> None:
    for language, words in (("fr", "2\N{NO-BREAK SPACE}Mo"), ("en", "2 MB")):
        got = httpx.post(
            embedded_site.url + "/accounts/login",
            content=endless(3 * MIB // len(PIECE)),
            headers={"Accept-Language": language},
            trust_env=False,
            timeout=60,
        )
        assert (got.status_code, got.headers["Content-Type"]) == (413, "text/html; charset=utf-8")
        assert words in got.text


def test_the_connection_goes_on_with_the_next_request(embedded_site: Site) -> None:
    with httpx.Client(base_url=embedded_site.url, trust_env=False, timeout=60) as client:
        assert client.post("/api/auth/token", content=PIECE * 48).status_code == 413
        assert client.get("/healthz").status_code == 200


async def reads_all(scope: Scope, receive: Receive, send: Send) -> None:
    """What Django does: takes the whole body, then waits for the end of the connection."""
    scope["seen"] = 0
    while True:
        message = await receive()
        scope["seen"] += len(message["body"])
        if not message["more_body"]:
            break
    scope["then"] = (await receive())["type"]


@pytest.mark.parametrize("headers", [[], [(b"content-length", b"99999999")], [(b"content-length", b"\xb2")]])
def test_django_never_sees_more_than_the_limit(headers: list[tuple[bytes, bytes]]) -> None:
    sent = [{"type": "http.request", "body": PIECE, "more_body": True}] * 100 + [{"type": "http.disconnect"}]
    messages = iter(sent)
    scope: dict[str, Any] = {"type": "http", "path": "/anything", "headers": headers}

    async def receive() -> dict[str, Any]:
        return dict(next(messages))

    async def send(message: Any) -> None:
        raise AssertionError(message)

    asyncio.run(BodyLimit(reads_all, 4 * len(PIECE), {})(scope, receive, send))
    assert scope["seen"] <= 4 * len(PIECE)
    assert scope["then"] == "http.disconnect"
    assert next(messages, None) is None


def test_a_body_of_just_the_limit_is_whole() -> None:
    messages = iter([{"type": "http.request", "body": PIECE, "more_body": more} for more in (True, False)])
    scope: dict[str, Any] = {"type": "http", "path": "/files/1", "headers": []}

    async def receive() -> dict[str, Any]:
        return dict(next(messages, {"type": "http.disconnect"}))

    async def send(message: Any) -> None:
        raise AssertionError(message)

    asyncio.run(BodyLimit(reads_all, 1, {"/files/": 2 * len(PIECE)})(scope, receive, send))
    assert scope["seen"] == 2 * len(PIECE)

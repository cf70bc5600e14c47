"""Every answer tells browsers the same, whoever gives it: a view, a static file, a redirect, a refusal."""

import re
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.test import Client

from accounts.models import User
from tests.faults.parts import Part
from tests.faults.services import wait_until
from tests.site.running import (
    OWNER_EMAIL,
    PASSWORD,
    START_S,
    Site,
    environment,
    free_port,
    server_command,
)
from webox import views

SAME = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
FORBIDDEN = ("default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'")
HSTS = "max-age=31536000"
NOTHING: Mapping[str, str] = {}
FOREIGN = {"Host": "evil.example"}
TWO_MIB = b"x" * (2 * 2**20 + 1)
ANSWERS = [
    *(("GET", "/", 200, {}), ("HEAD", "/", 200, {}), ("GET", "/accounts/login/", 200, {})),
    *(("GET", "/healthz", 200, {}), ("GET", "/i18n/any/fr.js", 200, {}), ("GET", "/api/docs/", 200, {})),
    *(("GET", "/chat/", 302, {}), ("GET", "/favicon.ico", 302, {}), ("GET", "/admin/", 302, {})),
    *(("GET", "/api/schema/", 200, {}), ("GET", "/api/", 401, {}), ("GET", "/v1/models", 401, {})),
    *(("GET", "/nowhere", 404, {}), ("GET", "/api/nowhere", 404, {}), ("GET", "/static/nowhere", 404, {})),
    *(("OPTIONS", "/healthz", 405, {}), ("TRACE", "/", 405, {}), ("POST", "/accounts/login/", 403, {})),
    *(("GET", "/", 400, FOREIGN), ("GET", "/api/", 400, FOREIGN), ("GET", "/healthz", 400, FOREIGN)),
]
"""Method, path, the status of its answer, what is sent beside."""


def wrong(headers: Any, *, hsts: bool = False) -> list[str]:
    """What an answer's headers lack, or say otherwise."""
    policy = headers.get("Content-Security-Policy", "")
    found = [name for name, value in SAME.items() if headers.get(name) != value]
    found += [one for one in FORBIDDEN if one not in policy]
    found += [one for one in ("unsafe-inline", "unsafe-eval", "*") if one in policy]
    found += [] if "camera=()" in headers.get("Permissions-Policy", "") else ["Permissions-Policy"]
    found += [name for name in ("Access-Control-Allow-Origin", "Server") if name in headers]
    return found + ([] if headers.get("Strict-Transport-Security") == (HSTS if hsts else None) else ["HSTS"])


@pytest.fixture(scope="module")
def https_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site that believes one proxy that it is reached over https."""
    var, port = tmp_path_factory.mktemp("https"), free_port()
    owner = {"WEBOX_OWNER_EMAIL": OWNER_EMAIL, "WEBOX_OWNER_PASSWORD": PASSWORD}
    env = environment(var, WEBOX_HTTPS="true", WEBOX_PROXIES="1", **owner)
    part = Part("https", server_command(port), env, var / "log")
    part.start()
    assert part.process is not None
    site = Site(port, part.process, part.log, env)

    def serves() -> bool:
        try:
            return ask_over_https(site, "GET", "/healthz").status_code == 200
        except httpx.ConnectError:
            return False

    try:
        wait_until(serves, START_S, "the site serves")
        yield site
    finally:
        part.terminate()


def ask(site: Site, method: str, path: str, sent: Mapping[str, str] = NOTHING, **more: Any) -> httpx.Response:
    return httpx.request(method, site.url + path, headers=dict(sent), **site.options, **more)


def ask_over_https(
    site: Site, method: str, path: str, sent: Mapping[str, str] = NOTHING, **more: Any
) -> httpx.Response:
    """As the site sees a request behind its proxy."""
    return ask(site, method, path, {**sent, "X-Forwarded-Proto": "https"}, **more)


@pytest.mark.parametrize(("method", "path", "status", "sent"), ANSWERS)
def test_every_answer_has_them(
    embedded_site: Site, method: str, path: str, status: int, sent: dict[str, str]
) -> None:
    got = ask(embedded_site, method, path, sent)
    assert (got.status_code, wrong(got.headers)) == (status, [])


@pytest.mark.parametrize(("method", "path", "status", "sent"), ANSWERS)
def test_every_answer_over_https_has_them(
    https_site: Site, method: str, path: str, status: int, sent: dict[str, str]
) -> None:
    got = ask_over_https(https_site, method, path, sent)
    assert (got.status_code, wrong(got.headers, hsts=True)) == (status, [])


@pytest.mark.parametrize("sent", [{}, FOREIGN])
def test_who_comes_over_http_is_told_so_with_them(https_site: Site, sent: dict[str, str]) -> None:
    got = ask(https_site, "GET", "/chat/", sent)
    assert (got.status_code, wrong(got.headers)) == (400 if sent else 301, [])
    assert sent or got.headers["Location"].startswith("https://127.0.0.1")


def test_what_is_too_large_is_refused_with_them(embedded_site: Site, https_site: Site) -> None:
    for path in ("/accounts/login/", "/api/auth/token"):
        got = ask(embedded_site, "POST", path, content=TWO_MIB)
        assert (got.status_code, wrong(got.headers)) == (413, [])
        got = ask_over_https(https_site, "POST", path, content=TWO_MIB)
        assert (got.status_code, wrong(got.headers, hsts=True)) == (413, [])


def test_static_files_have_them(embedded_site: Site) -> None:
    page = ask(embedded_site, "GET", "/").text
    files = sorted(set(re.findall(r'(?:href|src)="(/static/[^"]+\.(?:js|css|svg))"', page)))
    assert {Path(one).suffix for one in files} == {".js", ".css", ".svg"}
    for file in files:
        for sent in ({}, {"Range": "bytes=0-9"}, {"Origin": "https://evil.example"}):
            got = ask(embedded_site, "GET", file, sent)
            assert (got.is_success, wrong(got.headers)) == (True, []), file
        same = {"If-None-Match": got.headers["ETag"]}
        got = ask(embedded_site, "GET", file, same)
        assert (got.status_code, wrong(got.headers)) == (304, []), file


@pytest.mark.django_db
def test_the_administration_has_them(admin_client: Client) -> None:
    pages = [admin_client.get(f"/admin/{path}") for path in ("", "accounts/user/", "nowhere/")]
    assert [(page.status_code, wrong(page.headers)) for page in pages] == [(200, []), (200, []), (404, [])]


def test_a_fault_has_them(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(views, "JsonResponse", fail)
    client.raise_request_exception = False
    got = client.get("/healthz")
    assert (got.status_code, wrong(got.headers)) == (500, [])


def test_trusted_types_are_asked_of_our_own_pages_alone(embedded_site: Site) -> None:
    asked = "require-trusted-types-for 'script'"
    for path, expected in (("/", True), ("/nowhere", True), ("/api/docs/", False), ("/admin/", False)):
        got = ask(embedded_site, "GET", path)
        assert (asked in got.headers["Content-Security-Policy"]) is expected, path


def test_cookies_over_https_are_from_this_very_host(https_site: Site) -> None:
    kept: dict[str, str] = {}

    def keep(got: httpx.Response) -> None:
        kept.update({one.partition("=")[0]: one for one in got.headers.get_list("Set-Cookie")})

    keep(ask_over_https(https_site, "GET", "/accounts/login/"))
    for path, form in (
        ("/accounts/theme", {"theme": "dark"}),
        ("/i18n/setlang/", {"language": "fr"}),
        ("/accounts/login/", {"login": OWNER_EMAIL, "password": PASSWORD}),
        ("/accounts/sessions/end-others", {}),
    ):
        # By hand: the client speaks http to the site itself, and would not send back what is Secure.
        cookies = {name: one.partition(";")[0].partition("=")[2] for name, one in kept.items()}
        sent = {
            "Referer": f"https://{https_site.address}/",
            "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        }
        form |= {"csrfmiddlewaretoken": cookies["__Host-webox_csrf"]}
        got = ask_over_https(https_site, "POST", path, sent, data=form)
        assert got.status_code == 302, (path, got.text)
        keep(got)
    names = ("session", "csrf", "theme", "language", "messages")
    assert set(kept) == {f"__Host-webox_{name}" for name in names}
    for cookie in kept.values():
        assert {"Secure", "Path=/", "SameSite=Lax"} <= {*cookie.split("; ")}, cookie
        assert "Domain" not in cookie
    assert "HttpOnly" in kept["__Host-webox_session"]


@pytest.mark.django_db
@pytest.mark.parametrize("way", ["/accounts/logout/", "/admin/logout/"])
def test_who_signs_out_leaves_nothing_in_the_browser(admin_client: Client, way: str) -> None:
    assert "Clear-Site-Data" not in admin_client.get("/chat/").headers
    assert admin_client.post(way).headers["Clear-Site-Data"] == '"cache", "storage"'
    assert "Clear-Site-Data" not in admin_client.get("/").headers


@pytest.mark.django_db
def test_a_session_that_ended_leaves_the_drafts(client: Client, admin_user: User) -> None:
    client.force_login(admin_user)
    client.session.flush()
    got = client.get("/chat/")
    assert (got.status_code, "Clear-Site-Data" in got.headers) == (302, False)


def test_a_foreign_host_is_one_line_of_the_log(embedded_site: Site) -> None:
    before = embedded_site.log.stat().st_size
    for host in ("evil.example", "x" * 5000):
        got = ask(embedded_site, "GET", "/", {"Host": host})
        assert got.status_code == 400
    said = embedded_site.log.read_bytes()[before:].decode()
    lines = said.splitlines()
    assert [" WARNING django.security.DisallowedHost " in line for line in lines] == [True, True], said
    assert "evil.example" in lines[0]
    assert max(map(len, lines)) < 500


def test_a_body_of_two_lengths_is_refused(embedded_site: Site) -> None:
    head = f"POST /api/auth/token HTTP/1.1\r\nHost: {embedded_site.address}\r\nContent-Length: 4\r\n"
    with socket.create_connection(("127.0.0.1", embedded_site.port), timeout=30) as line:
        line.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n".encode())
        assert line.recv(100).startswith(b"HTTP/1.1 400 ")

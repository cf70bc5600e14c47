"""Who is behind a socket: which credential counts, which pages may open one, and when it ends."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django import Settings

from accounts.errors import TokenRefused
from accounts.models import User
from accounts.signing_in.personal_tokens import make
from accounts.signing_in.tokens import check_access_token, issue_ticket, issue_tokens, read_access_token
from chat.engine import process
from chat.live import closing, credentials
from chat.live.credentials import (
    MAX_COOKIE_CHARS,
    Credential,
    Handshake,
    PersonalCredential,
    SessionCredential,
    TicketCredential,
    TokenCredential,
    request_credential,
)
from common.signals import sockets_must_close


def opening(query: str = "", scheme: str = "ws", **headers: str) -> Handshake:
    """A handshake with these headers; `_` in a name is a hyphen."""
    return Handshake(
        {
            "scheme": scheme,
            "query_string": query.encode(),
            "headers": [
                (name.replace("_", "-").title().encode(), value.encode("latin-1"))
                for name, value in headers.items()
            ],
        }
    )


def session_of(user: User) -> str:
    client = Client()
    client.force_login(user)
    return client.session.session_key or ""


def cookie(session_key: str) -> str:
    return f"theme=dark; webox_session={session_key}"


def person(credential: Credential | None) -> User | None:
    return credential.user() if credential else None


def test_a_session_a_jwt_a_token_and_a_ticket_let_their_person_in(alice: User) -> None:
    key, access = session_of(alice), issue_tokens(alice).access
    _row, text = make(alice, name="a script", scope="chat", days=7)
    found = {
        SessionCredential: opening(cookie=cookie(key)).credential(),
        TokenCredential: opening(authorization=f"Bearer {access}").credential(),
        PersonalCredential: opening(authorization=f"bearer  {text} ").credential(),
        TicketCredential: opening(query=f"ticket={issue_ticket(alice, session_key=key)}").credential(),
    }
    assert {kind: type(one) for kind, one in found.items()} == {kind: kind for kind in found}
    assert {person(one) for one in found.values()} == {alice}
    assert found[SessionCredential] == SessionCredential(key)
    assert [one.session_key for one in found.values() if one] == [key, None, None, key]


def test_a_token_goes_before_a_ticket_and_a_ticket_before_the_cookie(alice: User, bob: User) -> None:
    key = cookie(session_of(alice))
    assert opening(authorization="Bearer nonsense", cookie=key).credential() is None
    assert opening(query="ticket=nonsense", cookie=key).credential() is None
    ticket = issue_ticket(bob, family=check_access_token(issue_tokens(bob).access))
    assert person(opening(query=f"ticket={ticket}", cookie=key).credential()) == bob
    # Another scheme is no token: nothing of it is read.
    assert person(opening(authorization="Basic nonsense", cookie=key).credential()) == alice


def test_without_a_credential_there_is_none() -> None:
    assert opening().credential() is None
    assert opening(cookie="theme=dark; webox_session=").credential() is None
    assert Handshake({"headers": []}).credential() is None


def test_a_cookie_header_is_read_up_to_a_limit() -> None:
    end = "; webox_session=key"
    fits = "x" * (MAX_COOKIE_CHARS - len(end) - 2)
    assert opening(cookie=f"a={fits}{end}").credential() == SessionCredential("key")
    assert opening(cookie=f"a={fits}x{end}").credential() == SessionCredential("ke")


def test_a_token_that_may_only_read_asks_nothing_and_reads_on(alice: User, rf: RequestFactory) -> None:
    _row, text = make(alice, name="a script", scope="read", days=7)
    assert person(opening(authorization=f"Bearer {text}").credential()) is None
    request = rf.get("/", headers={"Authorization": f"Bearer {text}"})
    assert person(request_credential(request)) == alice


def test_a_request_is_let_in_by_its_token_else_by_its_session(alice: User, rf: RequestFactory) -> None:
    request = rf.get("/")
    SessionMiddleware(lambda _: HttpResponse()).process_request(request)
    request.session = type(request.session)(session_of(alice))
    assert person(request_credential(request)) == alice
    with_token = rf.get("/", headers={"Authorization": f"Bearer {issue_tokens(alice).access}"})
    assert person(request_credential(with_token)) == alice
    with pytest.raises(TokenRefused):
        request_credential(rf.get("/", headers={"Authorization": "Bearer nonsense"}))


def close_account(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def change_password(user: User) -> None:
    user.set_password("another long passphrase")
    user.save()


def by_jwt(user: User) -> Credential:
    return TokenCredential(read_access_token(issue_tokens(user).access))


def by_ticket_of_family(user: User) -> Credential:
    return TicketCredential(None, check_access_token(issue_tokens(user).access).pk)


def by_ticket_of_session(user: User) -> Credential:
    return TicketCredential(session_of(user), None)


@pytest.mark.parametrize("lose", [close_account, change_password])
@pytest.mark.parametrize("way", [by_jwt, by_ticket_of_family, by_ticket_of_session])
def test_a_credential_is_asked_again_each_time(
    way: Callable[[User], Credential], lose: Callable[[User], None], alice: User
) -> None:
    credential = way(alice)
    assert credential.user() == alice
    lose(alice)
    assert credential.user() is None


def test_a_session_ends_with_its_sign_out_and_with_the_account(alice: User) -> None:
    client = Client()
    client.force_login(alice)
    credential = SessionCredential(client.session.session_key)
    assert credential.user() == alice
    close_account(alice)
    assert credential.user() is None
    User.objects.filter(pk=alice.pk).update(is_active=True)
    assert credential.user() == alice
    client.logout()
    assert credential.user() is None


def test_somebody_who_is_not_active_is_nobody_whatever_signs_them_in(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for found in (User(is_active=False), AnonymousUser()):
        monkeypatch.setattr(credentials, "get_user", lambda _, found=found: found)
        assert SessionCredential("key").user() is None


def test_a_personal_token_ends_with_its_scope_and_its_date(alice: User) -> None:
    row, text = make(alice, name="a script", scope="chat", days=7)
    credential = opening(authorization=f"Bearer {text}").credential()
    assert person(credential) == alice
    alice.personal_tokens.update(scope="read")
    assert person(credential) is None
    alice.personal_tokens.update(scope="manage")
    assert person(credential) == alice
    alice.personal_tokens.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert person(credential) is None
    assert row.last4 == text[-4:]


def test_a_ticket_of_nothing_lets_nobody_in() -> None:
    assert TicketCredential(None, None).user() is None


@pytest.mark.parametrize(
    ("origin", "scheme", "host", "is_foreign"),
    [
        ("http://testserver", "ws", "testserver", False),
        ("HTTP://TestServer", "ws", "testserver", False),
        ("http://testserver", "ws", "TESTSERVER", False),
        ("http://testserver:8000", "ws", "testserver:8000", False),
        ("https://testserver", "wss", "testserver", False),
        ("https://trusted.example", "ws", "testserver", False),
        ("https://testserver", "ws", "testserver", True),
        ("http://testserver", "wss", "testserver", True),
        ("http://testserver:8000", "ws", "testserver", True),
        ("http://evil.example", "ws", "testserver", True),
        # A host that lies about itself, as DNS rebinding would have it.
        ("http://evil.example", "ws", "evil.example", True),
        ("http://testserver.evil.example", "ws", "testserver.evil.example", True),
        ("null", "ws", "testserver", True),
        ("", "ws", "testserver", True),
        ("http://", "ws", "", True),
    ],
)
@pytest.mark.parametrize("credential", [SessionCredential("key"), TicketCredential("key", None), None])
def test_only_this_sites_own_pages_open_a_socket(
    settings: Settings, origin: str, scheme: str, host: str, is_foreign: bool, credential: Any
) -> None:
    settings.ALLOWED_HOSTS, settings.HTTPS = ["testserver"], False
    settings.CSRF_TRUSTED_ORIGINS = ["https://trusted.example"]
    shake = opening(scheme=scheme, origin=origin, host=host)
    assert shake.has_foreign_origin(credential) is is_foreign


def test_under_https_a_page_of_http_is_foreign(settings: Settings) -> None:
    settings.HTTPS = True
    assert opening(origin="http://testserver", host="testserver").has_foreign_origin(None)
    assert not opening(origin="https://testserver", host="testserver").has_foreign_origin(None)


def test_without_an_origin_only_a_cookie_is_foreign() -> None:
    shake = opening(host="testserver")
    assert shake.has_foreign_origin(SessionCredential("key"))
    assert not shake.has_foreign_origin(TicketCredential("key", None))
    assert not shake.has_foreign_origin(None)


@pytest.mark.parametrize(
    ("allowed", "host", "is_ours"),
    [
        ("site.example", "site.example", True),
        ("Site.Example", "site.example", True),
        ("site.example", "a.site.example", False),
        (".site.example", "a.site.example", True),
        (".site.example", "site.example", True),
        (".site.example", "evilsite.example", False),
        ("*", "whatever.example", True),
        ("[::1]", "[::1]:8000", True),
        ("::1", "[::1]", False),
        ("site.example", "", False),
    ],
)
def test_a_host_is_ours_by_the_settings(settings: Settings, allowed: str, host: str, is_ours: bool) -> None:
    settings.ALLOWED_HOSTS = ["another.example", allowed]
    assert opening(origin=f"http://{host}", host=host).has_foreign_origin(None) is not is_ours


@pytest.mark.parametrize(
    ("headers", "language"),
    [
        ({}, "en"),
        ({"accept_language": "fr-CH, en;q=0.5"}, "fr"),
        ({"cookie": "webox_language=fr", "accept_language": "en"}, "fr"),
    ],
)
def test_a_socket_speaks_its_pages_language_else_the_browsers(
    settings: Settings, headers: dict[str, str], language: str
) -> None:
    settings.LANGUAGE_CODE, settings.LANGUAGE_COOKIE_NAME = "en", "webox_language"
    assert opening(**headers).language() == language


def test_the_subprotocols_are_those_that_were_offered() -> None:
    assert Handshake({"headers": [], "subprotocols": ["webox.v1"]}).subprotocols == ["webox.v1"]
    assert Handshake({"headers": []}).subprotocols == []


def test_every_process_is_told_to_close_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(process, "tell", lambda **message: told.append(message))
    sockets_must_close.disconnect(dispatch_uid="chat.live.closing")
    closing.listen()
    sockets_must_close.send(sender=User, user_id=7, session_key="key")
    assert told == [{"type": "sockets.close", "user_id": 7, "session_key": "key"}]

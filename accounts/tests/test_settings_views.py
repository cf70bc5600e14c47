from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client

from accounts.models import User
from accounts.signing_in import sessions
from accounts.signing_in.tokens import issue_tokens
from accounts.tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def browser(user: User, agent: str = FIREFOX) -> Client:
    client = Client(headers={"user-agent": agent})
    client.post("/accounts/login/", {"login": user.username, "password": PASSWORD})
    return client


def is_in(client: Client) -> bool:
    return bool(client.get("/accounts/profile").status_code == 200)


def errors(answer: Any) -> list[str]:
    return list(answer.context["form"].errors)


def test_a_person_changes_their_username(ana: User) -> None:
    client = browser(ana)
    assert client.post("/accounts/profile", {"username": "  Ana  Maria "})["Location"] == "/accounts/profile"
    page = client.get("/accounts/profile").content.decode()
    assert "Ana Maria" in page
    assert "Your username is changed." in page


@pytest.mark.parametrize("username", ["", "a@b", "OLGA", "x" * 101, "a\u200bb"])
def test_a_username_that_may_not_be_is_refused_on_its_field(ana: User, owner: User, username: str) -> None:
    client = browser(ana)
    answer = client.post("/accounts/profile", {"username": username})
    assert errors(answer) == ["username"]
    assert '<span class="row-label">Ana</span>' in answer.content.decode()
    ana.refresh_from_db()
    assert ana.username == "Ana"


def test_a_new_email_takes_the_password(ana: User, owner: User) -> None:
    client = browser(ana)
    new = {"email": "ana@new.example", "password": PASSWORD}
    assert errors(client.post("/accounts/email", new | {"password": "wrong"})) == ["password"]
    assert errors(client.post("/accounts/email", new | {"email": "OLGA@example.org"})) == ["email"]
    assert errors(client.post("/accounts/email", new | {"email": "x"})) == ["email"]
    ana.refresh_from_db()
    assert ana.email == "ana@example.org"
    assert client.post("/accounts/email", new)["Location"] == "/accounts/profile"
    ana.refresh_from_db()
    assert ana.email == "ana@new.example"


def test_guesses_at_the_password_are_limited_like_a_sign_in(ana: User) -> None:
    client = browser(ana)
    for _ in range(5):
        client.post("/accounts/email", {"email": "a@new.example", "password": "wrong"})
    client.post("/accounts/email", {"email": "a@new.example", "password": PASSWORD})
    ana.refresh_from_db()
    assert ana.email == "ana@example.org"


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        (FIREFOX, "Firefox on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36",
            "Chrome on Windows",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1",
            "Safari on iPhone",
        ),
        (
            "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36",
            "Chrome on Android",
        ),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.0 Safari/605.1.15", "Safari on macOS"),
        ("curl/8.0", "Unknown browser"),
        ("", "Unknown browser"),
    ],
)
def test_a_device_is_called_by_its_name(agent: str, said: str) -> None:
    assert sessions.device(agent) == said


def test_every_browser_is_listed_this_one_first(ana: User, owner: User) -> None:
    browser(ana, "curl/8.0")
    here = browser(ana)
    browser(owner)
    places = here.get("/accounts/security").context["places"]
    assert [(place.device, place.is_current) for place in places] == [
        ("Firefox on Linux", True),
        ("Unknown browser", False),
    ]


def test_a_session_from_before_is_listed_once_it_is_used(client: Client, ana: User) -> None:
    client.force_login(ana)
    assert len(client.get("/accounts/security").context["places"]) == 1
    seen = UserSession.objects.get().last_seen_at
    client.get("/accounts/security")
    assert UserSession.objects.get().last_seen_at == seen


def test_one_browser_is_signed_out_and_the_others_stay(ana: User) -> None:
    here, there, third = browser(ana), browser(ana), browser(ana)
    row = UserSession.objects.get(session_key=there.session.session_key)
    assert here.post(f"/accounts/sessions/{row.pk}/end").status_code == 302
    assert [is_in(one) for one in (here, there, third)] == [True, False, True]
    assert here.post(f"/accounts/sessions/{row.pk}/end").status_code == 404


def test_nobody_signs_out_somebody_else(ana: User, owner: User) -> None:
    theirs, here = browser(owner), browser(ana)
    row = UserSession.objects.get(user=owner)
    assert here.post(f"/accounts/sessions/{row.pk}/end").status_code == 404
    here.post("/accounts/sessions/end-others")
    assert is_in(theirs)


def test_everywhere_but_here_ends_programs_too(ana: User) -> None:
    here, there = browser(ana), browser(ana)
    issue_tokens(ana)
    assert here.get("/accounts/security").context["programs"] == 1
    here.post("/accounts/sessions/end-others")
    assert [is_in(here), is_in(there)] == [True, False]
    assert not ana.token_families.exists()


def test_signing_out_this_browser_in_the_list_is_a_sign_out(ana: User) -> None:
    here = browser(ana)
    row = UserSession.objects.get()
    assert here.post(f"/accounts/sessions/{row.pk}/end")["Location"] == "/accounts/login/"
    assert not is_in(here)


def test_administration_is_offered_to_who_may_open_it(ana: User, owner: User) -> None:
    assert b"/admin/" not in browser(ana).get("/accounts/profile").content
    assert b"/admin/" in browser(owner).get("/accounts/profile").content


def test_an_old_form_says_so_in_the_visitors_theme(ana: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies["webox_theme"] = "dark"
    answer = client.post("/accounts/login/", {"login": "ana", "password": PASSWORD})
    assert answer.status_code == 403
    assert b"This form has expired" in answer.content
    assert b'data-theme="dark"' in answer.content

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import User
from accounts.tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db

NEW = "another long passphrase"
SIGNUP = {"email": "ana@example.org", "username": "Ana", "password": PASSWORD}
ENTRANCE_PAGES = [
    "account_login",
    "account_signup",
    "account_inactive",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key_done",
]
OWN_PAGES = [
    "account_logout",
    "account_change_password",
    "account_reauthenticate",
    "accounts:profile",
    "accounts:email",
    "accounts:appearance",
    "accounts:ais",
    "accounts:security",
    "accounts:tokens",
    "accounts:data",
    "accounts:delete",
]


def sign_in(client: Client, login: str = "ana", password: str = PASSWORD, **data: str) -> Any:
    return client.post("/accounts/login/", {"login": login, "password": password, **data})


def is_in(client: Client) -> bool:
    return client.get("/accounts/profile").status_code == 200


@pytest.mark.parametrize("name", ENTRANCE_PAGES)
def test_entrance_page_opens_in_both_languages(client: Client, name: str) -> None:
    for language in ("en", "fr"):
        answer = client.get(reverse(name), headers={"accept-language": language})
        assert answer.status_code == 200
        assert b"<style" not in answer.content
        assert not re.search(rb"<script(?![^>]*src=)|style=|\son\w+=", answer.content)


@pytest.mark.parametrize("name", OWN_PAGES)
def test_own_page_opens_for_its_person_alone(client: Client, ana: User, name: str) -> None:
    stranger = client.get(reverse(name))
    assert stranger.status_code == 302
    client.force_login(ana)
    assert client.get(reverse(name)).status_code == 200


@pytest.mark.parametrize("address", ["email/", "confirm-email/", "confirm-email/x/", "login/code/confirm/"])
def test_pages_about_several_addresses_do_not_exist(client: Client, ana: User, address: str) -> None:
    client.force_login(ana)
    assert client.get(f"/accounts/{address}").status_code == 404


def test_signing_up_makes_an_account_and_signs_in(client: Client) -> None:
    answer = client.post("/accounts/signup/", SIGNUP)
    assert answer.status_code == 302
    assert answer["Location"] == reverse("chat:home")
    assert is_in(client)
    user = User.objects.get()
    assert not user.is_superuser
    assert not user.is_premium


@pytest.mark.parametrize(
    ("field", "value"), [("email", "x"), ("username", "a@b"), ("username", ""), ("password", "short")]
)
def test_signup_error_is_tied_to_its_field(client: Client, field: str, value: str) -> None:
    answer = client.post("/accounts/signup/", SIGNUP | {field: value})
    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == [field]
    page = answer.content.decode()
    assert re.search(rf'aria-describedby="[^"]*id_{field}_error', page)
    assert f'id="id_{field}_error"' in page
    assert not User.objects.exists()


def test_signup_refuses_names_taken_in_other_case(client: Client, ana: User) -> None:
    answer = client.post("/accounts/signup/", SIGNUP | {"email": "ANA@EXAMPLE.ORG", "username": "aNA"})
    assert sorted(answer.context["form"].errors) == ["email", "username"]
    assert User.objects.count() == 1


def test_signup_grants_no_rights(client: Client) -> None:
    client.post("/accounts/signup/", SIGNUP | {"is_premium": "1", "is_staff": "1", "is_superuser": "1"})
    user = User.objects.get()
    assert [user.is_premium, user.is_staff, user.is_superuser] == [False] * 3


@pytest.mark.parametrize("mode", ["closed", "invite"])
def test_closed_signup_says_so(client: Client, settings: Settings, mode: str) -> None:
    settings.SIGNUP = mode
    for answer in (client.get("/accounts/signup/"), client.post("/accounts/signup/", SIGNUP)):
        assert answer.status_code == 403
        assert b"Ask" in answer.content
    assert not User.objects.exists()


@pytest.mark.parametrize("login", ["ana", "ANA", "ana@example.org", "ANA@example.org", " ana "])
def test_either_login_signs_in(client: Client, ana: User, login: str) -> None:
    assert sign_in(client, login)["Location"] == reverse("chat:home")
    assert is_in(client)


def test_signing_in_begins_a_new_session(client: Client, ana: User) -> None:
    session = client.session
    session["known"] = "to whoever gave the browser this session"
    session.save()
    given = session.session_key or ""
    sign_in(client)
    assert is_in(client)
    assert client.session.session_key != given
    assert not session.exists(given)


def test_unknown_login_and_wrong_password_are_told_alike(client: Client, ana: User) -> None:
    pages = [
        sign_in(client, login, "wrong password").context["form"].non_field_errors()
        for login in ("ana", "nobody", "ana@example.org", "nobody@example.org")
    ]
    assert pages == [["The login and the password don’t match."]] * 4


def test_attempts_on_one_account_share_a_limit(client: Client, ana: User) -> None:
    for login in ("ana", "ANA", "ａｎａ", "ána", "ana@example.org"):
        sign_in(client, login, "wrong password")
    assert sign_in(client).status_code == 200
    assert not is_in(client)


def test_the_api_and_the_page_share_a_limit(client: Client, ana: User) -> None:
    for _ in range(5):
        client.post("/api/auth/token", {"username": "ana", "password": "x"}, content_type="application/json")
    sign_in(client)
    assert not is_in(client)


def test_closed_account_is_told_so_after_the_right_password(client: Client, ana: User) -> None:
    User.objects.update(is_active=False)
    assert sign_in(client)["Location"] == reverse("account_inactive")
    assert not is_in(client)


def test_sign_in_returns_where_it_was_asked_but_never_elsewhere(client: Client, ana: User) -> None:
    assert sign_in(client, next="/accounts/profile")["Location"] == "/accounts/profile"
    client.post("/accounts/logout/")
    assert sign_in(client, next="https://evil.example/")["Location"] == reverse("chat:home")


def test_opening_the_sign_out_page_does_not_sign_out(client: Client, ana: User) -> None:
    client.force_login(ana)
    client.get("/accounts/logout/")
    assert is_in(client)
    client.post("/accounts/logout/")
    assert not is_in(client)


def change_password(client: Client, old: str = PASSWORD, new: str = NEW, again: str = NEW) -> Any:
    data = {"oldpassword": old, "password1": new, "password2": again}
    return client.post("/accounts/password/change/", data)


def test_changing_the_password_keeps_this_session_and_ends_the_others(client: Client, ana: User) -> None:
    client.force_login(ana)
    elsewhere = Client()
    elsewhere.force_login(ana)
    assert change_password(client)["Location"] == "/accounts/profile"
    assert b"Your password is changed." in client.get("/accounts/profile").content
    assert not is_in(elsewhere)


@pytest.mark.parametrize(
    ("field", "data"),
    [
        ("oldpassword", {"old": "wrong password"}),
        ("password1", {"new": "short", "again": "short"}),
        ("password2", {"again": "different passphrase"}),
        ("password1", {"new": "ana@example.org", "again": "ana@example.org"}),
    ],
)
def test_bad_new_password_changes_nothing(
    client: Client, ana: User, field: str, data: dict[str, str]
) -> None:
    client.force_login(ana)
    assert list(change_password(client, **data).context["form"].errors) == [field]
    ana.refresh_from_db()
    assert ana.check_password(PASSWORD)


def ask_reset(client: Client, email: str) -> Any:
    return client.post("/accounts/password/reset/", {"email": email})


def reset_link() -> str:
    found = re.search(r"http://testserver(/accounts/password/reset/key/\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def test_reset_link_sets_a_new_password_once(client: Client, ana: User) -> None:
    signed_in = Client()
    signed_in.force_login(ana)
    ask_reset(client, "ANA@example.org")
    link = reset_link()
    form = client.get(link, follow=True)
    address = form.redirect_chain[-1][0]
    done = client.post(address, {"password1": NEW, "password2": NEW})
    assert done["Location"] == reverse("account_reset_password_from_key_done")
    ana.refresh_from_db()
    assert ana.check_password(NEW)
    assert not is_in(signed_in)
    again = Client().get(link, follow=True)
    assert again.context["token_fail"] is True
    assert b"too old" in again.content


def test_reset_goes_to_the_address_on_file(client: Client, db: None) -> None:
    User.objects.create_user("mike", "mike@example.org", PASSWORD)
    ask_reset(client, "mi\u212ae@example.org")
    assert [message.to for message in mail.outbox] == [["mike@example.org"]]


@pytest.mark.parametrize("email", ["nobody@example.org", "ana", "x@", "a" * 250])
def test_reset_for_nobody_sends_nothing_and_says_the_same(client: Client, ana: User, email: str) -> None:
    assert ask_reset(client, email)["Location"] == reverse("account_reset_password_done")
    assert not mail.outbox


def test_reset_for_a_closed_account_sends_nothing(client: Client, ana: User) -> None:
    User.objects.update(is_active=False)
    ask_reset(client, "ana@example.org")
    assert not mail.outbox


@pytest.mark.parametrize("key", ["x", "1-", "0-set-password", "zzzzzzzzzzzzz-abc-def", "1-0-0"])
def test_bad_reset_link_says_so(client: Client, ana: User, key: str) -> None:
    answer = client.get(f"/accounts/password/reset/key/{key}/")
    assert answer.status_code in (200, 404)
    assert answer.status_code == 404 or answer.context["token_fail"]


def test_profile_tells_the_plan(client: Client, ana: User) -> None:
    client.force_login(ana)
    assert b"Free" in client.get("/accounts/profile").content
    User.objects.update(is_premium=True)
    assert b"Premium" in client.get("/accounts/profile").content


def test_too_many_signups_get_a_page(client: Client) -> None:
    answers = [client.post("/accounts/signup/", {}) for _ in range(21)]
    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
    assert b"Wait a few minutes" in answers[-1].content


def test_who_is_deactivated_is_out_at_the_next_page(client: Client, ana: User) -> None:
    sign_in(client)
    assert is_in(client)
    # Not by the model, which ends every access itself.
    User.objects.filter(pk=ana.pk).update(is_active=False)
    assert not is_in(client)

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import Invitation, User
from accounts.tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_owner(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


@pytest.fixture
def as_helper(db: None) -> Client:
    """Staff who may see and change users, but are not the owner."""
    helper = User.objects.create_user("Hugo", "hugo@example.org", PASSWORD, is_staff=True)
    helper.user_permissions.set(Permission.objects.filter(content_type__app_label="accounts"))
    client = Client()
    client.force_login(helper)
    return client


def act(client: Client, action: str, *users: User) -> Any:
    data = {"action": action, "_selected_action": [user.pk for user in users]}
    return client.post("/admin/accounts/user/", data, follow=True)


def told(answer: Any) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


def change(client: Client, user: User, **changes: Any) -> Any:
    address = f"/admin/accounts/user/{user.pk}/change/"
    form = client.get(address).context["adminform"].form
    data = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    return client.post(address, {**data, "preferences": "{}", **changes})


@pytest.mark.parametrize(
    "address",
    ["", "accounts/user/", "accounts/user/add/", "accounts/invitation/", "accounts/invitation/add/"],
)
def test_page_has_no_inline_script(as_owner: Client, address: str) -> None:
    answer = as_owner.get(f"/admin/{address}")
    assert answer.status_code == 200
    assert not re.search(
        rb"<script(?![^>]*(src=|application/json))|\son(click|load|submit|change)=", answer.content
    )


def test_stranger_is_sent_to_the_sites_own_sign_in(client: Client, ana: User) -> None:
    assert client.get("/admin/login/")["Location"].startswith("/accounts/login/")
    client.force_login(ana)
    assert client.get("/admin/login/").status_code == 403


def test_premium_is_given_and_taken(as_owner: Client, ana: User) -> None:
    other = User.objects.create_user("bea", "bea@example.org", PASSWORD)
    assert told(act(as_owner, "give_premium", ana, other)) == ["2 accounts are premium now."]
    ana.refresh_from_db()
    assert ana.is_premium
    assert told(act(as_owner, "take_premium", ana)) == ["1 account is free again."]
    ana.refresh_from_db()
    other.refresh_from_db()
    assert (ana.is_premium, other.is_premium) == (False, True)


def test_users_are_found_and_filtered(as_owner: Client, ana: User) -> None:
    for query in ("q=ANA", "q=example.org", "is_premium__exact=0"):
        answer = as_owner.get(f"/admin/accounts/user/?{query}")
        assert ana in answer.context["cl"].queryset
    assert ana not in as_owner.get("/admin/accounts/user/?is_premium__exact=1").context["cl"].queryset


def test_accounts_are_closed_but_never_ones_own(as_owner: Client, owner: User, ana: User) -> None:
    browser = Client()
    browser.force_login(ana)
    assert told(act(as_owner, "deactivate", owner, ana)) == ["1 account is closed."]
    owner.refresh_from_db()
    assert owner.is_active
    assert browser.get("/accounts/profile").status_code == 302


def test_owner_adds_an_account(as_owner: Client) -> None:
    data = {"email": "bea@example.org", "username": "Béa", "usable_password": "true"}
    data |= {"password1": PASSWORD, "password2": PASSWORD}
    assert as_owner.post("/admin/accounts/user/add/", data).status_code == 302
    assert User.objects.get(username="Béa").check_password(PASSWORD)


@pytest.mark.parametrize(
    ("field", "value"), [("username", "OLGA"), ("email", "OLGA@example.org"), ("username", "a@b")]
)
def test_admin_form_refuses_what_signup_refuses(as_owner: Client, ana: User, field: str, value: str) -> None:
    answer = change(as_owner, ana, **{field: value})
    assert answer.status_code == 200
    assert list(answer.context["adminform"].form.errors) == [field]


def test_owner_makes_an_administrator(as_owner: Client, ana: User) -> None:
    assert change(as_owner, ana, is_staff="on").status_code == 302
    ana.refresh_from_db()
    assert ana.is_staff


def test_helper_can_not_raise_anybody(as_helper: Client, ana: User) -> None:
    assert change(as_helper, ana, is_premium="on", is_staff="on", is_superuser="on").status_code == 302
    ana.refresh_from_db()
    assert (ana.is_premium, ana.is_staff, ana.is_superuser) == (True, False, False)


def test_helper_can_not_touch_the_owner(as_helper: Client, owner: User) -> None:
    base = f"/admin/accounts/user/{owner.pk}"
    assert as_helper.post(f"{base}/change/", {"username": "x"}).status_code == 403
    assert (
        as_helper.post(f"{base}/password/", {"password1": "x" * 12, "password2": "x" * 12}).status_code == 403
    )
    assert as_helper.post(f"{base}/delete/", {"post": "yes"}).status_code == 403
    assert told(act(as_helper, "deactivate", owner)) == ["0 accounts are closed."]
    assert told(act(as_helper, "make_reset_link", owner)) == []
    owner.refresh_from_db()
    assert owner.is_active
    assert owner.check_password(PASSWORD)


def test_setting_a_password_ends_the_persons_sessions(as_owner: Client, ana: User) -> None:
    browser = Client()
    browser.force_login(ana)
    data = {"usable_password": "true", "password1": "another long one", "password2": "another long one"}
    assert as_owner.post(f"/admin/accounts/user/{ana.pk}/password/", data).status_code == 302
    assert browser.get("/accounts/profile").status_code == 302


def test_reset_link_opens_the_form(as_owner: Client, ana: User) -> None:
    (said,) = told(act(as_owner, "make_reset_link", ana))
    link = said.rpartition("http://testserver")[2]
    assert Client().get(link, follow=True).status_code == 200
    assert b'name="password1"' in Client().get(link, follow=True).content


def test_invitation_link_is_shown_once_and_works(as_owner: Client, owner: User) -> None:
    answer = as_owner.post("/admin/accounts/invitation/add/", {"email": "bea@example.org"}, follow=True)
    link = next(said for said in told(answer) if "/accounts/invite/" in said).rpartition("http://testserver")[
        2
    ]
    invitation = Invitation.objects.get()
    assert (invitation.created_by, invitation.email) == (owner, "bea@example.org")
    token = link.rpartition("/")[2]
    assert token.encode() not in as_owner.get("/admin/accounts/invitation/").content
    assert Client().get(link)["Location"] == "/accounts/signup/"


def test_invitation_can_be_withdrawn_but_not_changed(as_owner: Client) -> None:
    Invitation().issue()
    base = f"/admin/accounts/invitation/{Invitation.objects.get().pk}"
    assert as_owner.post(f"{base}/change/", {"email": "x@example.org"}).status_code == 403
    assert as_owner.post(f"{base}/delete/", {"post": "yes"}).status_code == 302
    assert not Invitation.objects.exists()

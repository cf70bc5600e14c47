import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Invitation, Plan, PremiumChange, User
from accounts.plans import premium
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


def act(client: Client, action: str, *users: User, **answers: str) -> Any:
    data = {"action": action, "_selected_action": [user.pk for user in users], **answers}
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
    [
        *("", "accounts/user/", "accounts/user/add/", "accounts/invitation/", "accounts/invitation/add/"),
        *("accounts/plan/", "accounts/plan/add/", "accounts/ledgerentry/", "accounts/premiumchange/"),
        *("accounts/auditevent/", "accounts/sitepolicy/1/change/"),
    ],
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


def test_premium_is_given_and_taken(as_owner: Client, owner: User, ana: User) -> None:
    other = User.objects.create_user("bea", "bea@example.org", PASSWORD)
    asked = act(as_owner, "give_premium", ana, other)
    assert "Ana, bea" in asked.content.decode()
    assert not PremiumChange.objects.exists()
    until = timezone.localdate() + timedelta(days=30)
    given = act(as_owner, "give_premium", ana, other, apply="1", until=until.isoformat(), reason="Thanks")
    assert told(given) == ["2 accounts are premium now."]
    ana.refresh_from_db()
    assert ana.has_premium
    assert timezone.localdate(ana.premium_until) == until + timedelta(days=1)
    assert told(act(as_owner, "take_premium", ana, apply="1")) == ["1 account is free again."]
    ana.refresh_from_db()
    other.refresh_from_db()
    assert (ana.has_premium, other.has_premium) == (False, True)
    assert [
        (row.user.username, row.is_premium, row.reason, row.changed_by == owner)
        for row in PremiumChange.objects.order_by("pk")
    ] == [("Ana", True, "Thanks", True), ("bea", True, "Thanks", True), ("Ana", False, "", True)]


def test_premium_until_yesterday_is_asked_again(as_owner: Client, ana: User) -> None:
    yesterday = timezone.localdate() - timedelta(days=1)
    asked = act(as_owner, "give_premium", ana, apply="1", until=yesterday.isoformat())
    assert "This day is over." in asked.content.decode()
    ana.refresh_from_db()
    assert not ana.is_premium


def test_premium_that_is_over_is_noted_once(ana: User) -> None:
    premium.give(ana, by=None, until=timezone.now() - timedelta(seconds=1))
    assert not ana.has_premium
    assert (premium.end_due(), premium.end_due()) == (1, 0)
    assert [row.is_premium for row in PremiumChange.objects.order_by("pk")] == [True, False]


def test_the_page_of_a_person_says_what_they_used_and_keeps_the_history(as_owner: Client, ana: User) -> None:
    page = as_owner.get(f"/admin/accounts/user/{ana.pk}/change/").content.decode()
    assert "questions today: 0 / 20" in page
    assert change(as_owner, ana, is_premium="on").status_code == 302
    assert PremiumChange.objects.get().is_premium
    assert change(as_owner, ana, is_premium="on").status_code == 302
    assert PremiumChange.objects.count() == 1


def test_a_person_is_signed_out_everywhere(as_owner: Client, ana: User) -> None:
    browser = Client()
    browser.force_login(ana)
    assert browser.get("/accounts/profile").status_code == 200
    ana.personal_tokens.create(name="script", scope="read", token_hash="x", expires_at=timezone.now())
    assert told(act(as_owner, "sign_out", ana)) == ["1 person is signed out everywhere."]
    assert browser.get("/accounts/profile").status_code == 302
    assert not ana.personal_tokens.exists()


def test_plans_are_edited_and_the_ready_made_ones_stay(as_owner: Client) -> None:
    free = Plan.objects.get(slug="free")
    address = f"/admin/accounts/plan/{free.pk}"
    form = as_owner.get(f"{address}/change/").context["adminform"].form
    data = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    saved = as_owner.post(f"{address}/change/", data | {"messages_per_day": "3", "tokens_per_month": ""})
    assert saved.status_code == 302
    free.refresh_from_db()
    assert (free.messages_per_day, free.tokens_per_month) == (3, None)
    assert as_owner.post(f"{address}/delete/", {"post": "yes"}).status_code == 403
    own = {"slug": "family", "name": "Family", "messages_per_day": "50"}
    assert as_owner.post("/admin/accounts/plan/add/", own).status_code == 302
    family = Plan.objects.get(slug="family")
    assert as_owner.post(f"/admin/accounts/plan/{family.pk}/delete/", {"post": "yes"}).status_code == 302


def test_what_administrators_do_is_logged(as_owner: Client, owner: User, ana: User) -> None:
    act(as_owner, "give_premium", ana, apply="1", reason="Thanks")
    act(as_owner, "sign_out", ana)
    act(as_owner, "deactivate", ana)
    logged = LogEntry.objects.filter(user=owner, object_id=str(ana.pk)).order_by("pk")
    assert [entry.get_change_message() for entry in logged] == [
        "give_premium: Thanks",
        "sign_out",
        "deactivate",
    ]
    page = as_owner.get("/admin/accounts/auditevent/")
    assert "Give premium: Thanks" in page.content.decode()


@pytest.mark.parametrize("path", ["/admin/", "/admin/accounts/user/", "/dashboard/site"])
def test_administrators_need_a_second_step_where_the_owner_asks_it(
    as_owner: Client, owner: User, settings: Settings, path: str
) -> None:
    assert as_owner.get(path).status_code == 200
    settings.STAFF_SECOND_STEP = True
    sent = as_owner.get(path, follow=True)
    assert sent.redirect_chain == [("/accounts/security", 302)]
    assert "Administrators need two-factor sign-in here." in sent.content.decode()
    Authenticator.objects.create(user=owner, type=Authenticator.Type.TOTP, data={})
    assert as_owner.get(path).status_code == 200


@pytest.mark.parametrize("name", ["ledgerentry", "premiumchange"])
def test_the_history_is_only_read(as_owner: Client, name: str) -> None:
    assert as_owner.get(f"/admin/accounts/{name}/").status_code == 200
    assert as_owner.get(f"/admin/accounts/{name}/add/").status_code == 403


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

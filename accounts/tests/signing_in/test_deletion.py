"""Deleting one's account: closed at once, gone some days later, and back before then for who wants it."""

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import AuditEvent, SitePolicy, User
from accounts.signing_in import deletion, personal_tokens
from accounts.tests.conftest import PASSWORD
from accounts.tests.test_settings_views import browser, errors, is_in

pytestmark = pytest.mark.django_db

SURE = {"password": PASSWORD, "is_sure": "on"}


def close(client: Client) -> str:
    return str(client.post("/accounts/delete", SURE)["Location"])


def days_pass(user: User, days: int) -> None:
    User.objects.filter(pk=user.pk).update(deletes_at=timezone.now() + timedelta(days=7 - days))


def sign_in(client: Client) -> str:
    return str(client.post("/accounts/login/", {"login": "ana", "password": PASSWORD}).get("Location"))


def test_it_takes_the_password_and_a_yes(ana: User) -> None:
    client = browser(ana)
    assert errors(client.post("/accounts/delete", {"password": PASSWORD})) == ["is_sure"]
    assert errors(client.post("/accounts/delete", SURE | {"password": "wrong"})) == ["password"]
    assert is_in(client)
    assert close(client) == "/accounts/login/"
    assert b"Your account is closed." in client.get("/accounts/login/").content


def test_it_signs_out_everywhere_at_once_programs_too(ana: User, api: APIClient) -> None:
    here, there = browser(ana), browser(ana)
    _row, token = personal_tokens.make(ana, name="mine", scope="manage", days=1)
    close(here)
    assert [is_in(here), is_in(there)] == [False, False]
    assert api.get("/api/auth/me", headers={"authorization": f"Bearer {token}"}).status_code == 401
    answer = api.post("/api/auth/token", {"username": "ana", "password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (403, "account_closed")
    answer = api.post("/api/auth/token", {"username": "ana", "password": "wrong"})
    assert answer.json()["code"] == "bad_credentials"


def test_who_comes_back_in_time_keeps_it(ana: User) -> None:
    close(browser(ana))
    days_pass(ana, 6)
    assert deletion.delete_due() == 0
    client = Client()
    assert sign_in(client) == "/accounts/closed"
    assert "Keep my account" in client.get("/accounts/closed").content.decode()
    assert not is_in(client)
    assert client.post("/accounts/closed")["Location"] == "/accounts/login/"
    assert sign_in(client) != "/accounts/closed"
    assert is_in(client)
    assert deletion.delete_due() == 0
    # Once: the right to take it back went with it.
    assert client.get("/accounts/closed")["Location"] == "/accounts/login/"


def test_nobody_takes_it_back_without_its_password(ana: User, owner: User) -> None:
    close(browser(ana))
    stranger = Client()
    stranger.post("/accounts/login/", {"login": "ana", "password": "wrong"})
    for client in (stranger, browser(owner)):
        assert client.post("/accounts/closed")["Location"] == "/accounts/login/"
    ana.refresh_from_db()
    assert not ana.is_active


def test_the_password_shown_is_good_for_a_quarter_of_an_hour(ana: User) -> None:
    close(browser(ana))
    client = Client()
    sign_in(client)
    session = client.session
    number, _shown_at = session[deletion.SESSION_KEY]
    session[deletion.SESSION_KEY] = [number, timezone.now().timestamp() - deletion.RETURN_S - 1]
    session.save()
    client.post("/accounts/closed")
    ana.refresh_from_db()
    assert not ana.is_active


def test_after_its_days_it_is_gone(ana: User) -> None:
    close(browser(ana))
    days_pass(ana, 8)
    assert deletion.delete_due() == 1
    assert not User.objects.filter(pk=ana.pk).exists()
    assert deletion.delete_due() == 0
    assert sign_in(Client()) == "None"


def test_an_account_that_the_owner_closed_is_never_deleted_nor_taken_back(ana: User) -> None:
    ana.is_active = False
    ana.save(update_fields=["is_active"])
    client = Client()
    assert sign_in(client) == "/accounts/inactive/"
    assert client.post("/accounts/closed")["Location"] == "/accounts/login/"
    assert deletion.delete_due() == 0
    ana.refresh_from_db()
    assert not ana.is_active


def test_without_days_it_is_gone_at_once(ana: User) -> None:
    SitePolicy.objects.update(grace_days=0)
    client = browser(ana)
    assert b"Nobody can bring them back." in client.get("/accounts/delete").content
    close(client)
    assert not User.objects.filter(pk=ana.pk).exists()
    assert b"is deleted" in client.get("/accounts/login/").content


def test_the_last_owner_stays(owner: User) -> None:
    client = browser(owner)
    assert client.post("/accounts/delete", SURE).context["form"].non_field_errors()
    assert is_in(client)
    otto = User.objects.create_superuser("Otto", "otto@example.org", PASSWORD)
    close(client)
    # Otto is the only one now, though Olga's account is still there.
    assert browser(otto).post("/accounts/delete", SURE).context["form"].non_field_errors()


def test_an_owner_who_was_left_alone_meanwhile_is_not_deleted(owner: User) -> None:
    otto = User.objects.create_superuser("Otto", "otto@example.org", PASSWORD)
    close(browser(owner))
    days_pass(owner, 8)
    User.objects.filter(pk=otto.pk).delete()
    assert deletion.delete_due() == 0
    assert User.objects.filter(pk=owner.pk).exists()


def test_the_log_tells_of_it_and_outlives_the_person(ana: User) -> None:
    close(browser(ana))
    days_pass(ana, 8)
    deletion.delete_due()
    told = AuditEvent.objects.filter(person_number=ana.pk).order_by("pk").values_list("action", flat=True)
    assert list(told) == ["signed_up", "signed_in", "deletion_asked", "deleted"]


def test_each_takes_back_the_account_whose_password_was_shown(ana: User, owner: User) -> None:
    ben = User.objects.create_user("Ben", "ben@example.org", PASSWORD)
    for user in (ben, ana):
        close(browser(user))
    client = Client()
    sign_in(client)
    client.post("/accounts/closed")
    for user in (ben, ana):
        user.refresh_from_db()
    assert (ana.is_active, ben.is_active) == (True, False)
    told = AuditEvent.objects.filter(person_number=ana.pk, action="deletion_withdrawn")
    assert [event.actor_number for event in told] == [ana.pk]


def test_what_its_owner_opened_again_meanwhile_is_not_taken_back_a_second_time(ana: User) -> None:
    close(browser(ana))
    client = Client()
    sign_in(client)
    User.objects.filter(pk=ana.pk).update(deletes_at=None)
    client.post("/accounts/closed")
    ana.refresh_from_db()
    assert not ana.is_active


def test_it_goes_after_as_many_days_as_the_owner_says_and_other_peoples_browsers_stay(
    ana: User, owner: User
) -> None:
    SitePolicy.objects.update(grace_days=3)
    elsewhere, here = browser(owner), browser(ana)
    before = timezone.now()
    close(here)
    ana.refresh_from_db()
    assert ana.deletes_at is not None
    assert timedelta(days=3) <= ana.deletes_at - before < timedelta(days=3, minutes=1)
    assert not UserSession.objects.filter(user=ana).exists()
    assert UserSession.objects.filter(user=owner).exists()
    assert is_in(elsewhere)


def test_without_days_one_account_goes_and_the_others_stay(ana: User, owner: User) -> None:
    SitePolicy.objects.update(grace_days=0)
    close(browser(ana))
    assert [*User.objects.all()] == [owner]


def test_another_active_person_is_no_other_owner(ana: User, owner: User) -> None:
    assert browser(owner).post("/accounts/delete", SURE).context["form"].non_field_errors()
    owner.refresh_from_db()
    assert owner.is_active


def test_an_owner_who_is_kept_is_told_of_in_the_log(owner: User, caplog: pytest.LogCaptureFixture) -> None:
    User.objects.filter(pk=owner.pk).update(is_active=False, deletes_at=timezone.now())
    assert deletion.delete_due() == 0
    assert "only owner" in caplog.text

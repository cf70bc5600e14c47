"""The audit log: who did what, from where, added to alone, with no secret and no word of anybody’s."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import audit
from accounts.models import AuditEvent, Plan, SitePolicy, User
from accounts.tests.conftest import PASSWORD
from accounts.tests.test_admin import act, change
from accounts.tests.test_settings_views import browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_owner(owner: User) -> Client:
    return browser(owner)


def lines(**about: Any) -> list[str]:
    return list(AuditEvent.objects.filter(**about).order_by("pk").values_list("action", flat=True))


def test_a_sign_in_is_noted_with_where_it_came_from(ana: User) -> None:
    client = browser(ana)
    client.post("/accounts/logout/")
    line = AuditEvent.objects.get(action="signed_in")
    assert (line.actor_number, line.actor_name, line.subject) == (ana.pk, "Ana", "Ana")
    assert line.ip_address == "127.0.0.1"
    assert line.request_id


def test_a_failed_one_says_whose_account_it_was_and_not_what_was_typed(ana: User) -> None:
    for login in ("ana", "my secret passphrase"):
        Client().post("/accounts/login/", {"login": login, "password": "another secret"})
    about = list(AuditEvent.objects.filter(action="sign_in_failed").values_list("subject", "actor_number"))
    assert sorted(about) == [("", None), ("Ana", None)]
    assert "secret" not in json.dumps(list(AuditEvent.objects.values("subject", "details", "actor_name")))


def test_programs_sign_in_too(ana: User, api: APIClient) -> None:
    api.post("/api/auth/token", {"username": "ana", "password": PASSWORD})
    api.post("/api/auth/token", {"username": "ana", "password": "wrong"})
    assert lines(person_number=ana.pk) == ["signed_up", "signed_in", "sign_in_failed"]


def test_password_address_and_tokens_are_noted(ana: User) -> None:
    client = browser(ana)
    client.post("/accounts/tokens", {"name": "mine", "scope": "read", "days": "30"})
    client.post("/accounts/email", {"email": "ana@new.example", "password": PASSWORD})
    new = {"oldpassword": PASSWORD, "password1": "a whole new phrase", "password2": "a whole new phrase"}
    client.post("/accounts/password/change/", new)
    told = lines(person_number=ana.pk)
    # A changed password ends the tokens.
    assert told[2:] == ["token_made", "email_changed", "token_ended", "password_changed"]
    assert AuditEvent.objects.get(action="token_made").details == {"scope": "read", "days": 30}


def test_what_administrators_change_is_noted_by_field(as_owner: Client, owner: User, ana: User) -> None:
    change(as_owner, ana, is_premium="on")
    act(as_owner, "deactivate", ana)
    act(as_owner, "reopen", ana)
    as_owner.post("/admin/accounts/plan/add/", {"slug": "family", "name": "Family"})
    told = AuditEvent.objects.filter(actor_number=owner.pk).order_by("pk")
    assert [(line.action, line.subject) for line in told if line.details.get("kind")] == [
        ("changed", "Ana"),
        ("changed", "Ana"),
        ("changed", "Ana"),
        ("added", "Family"),
    ]
    page = as_owner.get("/admin/accounts/auditevent/").content.decode()
    for words in ("Close the account", "Open the account again", "Changed premium", "plan Family"):
        assert words in page


def test_the_fields_that_were_changed_are_named_in_the_readers_language(as_owner: Client) -> None:
    rules = {"conversation_days": "30", "grace_days": "3", "audit_days": "365"}
    as_owner.post("/admin/accounts/sitepolicy/1/change/", rules)
    as_owner.post("/admin/accounts/plan/add/", {"slug": "family", "name": "Family"})
    page = as_owner.get("/admin/accounts/auditevent/", headers={"accept-language": "fr"}).content.decode()
    assert "durée de conservation des conversations (jours)" in page
    assert "Conversations are kept" not in page
    assert "Ajout." in page


def test_what_many_at_once_are_deleted_is_noted_one_by_one(as_owner: Client, ana: User) -> None:
    bea = User.objects.create_user("Bea", "bea@example.org", PASSWORD)
    act(as_owner, "delete_selected", ana, bea, post="yes")
    assert not User.objects.filter(pk__in=[ana.pk, bea.pk]).exists()
    assert sorted(AuditEvent.objects.filter(action="deleted").values_list("subject", flat=True)) == [
        "Ana",
        "Bea",
    ]


def test_lines_stay_when_who_made_them_goes(as_owner: Client, owner: User, ana: User) -> None:
    change(as_owner, ana, is_premium="on")
    User.objects.create_superuser("Otto", "otto@example.org", PASSWORD)
    User.objects.get(pk=owner.pk).delete()
    assert AuditEvent.objects.get(action="changed").actor_name == "Olga"


def test_lines_are_added_and_never_changed(ana: User) -> None:
    line = AuditEvent.objects.get(action="signed_up")
    for change_it in (
        line.save,
        line.delete,
        lambda: AuditEvent.objects.all().delete(),
        lambda: AuditEvent.objects.update(subject=""),
        lambda: AuditEvent.objects.bulk_update([line], ["subject"]),
    ):
        with pytest.raises(TypeError):
            change_it()
    assert AuditEvent.objects.get(action="signed_up").subject == "Ana"


@pytest.mark.parametrize("path", ["", "add/", "1/change/", "1/delete/"])
def test_only_the_owner_reads_it_and_nobody_writes_it(as_owner: Client, ana: User, path: str) -> None:
    helper = User.objects.create_user("Hugo", "hugo@example.org", PASSWORD, is_staff=True)
    assert browser(helper).get(f"/admin/accounts/auditevent/{path}").status_code == 403
    line = AuditEvent.objects.get(action="signed_up", subject="Ana")
    answer = as_owner.get(f"/admin/accounts/auditevent/{path.replace('1', str(line.pk))}")
    assert answer.status_code == (200 if path in ("", "1/change/") else 403)


def test_it_is_kept_for_as_long_as_the_owner_says(ana: User) -> None:
    SitePolicy.objects.update(audit_days=30)
    old = AuditEvent(action="signed_in", at=timezone.now() - timedelta(days=31))
    old.save()
    assert audit.expire() == 1
    assert lines() == ["signed_up"]


def test_the_rules_are_the_owners_alone(as_owner: Client, ana: User) -> None:
    address = "/admin/accounts/sitepolicy/1/change/"
    assert as_owner.get("/admin/accounts/sitepolicy/")["Location"] == address
    assert b'name="conversation_days"' in as_owner.get(address).content
    rules = {"conversation_days": "", "grace_days": "3", "audit_days": "365"}
    assert as_owner.post(address, rules | {"audit_days": "1"}).status_code == 200
    assert as_owner.post(address, rules).status_code == 302
    assert SitePolicy.current().grace_days == 3
    assert AuditEvent.objects.filter(action="changed", details__kind="accounts.sitepolicy").exists()
    helper = User.objects.create_user("Hugo", "hugo@example.org", PASSWORD, is_staff=True)
    for path in ("", "1/change/"):
        assert browser(helper).get(f"/admin/accounts/sitepolicy/{path}").status_code == 403
    assert as_owner.get("/admin/accounts/sitepolicy/add/").status_code == 403


def test_the_site_works_before_anything_was_decided(ana: User) -> None:
    SitePolicy.objects.all().delete()
    assert Plan.objects.exists()
    assert b"Until you delete them." in browser(ana).get("/accounts/data").content

import html
import re
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.conftest import PASSWORD
from tests.api.problems import fields_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_ana(ana: User) -> APIClient:
    api = APIClient()
    pair = api.post("/api/auth/token", {"username": "ana", "password": PASSWORD}, format="json").json()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {pair['access']}")
    return api


def patch(api: APIClient, body: Any) -> Any:
    return api.patch("/api/auth/me", body, format="json")


def test_own_account_is_shown(as_ana: APIClient, ana: User) -> None:
    assert as_ana.get("/api/auth/me").json()["email"] == "ana@example.org"


def test_username_and_preferences_change(as_ana: APIClient, ana: User) -> None:
    answer = patch(as_ana, {"username": "Béa", "preferences": {"theme": "dark"}})
    assert answer.status_code == 200
    assert answer.json()["username"] == "Béa"
    ana.refresh_from_db()
    assert (ana.username, ana.username_key, ana.preferences) == ("Béa", "béa", {"theme": "dark"})


def test_repeating_a_change_changes_nothing(as_ana: APIClient) -> None:
    first = patch(as_ana, {"username": "ANA"})
    again = patch(as_ana, {"username": "ANA"})
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()


def test_nothing_to_change_is_fine(as_ana: APIClient) -> None:
    assert patch(as_ana, {}).status_code == 200


@pytest.mark.parametrize(
    "field",
    [
        *("id", "email", "email_key", "username_key", "password", "created_at", "last_login"),
        *("is_premium", "is_staff", "is_superuser", "is_admin", "is_active", "groups", "user_permissions"),
    ],
)
def test_what_the_server_decides_is_refused(as_ana: APIClient, ana: User, field: str) -> None:
    before = User.objects.filter(pk=ana.pk).values().get()
    answer = patch(as_ana, {field: True, "username": "Béa"})
    assert answer.status_code == 400
    assert fields_of(answer.json()) == [field]
    assert User.objects.filter(pk=ana.pk).values().get() == before


def test_somebody_elses_username_is_refused(as_ana: APIClient, ana: User, owner: User) -> None:
    answer = patch(as_ana, {"username": "OLGA"})
    assert answer.status_code == 400
    assert fields_of(answer.json()) == ["username"]


@pytest.mark.parametrize("preferences", [None, [], "x", 7, True, {"x": "é" * 9000}, "{}"])
def test_preferences_are_a_small_object(as_ana: APIClient, preferences: object) -> None:
    answer = patch(as_ana, {"preferences": preferences})
    assert answer.status_code == 400
    assert fields_of(answer.json()) == ["preferences"]


def test_deep_preferences_in_a_form_are_refused(as_ana: APIClient) -> None:
    answer = as_ana.patch("/api/auth/me", {"preferences": "[" * 100_000}, format="multipart")
    assert answer.status_code == 400


def test_preferences_in_a_form_are_read(as_ana: APIClient, ana: User) -> None:
    answer = as_ana.patch("/api/auth/me", {"preferences": '{"a": 1}'}, format="multipart")
    assert answer.json()["preferences"] == {"a": 1}


def test_stranger_gets_401(api: APIClient) -> None:
    assert api.get("/api/auth/me").status_code == 401
    assert patch(api, {"username": "x"}).status_code == 401


def test_session_counts_with_a_csrf_token_only(ana: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(ana)
    assert browser.get("/api/auth/me").status_code == 200
    refused = browser.patch("/api/auth/me", {"username": "x"}, content_type="application/json")
    assert refused.status_code == 403
    assert refused.json()["code"] == "permission_denied"


@pytest.mark.parametrize("address", ["me", "register", "token", "token/refresh", "socket-ticket"])
def test_browsable_page_opens(ana: User, address: str) -> None:
    browser = Client()
    browser.force_login(ana)
    answer = browser.get(f"/api/auth/{address}", headers={"accept": "text/html"})
    assert answer.status_code in (200, 405)
    assert b"<form" in answer.content


def test_browsable_page_offers_what_can_be_changed(client: Client, ana: User) -> None:
    client.force_login(ana)
    page = client.get("/api/auth/me", headers={"accept": "text/html"}).content.decode()
    offered = html.unescape(re.findall(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)[-1])
    assert client.patch("/api/auth/me", offered, content_type="application/json").status_code == 200


def test_browsable_form_registers(client: Client) -> None:
    body = {"email": "ana@example.org", "username": "Ana", "password": PASSWORD, "csrfmiddlewaretoken": "x"}
    answer = client.post("/api/auth/register", body, headers={"accept": "text/html"})
    assert answer.status_code == 201

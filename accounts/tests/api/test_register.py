from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.conftest import PASSWORD
from tests.api.problems import fields_of

pytestmark = pytest.mark.django_db

BODY = {"email": "ana@example.org", "username": "Ana", "password": PASSWORD}


def register(api: APIClient, **changes: Any) -> Any:
    return api.post("/api/auth/register", BODY | changes, format="json")


def test_new_account_is_told_back(api: APIClient) -> None:
    answer = register(api)
    assert answer.status_code == 201
    user = User.objects.get()
    assert answer.json() == {
        "id": user.pk,
        "email": "ana@example.org",
        "username": "Ana",
        "is_active": True,
        "is_admin": False,
        "is_premium": False,
        "created_at": answer.json()["created_at"],
        "preferences": {},
    }
    assert user.check_password(PASSWORD)
    assert answer["Cache-Control"] == "no-store"


def test_first_account_is_no_admin(api: APIClient) -> None:
    register(api)
    user = User.objects.get()
    assert not user.is_staff
    assert not user.is_superuser
    assert not user.is_premium


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "ana"),
        ("email", "a" * 300 + "@example.org"),
        ("email", None),
        ("username", "a@b"),
        ("username", "a\u200b"),
        ("username", "x" * 101),
        ("username", ""),
        ("password", "short"),
        ("password", "password1234"),
        ("password", "ana@example.org"),
        ("password", "x" * 1001),
        ("password", 7),
    ],
)
def test_bad_field_is_named(api: APIClient, field: str, value: object) -> None:
    answer = register(api, **{field: value})
    assert answer.status_code == 400
    assert fields_of(answer.json()) == [field]
    assert not User.objects.exists()


@pytest.mark.parametrize("field", ["email", "username", "password"])
def test_missing_field_is_named(api: APIClient, field: str) -> None:
    body = {name: value for name, value in BODY.items() if name != field}
    answer = api.post("/api/auth/register", body, format="json")
    assert answer.status_code == 400
    assert fields_of(answer.json()) == [field]


@pytest.mark.parametrize(
    "extra",
    [
        "id",
        "is_premium",
        "is_staff",
        "is_superuser",
        "is_admin",
        "is_active",
        "created_at",
        "preferences",
        "groups",
        "x",
    ],
)
def test_what_the_server_decides_is_refused(api: APIClient, extra: str) -> None:
    answer = register(api, **{extra: True})
    assert answer.status_code == 400
    assert fields_of(answer.json()) == [extra]
    assert not User.objects.exists()


def test_taken_names_are_named(api: APIClient, ana: User) -> None:
    answer = register(api, email="ANA@example.org", username="ANA")
    assert answer.status_code == 400
    assert sorted(fields_of(answer.json())) == ["email", "username"]
    assert User.objects.count() == 1


@pytest.mark.parametrize("mode", ["closed", "invite"])
def test_closed_signup_says_so(api: APIClient, settings: Settings, mode: str) -> None:
    settings.SIGNUP = mode
    answer = register(api)
    assert answer.status_code == 403
    assert answer.json()["code"] == "signup_closed"
    assert not User.objects.exists()


def test_too_many_signups_wait(api: APIClient) -> None:
    answers = [register(api, password="short") for _ in range(21)]
    assert [answer.status_code for answer in answers] == [400] * 20 + [429]
    assert answers[-1].json()["code"] == "too_many_attempts"
    assert int(answers[-1]["Retry-After"]) > 0


@pytest.mark.parametrize(
    "body",
    [b"[" * 100_000, b"{", b"\xff", b'{"a": NaN}', b'{"email": "\\ud800"}', b"null", b"[]", b"7", b'""'],
)
def test_body_that_is_no_json_object_is_refused(api: APIClient, body: bytes) -> None:
    answer = api.post("/api/auth/register", body, content_type="application/json")
    assert answer.status_code == 400


def test_body_over_one_mebibyte_is_refused(api: APIClient) -> None:
    body = b'{"email": "' + b"a" * 1024 * 1024 + b'"}'
    assert api.post("/api/auth/register", body, content_type="application/json").status_code == 400


def test_unknown_charset_is_refused(api: APIClient) -> None:
    answer = api.post("/api/auth/register", b"{}", content_type="application/json; charset=doesnotexist")
    assert answer.status_code == 415


@pytest.mark.django_db(transaction=True)
def test_one_of_ten_signups_at_once_with_one_email_wins() -> None:
    def sign_up(number: int) -> int:
        email = "".join(c.upper() if number >> i & 1 else c for i, c in enumerate("anna")) + "@example.org"
        try:
            return int(register(APIClient(), email=email, username=f"anna{number}").status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as threads:
        statuses = sorted(threads.map(sign_up, range(10)))
    assert statuses == [201] + [400] * 9
    assert User.objects.count() == 1

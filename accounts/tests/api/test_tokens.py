from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from accounts.errors import TokenRefused
from accounts.models import AuditEvent, SocketTicket, TokenFamily, User
from accounts.signing_in.tokens import find_person, issue_ticket, read_access_token
from accounts.tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db


def let_in(token: str) -> User | None:
    """Whom a socket's header with this token lets in."""
    try:
        return find_person(read_access_token(token))
    except TokenRefused:
        return None


def sign_in(login: str = "ana", password: str = PASSWORD, **headers: Any) -> Any:
    return APIClient().post(
        "/api/auth/token", {"username": login, "password": password}, format="json", **headers
    )


def me(access: str) -> Any:
    return APIClient().get("/api/auth/me", HTTP_AUTHORIZATION=f"Bearer {access}")


def refresh(token: object) -> Any:
    return APIClient().post("/api/auth/token/refresh", {"refresh": token}, format="json")


@pytest.mark.parametrize(
    "login",
    [
        {"username": "ANA"},
        {"email": "Ana@Example.org"},
        {"username": "ana@example.org"},
        {"username": "ａｎａ"},
    ],
)
def test_either_login_gives_tokens(ana: User, login: dict[str, str]) -> None:
    answer = APIClient().post("/api/auth/token", {**login, "password": PASSWORD}, format="json")
    assert answer.status_code == 200
    assert sorted(answer.json()) == ["access", "refresh"]
    assert me(answer.json()["access"]).json()["id"] == ana.pk


def test_form_gives_tokens_too(ana: User) -> None:
    answer = APIClient().post(
        "/api/auth/token",
        f"username=ana&password={PASSWORD}",
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.status_code == 200


def test_unknown_login_wrong_password_and_closed_account_are_told_alike(ana: User) -> None:
    closed = User.objects.create_user("zoe", "zoe@example.org", PASSWORD, is_active=False)
    answers = [sign_in("nobody"), sign_in("ana", "wrong password"), sign_in(closed.username)]
    assert [answer.status_code for answer in answers] == [401] * 3
    said = [answer.json() | {"request_id": ""} for answer in answers]
    assert said[0] == said[1] == said[2]
    assert answers[0].json()["code"] == "bad_credentials"
    assert answers[0]["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"password": PASSWORD},
        {"username": "ana"},
        {"username": "ana", "email": "ana@example.org", "password": PASSWORD},
        {"username": ["ana"], "password": PASSWORD},
        {"username": "a\0", "password": PASSWORD},
        {"username": "ana", "password": PASSWORD, "code": "1"},
    ],
)
def test_bad_credentials_body_is_refused(ana: User, body: dict[str, object]) -> None:
    assert APIClient().post("/api/auth/token", body, format="json").status_code == 400


def test_attempts_on_one_account_share_a_limit_however_it_is_spelt(ana: User) -> None:
    for login in ("ana", "ANA", "ａｎａ", "ana@example.org", "ána"):
        assert sign_in(login, "wrong password").status_code == 401
    answer = sign_in("Ana")
    assert answer.status_code == 429
    assert answer.json()["code"] == "too_many_attempts"
    assert int(answer["Retry-After"]) == 300


@pytest.mark.django_db(transaction=True)
def test_many_attempts_at_once_get_exactly_what_the_limit_allows(ana: User) -> None:
    def attempt(number: int) -> int:
        try:
            return int(sign_in(password=f"wrong {number}").status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(50) as threads:
        assert Counter(threads.map(attempt, range(200))) == {401: 5, 429: 195}
    assert int(sign_in()["Retry-After"]) > 0


def test_forwarded_addresses_do_not_lift_the_limit(ana: User) -> None:
    answers = [
        sign_in(f"nobody{n}", "wrong password", HTTP_X_FORWARDED_FOR=f"198.51.100.{n}") for n in range(11)
    ]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429]


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer x", "Bearer a b c", "Basic YTpi", "Bearer \xe9", "bearer é.é.é"]
)
def test_without_a_token_nobody_gets_in(ana: User, header: str) -> None:
    answer = APIClient().get("/api/auth/me", HTTP_AUTHORIZATION=header)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert sorted(answer.json()) == ["code", "detail", "request_id", "status", "title", "type"]


def test_expired_token_says_so(ana: User) -> None:
    access = AccessToken(sign_in().json()["access"])
    access.set_exp(lifetime=-timedelta(seconds=1))
    answer = me(str(access))
    assert answer.status_code == 401
    assert answer.json()["code"] == "token_expired"


def test_expired_refresh_token_says_so(ana: User) -> None:
    token = RefreshToken(sign_in().json()["refresh"])
    token.set_exp(lifetime=-timedelta(seconds=1))
    answer = refresh(str(token))
    assert answer.status_code == 401
    assert answer.json()["code"] == "token_expired"


def test_access_token_lives_as_long_as_the_setting_says(ana: User, settings: Settings) -> None:
    access = AccessToken(sign_in().json()["access"])
    lifetime_s = settings.SIMPLE_JWT["ACCESS_TOKEN_LIFETIME"].total_seconds()
    # Each is the second in which it was made, and a second may begin between the two.
    assert abs(access["exp"] - access["iat"] - lifetime_s) <= 1


def test_refresh_token_is_no_access_token_nor_the_other_way(ana: User) -> None:
    pair = sign_in().json()
    assert me(pair["refresh"]).status_code == 401
    assert refresh(pair["access"]).status_code == 401


def test_refresh_gives_a_new_pair(ana: User) -> None:
    old = sign_in().json()
    new = refresh(old["refresh"]).json()
    assert new["refresh"] != old["refresh"]
    assert me(new["access"]).status_code == 200
    assert TokenFamily.objects.count() == 1


def test_reused_refresh_token_ends_the_sign_in(ana: User) -> None:
    old = sign_in().json()
    other = sign_in().json()
    new = refresh(old["refresh"]).json()
    assert refresh(old["refresh"]).status_code == 401
    assert refresh(new["refresh"]).status_code == 401
    assert me(new["access"]).status_code == 401
    assert me(other["access"]).status_code == 200


@pytest.mark.parametrize("token", ["", None, 0, [], {}, "x", "a.b.c", "x" * 5000, "é"])
def test_what_is_no_refresh_token_is_refused(ana: User, token: object) -> None:
    assert refresh(token).status_code in (400, 401)


def change_password(user: User) -> None:
    user.set_password("another long passphrase")
    user.save()


def change_password_behind_the_models_back(user: User) -> None:
    user.set_password("another long passphrase")
    User.objects.filter(pk=user.pk).update(password=user.password)


def close(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def close_and_open(user: User) -> None:
    for is_active in (False, True):
        user.is_active = is_active
        user.save()


def delete(user: User) -> None:
    user.delete()


@pytest.mark.parametrize(
    "event", [change_password, change_password_behind_the_models_back, close, close_and_open, delete]
)
def test_tokens_from_before_are_refused(ana: User, event: Callable[[User], None]) -> None:
    pair = sign_in().json()
    event(ana)
    for answer in (me(pair["access"]), refresh(pair["refresh"])):
        assert answer.status_code == 401
        assert answer.json()["code"] == "token_refused"
    assert let_in(pair["access"]) is None


def test_token_of_another_key_is_refused(ana: User) -> None:
    head, _payload, signature = sign_in().json()["access"].split(".")
    forged = sign_in().json()["access"].split(".")[1]
    assert let_in(f"{head}.{forged}.{signature}") is None


@pytest.mark.parametrize("algorithm", ["none", "HS384", "HS512"])
def test_token_by_another_algorithm_is_refused(ana: User, settings: Settings, algorithm: str) -> None:
    access = sign_in().json()["access"]
    key = settings.SIMPLE_JWT["SIGNING_KEY"]
    said = jwt.decode(access, key, algorithms=["HS256"], issuer="webox")
    assert me(jwt.encode(said, key, algorithm="HS256")).status_code == 200
    forged = jwt.encode(said, "" if algorithm == "none" else key, algorithm=algorithm)
    assert me(forged).status_code == 401
    assert let_in(forged) is None


def test_socket_header_takes_an_access_token_alone(ana: User) -> None:
    pair = sign_in().json()
    assert let_in(pair["access"]) == ana
    assert let_in(pair["refresh"]) is None
    assert let_in("\udcff") is None


@pytest.mark.django_db(transaction=True)
def test_one_of_five_refreshes_at_once_wins(ana: User) -> None:
    token = sign_in().json()["refresh"]

    def once(_number: int) -> int:
        try:
            return int(refresh(token).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(5) as threads:
        statuses = sorted(threads.map(once, range(5)))
    assert statuses == [200] + [401] * 4


def test_a_sign_in_is_in_the_log_and_clears_away_ones_own_that_have_run_out(ana: User, owner: User) -> None:
    sign_in()
    sign_in("olga")
    TokenFamily.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    sign_in()
    assert [family.user for family in TokenFamily.objects.filter(expires_at__gt=timezone.now())] == [ana]
    assert [family.user for family in TokenFamily.objects.filter(expires_at__lte=timezone.now())] == [owner]
    told = AuditEvent.objects.filter(action="signed_in").values_list("person_number", "actor_number")
    assert Counter(told) == {(ana.pk, ana.pk): 2, (owner.pk, owner.pk): 1}


def test_asking_for_a_ticket_clears_away_ones_own_that_have_run_out(ana: User, owner: User) -> None:
    for user in (ana, owner):
        issue_ticket(user)
    SocketTicket.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    issue_ticket(ana)
    assert (ana.socket_tickets.count(), owner.socket_tickets.count()) == (1, 1)
    issue_ticket(ana)
    assert ana.socket_tickets.count() == 2


def test_a_refresh_keeps_its_sign_in_longer_and_no_other(ana: User) -> None:
    shown, _other = sign_in().json(), sign_in().json()
    soon = timezone.now() + timedelta(hours=1)
    TokenFamily.objects.update(expires_at=soon)
    assert refresh(shown["refresh"]).status_code == 200
    assert TokenFamily.objects.filter(expires_at__gt=soon).count() == 1
